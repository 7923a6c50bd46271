package import Artifacts
package import Curation
internal import Foundation

/// Which of some records a Soul was made from, and in which part of its data they were. A loss on training text is no evaluation.
package struct TrainingOverlap: Sendable {
  package struct Match: Hashable, Sendable {
    /// Where it stands in the records that were asked about.
    package let place: RecordPlace
    /// Where the Soul's ledger has it. Nil where the ledger is gone.
    package let source: RecordPlace?
  }

  /// In the order of the places asked about.
  package let matches: [Partition: [Match]]

  package subscript(part: Partition) -> [Match] { matches[part] ?? [] }

  /// Nil where this store no longer has the Soul's data. Records are alike where their ids are; `entries` are to be curated as the Soul's data
  /// were, in all that changes text.
  package init?(of entries: [LedgerEntry], in soul: KnownSoul) throws {
    var matches: [Partition: [Match]] = [:]
    let sources = try Self.sources(soul)
    for part in Partition.allCases {
      guard let dataset = try soul.dataset(part.rawValue) else { return nil }
      let ids = Set(try dataset.ids())
      matches[part] = entries.compactMap { entry in
        guard let id = entry.id, ids.contains(id) else { return nil }
        return Match(place: entry.source.place, source: sources[id])
      }
    }
    self.matches = matches
  }

  private static func sources(_ soul: KnownSoul) throws -> [RecordID: RecordPlace] {
    guard let ledger = try soul.ledger() else { return [:] }
    let index = try LedgerIndex(ledger)
    let kept = index.rows.indices.lazy.map { index.record($0) }.filter(\.fate.isKept)
    return Dictionary(kept.compactMap { record in record.id.map { ($0, record.place) } }, uniquingKeysWith: { first, _ in first })
  }
}
