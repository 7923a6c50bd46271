/// An error that can say what failed, where, and what to do next. It is data: the face alone decides how it is shown.
package protocol ExplainedError: Error {
  /// Lower case, no full stop, values quoted, the place first where there is one: `recipes/x.yaml:14:9: unknown dataset "leters"`.
  /// Never holds the text of a record, or a secret.
  var message: String { get }

  /// The next step, where we know one.
  var hint: String? { get }
}
