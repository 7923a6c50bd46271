/// The licences and consents that hold for a text all at once. Those of a text made from others are theirs together: a union of sets, so that
/// neither order nor grouping nor repetition matters, and what one of them forbids stays forbidden.
package struct Terms: Hashable, Sendable {
  /// Sorted by name, each once. Empty: nothing is asked.
  package let licenses: [License]

  package init(_ licenses: some Sequence<License>) { self.licenses = Set(licenses).sorted() }

  /// The strictest terms that leave nothing of any out.
  package static func strictest(of all: some Sequence<Terms>) -> Terms { Terms(all.flatMap(\.licenses)) }

  package var clauses: Set<Clause> { licenses.reduce(into: []) { $0.formUnion($1.clauses) } }

  /// An SPDX expression: `CC-BY-4.0 AND LicenseRef-consent-letters`.
  package var expression: String { licenses.map(\.name).joined(separator: " AND ") }
}
