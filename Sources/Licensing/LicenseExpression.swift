/// An SPDX licence expression (SPDX 2.3, annex D), resolved: the choices it leaves, each a set of licences that hold together.
package struct LicenseExpression: Hashable, Sendable {
  /// No choice holds all of another one, which would be no choice. In the order of their names.
  package let choices: [Terms]

  /// More than these are refused: every `AND` between choices multiplies them.
  static let mostChoices = 64

  init(_ choices: Set<Terms>) {
    let minimal = choices.filter { terms in !choices.contains { $0 != terms && Set($0.licenses).isSubset(of: terms.licenses) } }
    self.choices = minimal.sorted { $0.expression.utf8.lexicographicallyPrecedes($1.expression.utf8) }
  }

  init(_ license: License) { choices = [Terms([license])] }

  package static func any(of left: LicenseExpression, _ right: LicenseExpression) throws(LicenseError) -> LicenseExpression {
    guard left.choices.count + right.choices.count <= mostChoices else { throw .tooManyChoices }
    return LicenseExpression(Set(left.choices + right.choices))
  }

  /// Both hold, in every way of choosing.
  package static func all(of left: LicenseExpression, _ right: LicenseExpression) throws(LicenseError) -> LicenseExpression {
    guard left.choices.count * right.choices.count <= mostChoices else { throw .tooManyChoices }
    return LicenseExpression(Set(left.choices.flatMap { choice in right.choices.map { Terms.strictest(of: [choice, $0]) } }))
  }

  /// In one spelling: `(A AND B) OR C`.
  package var text: String {
    choices.count == 1 ? choices[0].expression : choices.map { $0.licenses.count > 1 ? "(\($0.expression))" : $0.expression }.joined(separator: " OR ")
  }
}
