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
  package let added: RecordListing<Record>
  package let removed: RecordListing<Record>
  /// The same record with other content.
  package let changed: RecordListing<Pair>
  /// Equal content that was kept, dropped or merged in one and not so in the other.
  package let refated: RecordListing<Pair>

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty && refated.isEmpty }

  package init(old: Curated, new: Curated) throws {
    // A chunk that both have holds the same records at the same places with the same fates.
    let shared = Set(old.ledger.chunks.map(\.digest)).intersection(new.ledger.chunks.map(\.digest))
    // Both at once: while the rows of one are strung together, the other is still read.
    let indices = try concurrentMap(2) { try LedgerIndex([old, new][$0].ledger, leavingOut: shared) }
    var pairing = RecordPairing(old: indices[0], new: indices[1])
    pairing.pairByPlace()
    try pairing.pairByContent()
    try pairing.pairByConversation(old.dataset, new.dataset)
    pairing.pairByNeighbour()
    self.init(pairing)
  }

  private init(_ pairing: RecordPairing) {
    var (unchanged, moved) = (0, 0)
    var (changed, refated): ([Int], [Int]) = ([], [])
    for (index, partner) in pairing.partnerOfOld.enumerated() where partner >= 0 {
      if let count = pairing.old.rows[index].standsFor {
        unchanged += Int(count)
        continue
      }
      switch pairing.verdict(index, partner) {
      case .same: unchanged += 1
      case .moved:
        unchanged += 1
        moved += 1
      case .changed: changed.append(index)
      case .refated: refated.append(index)
      }
    }
    (unchangedCount, movedCount) = (unchanged, moved)
    self.changed = RecordListing(changed) { pairing.told($0) }
    self.refated = RecordListing(refated) { pairing.told($0) }
    removed = RecordListing(pairing.freeOld) { pairing.old.record($0) }
    added = RecordListing(pairing.freeNew) { pairing.new.record($0) }
  }
}

extension LedgerIndex {
  func record(_ index: Int) -> RecordComparison.Record {
    let row = rows[index]
    return RecordComparison.Record(place: RecordPlace(file: files[Int(row.file)], line: row.line), id: row.id, fate: fates[Int(row.fate)])
  }
}
