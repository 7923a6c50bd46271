package import Artifacts

/// A conversation that the base's template cannot be used for.
package struct UnusableRecord: ExplainedError {
  package let id: RecordID
  package let cause: TokenizerError

  package var message: String { "record \(id): \(cause.message)" }
  package var hint: String? { cause.hint }
}
