/// What became of a record, in the ledger's own words.
package struct RecordFate: Hashable, Sendable {
  /// `kept`, `merged` or `dropped`.
  package let name: String
  package let stage: String?
  package let reason: String?

  package init(name: String, stage: String?, reason: String?) {
    (self.name, self.stage, self.reason) = (name, stage, reason)
  }

  package var isKept: Bool { name == "kept" }
}
