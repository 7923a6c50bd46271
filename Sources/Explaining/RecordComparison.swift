package import Artifacts
package import Curation

/// What became of each record between two curations: which are the same, and which were added, removed, changed, or met another fate.
///
/// The rule by which an old record and a new one are taken for one is in docs/compare.md. What is equal is never decoded, and never sorted.
package struct RecordComparison: Sendable {
  /// A curation as the store keeps it.
  package struct Curated: Sendable {
    package let ledger: StoredLedger
    package let dataset: StoredDataset

    package init(ledger: StoredLedger, dataset: StoredDataset) {
      self.ledger = ledger
      self.dataset = dataset
    }
  }

  /// A record on one side.
  package struct Record: Hashable, Sendable {
    package let place: RecordPlace
    /// Nil where nothing could be read.
    package let id: RecordID?
    package let fate: RecordFate
  }

  package struct Pair: Hashable, Sendable {
    package let old: Record
    package let new: Record
  }

  /// Equal content and equal fate; `movedCount` of them at another place.
  package let unchangedCount: Int
  package let movedCount: Int
  /// In the order of the sources, as are all of these.
  package let added: [Record]
  package let removed: [Record]
  /// The same record with other content.
  package let changed: [Pair]
  /// Equal content that was kept, dropped or merged in one and not so in the other.
  package let refated: [Pair]

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty && refated.isEmpty }

  package init(old: Curated, new: Curated) throws {
    // A chunk that both have holds the same records at the same places with the same fates.
    let shared = Set(old.ledger.chunks.map(\.digest)).intersection(new.ledger.chunks.map(\.digest))
    var pairing = RecordPairing(
      old: try LedgerIndex(old.ledger, leavingOut: shared), new: try LedgerIndex(new.ledger, leavingOut: shared))
    pairing.pairByPlace()
    pairing.pairByContent()
    try pairing.pairByConversation(old.dataset, new.dataset)
    pairing.pairByNeighbour()
    self.init(pairing)
  }

  private init(_ pairing: RecordPairing) {
    var (unchanged, moved) = (0, 0)
    var (changed, refated): ([Pair], [Pair]) = ([], [])
    for (index, partner) in pairing.partnerOfOld.enumerated() where partner >= 0 {
      if let count = pairing.old.rows[index].standsFor {
        unchanged += count
        continue
      }
      switch pairing.verdict(index, partner) {
      case .same: unchanged += 1
      case .moved:
        unchanged += 1
        moved += 1
      case .changed: changed.append(pairing.told(index, partner))
      case .refated: refated.append(pairing.told(index, partner))
      }
    }
    (unchangedCount, movedCount, self.changed, self.refated) = (unchanged, moved, changed, refated)
    removed = pairing.partnerOfOld.indices.filter { pairing.partnerOfOld[$0] < 0 }.map { pairing.old.record($0) }
    added = pairing.partnerOfNew.indices.filter { pairing.partnerOfNew[$0] < 0 }.map { pairing.new.record($0) }
  }
}

extension LedgerIndex {
  func record(_ index: Int) -> RecordComparison.Record {
    let row = rows[index]
    return RecordComparison.Record(place: RecordPlace(file: files[row.file], line: row.line), id: row.id?.id, fate: fates[row.fate])
  }
}
