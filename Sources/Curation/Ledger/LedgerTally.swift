internal import Artifacts

/// The ledger added up, entry by entry, and part by part.
struct LedgerTally: Sendable {
  private(set) var kept = 0
  private(set) var mergedExactly = 0
  private(set) var mergedNearly = 0
  private(set) var changed = 0
  private(set) var drops: [Drop: Int] = [:]
  private(set) var changes: [LedgerSummary.Edit: LedgerSummary.Tally] = [:]
  private(set) var personalData: [PersonalData: LedgerSummary.Tally] = [:]
  /// Of the kept records, where the `language` stage noted it.
  private(set) var languages: [String: Int] = [:]
  /// How many kept records are of each length in characters.
  private(set) var lengths: [Int: Int] = [:]
  private(set) var firstDropped: RecordPlace?
  private(set) var firstMerged: RecordPlace?

  /// Entries come in the order of their sources.
  mutating func add(_ entry: LedgerEntry) {
    for passage in entry.passages {
      for finding in passage.found { personalData[finding.kind, default: LedgerSummary.Tally()].add(finding.count) }
    }
    switch entry.fate {
    case .kept: keep(entry)
    case .merged(_, _, let similarityPPM):
      if similarityPPM == nil { mergedExactly += 1 } else { mergedNearly += 1 }
      if firstMerged == nil { firstMerged = entry.source.place }
    case .dropped(let drop):
      drops[Drop(stage: drop.stage, reason: drop.reason), default: 0] += 1
      if firstDropped == nil { firstDropped = entry.source.place }
    }
  }

  /// `other` is of what stands after this.
  mutating func add(_ other: LedgerTally) {
    kept += other.kept
    mergedExactly += other.mergedExactly
    mergedNearly += other.mergedNearly
    changed += other.changed
    drops.merge(other.drops, uniquingKeysWith: +)
    changes.merge(other.changes) { $0.adding($1) }
    personalData.merge(other.personalData) { $0.adding($1) }
    languages.merge(other.languages, uniquingKeysWith: +)
    lengths.merge(other.lengths, uniquingKeysWith: +)
    firstDropped = firstDropped ?? other.firstDropped
    firstMerged = firstMerged ?? other.firstMerged
  }

  private mutating func keep(_ entry: LedgerEntry) {
    kept += 1
    var isChanged = false
    for passage in entry.passages {
      for change in passage.changes {
        isChanged = true
        changes[LedgerSummary.Edit(stage: passage.stage, kind: change.kind), default: LedgerSummary.Tally()].add(change.count)
      }
      if case .language(let reading)? = passage.detail { languages[reading.certainCode, default: 0] += 1 }
    }
    if isChanged { changed += 1 }
    if let characters = entry.characters { lengths[characters, default: 0] += 1 }
  }
}
