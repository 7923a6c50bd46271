/// The ledger added up, entry by entry, and part by part.
struct LedgerTally: Sendable {
  private(set) var kept = 0
  private(set) var mergedExactly = 0
  private(set) var mergedNearly = 0
  private(set) var changed = 0
  private(set) var drops: [Drop: Int] = [:]
  private(set) var changes: [Change.Kind: LedgerSummary.Tally] = [:]
  private(set) var personalData: [PersonalData: LedgerSummary.Tally] = [:]
  /// At index i, the kept records of 2ⁱ to 2ⁱ⁺¹ − 1 characters.
  private(set) var lengths: [Int] = []

  mutating func add(_ entry: LedgerEntry) {
    for passage in entry.passages {
      for finding in passage.found { personalData[finding.kind, default: LedgerSummary.Tally()].add(finding.count) }
    }
    switch entry.fate {
    case .kept: keep(entry)
    case .merged(_, _, similarityPPM: nil): mergedExactly += 1
    case .merged: mergedNearly += 1
    case .dropped(let drop): drops[Drop(stage: drop.stage, reason: drop.reason), default: 0] += 1
    }
  }

  mutating func add(_ other: LedgerTally) {
    kept += other.kept
    mergedExactly += other.mergedExactly
    mergedNearly += other.mergedNearly
    changed += other.changed
    drops.merge(other.drops, uniquingKeysWith: +)
    changes.merge(other.changes) { $0.adding($1) }
    personalData.merge(other.personalData) { $0.adding($1) }
    for (bucket, count) in other.lengths.enumerated() { self.count(count, in: bucket) }
  }

  private mutating func keep(_ entry: LedgerEntry) {
    kept += 1
    var isChanged = false
    for passage in entry.passages {
      for edit in passage.changes {
        isChanged = true
        changes[edit.kind, default: LedgerSummary.Tally()].add(edit.count)
      }
    }
    if isChanged { changed += 1 }
    guard let characters = entry.characters, characters > 0 else { return }
    count(1, in: Int.bitWidth - 1 - characters.leadingZeroBitCount)
  }

  private mutating func count(_ count: Int, in bucket: Int) {
    if lengths.count <= bucket { lengths += Array(repeating: 0, count: bucket + 1 - lengths.count) }
    lengths[bucket] += count
  }
}
