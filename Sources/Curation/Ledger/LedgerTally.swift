internal import Artifacts
internal import Foundation

/// The ledger added up, entry by entry, and part by part.
struct LedgerTally: Sendable {
  init() {}

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

  /// Takes in what a chunk that was recalled does not say of a record: how long it is, and where the first of each fate stands.
  mutating func add(_ record: Int, of records: AssessedRecords) {
    if records.isMerged(record) {
      if firstMerged == nil { firstMerged = records.place(of: record) }
      return
    }
    let row = records.row(record)
    if row.ending == .none {
      lengths[Int(row.finalCharacters), default: 0] += 1
    } else if firstDropped == nil {
      firstDropped = records.place(of: record)
    }
  }

  /// Takes out what was added once.
  mutating func subtract(_ other: LedgerTally) {
    kept -= other.kept
    mergedExactly -= other.mergedExactly
    mergedNearly -= other.mergedNearly
    changed -= other.changed
    func subtract<Key>(_ other: [Key: Int], from counts: inout [Key: Int]) {
      for (key, count) in other { counts[key] = counts[key] == count ? nil : counts[key, default: 0] - count }
    }
    func subtract<Key>(_ other: [Key: LedgerSummary.Tally], from tallies: inout [Key: LedgerSummary.Tally]) {
      for (key, tally) in other { tallies[key] = tallies[key] == tally ? nil : tallies[key, default: LedgerSummary.Tally()].subtracting(tally) }
    }
    subtract(other.drops, from: &drops)
    subtract(other.changes, from: &changes)
    subtract(other.personalData, from: &personalData)
    subtract(other.languages, from: &languages)
    subtract(other.lengths, from: &lengths)
  }

  mutating func setFirsts(dropped: RecordPlace?, merged: RecordPlace?) { (firstDropped, firstMerged) = (dropped, merged) }

  mutating func setLengths(_ counts: [Int: Int]) { lengths = counts }

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

// MARK: - What is remembered of a chunk

extension LedgerTally {
  /// Without lengths and places, which the rows say.
  func bytes(with chunk: StoredLedger.Chunk) -> [UInt8] {
    var writer = RecallWriter()
    writer.number(chunk.byteCount)
    writer.digest(chunk.digest)
    write(to: &writer)
    return writer.bytes
  }

  static func recalled(_ data: Data, first: RecordPlace, recordCount: Int) throws(RecallMiss) -> (LedgerTally, StoredLedger.Chunk) {
    var reader = RecallReader(data)
    let chunk = StoredLedger.Chunk(first: first, recordCount: recordCount, byteCount: try reader.number(), digest: try reader.digest())
    return (try LedgerTally(&reader), chunk)
  }

  /// Without lengths and places.
  func write(to writer: inout RecallWriter) {
    for number in [kept, mergedExactly, mergedNearly, changed] { writer.number(number) }
    writer.number(drops.count)
    for (drop, count) in drops {
      writer.text(drop.stage.rawValue)
      writer.text(drop.reason.rawValue)
      writer.number(count)
    }
    writer.number(changes.count)
    for (edit, tally) in changes {
      writer.text(edit.stage.rawValue)
      writer.text(edit.kind.rawValue)
      writer.tally(tally)
    }
    writer.number(personalData.count)
    for (kind, tally) in personalData {
      writer.text(kind.rawValue)
      writer.tally(tally)
    }
    writer.number(languages.count)
    for (code, count) in languages {
      writer.text(code)
      writer.number(count)
    }
  }

  init(_ reader: inout RecallReader) throws(RecallMiss) {
    (kept, mergedExactly, mergedNearly, changed) = (try reader.number(), try reader.number(), try reader.number(), try reader.number())
    for _ in 0..<max(0, try reader.number()) {
      guard let stage = StageName(rawValue: try reader.text()), let reason = DropReason(rawValue: try reader.text()) else { throw RecallMiss() }
      drops[Drop(stage: stage, reason: reason)] = try reader.number()
    }
    for _ in 0..<max(0, try reader.number()) {
      guard let stage = StageName(rawValue: try reader.text()), let kind = Change.Kind(rawValue: try reader.text()) else { throw RecallMiss() }
      changes[LedgerSummary.Edit(stage: stage, kind: kind)] = try reader.tally()
    }
    for _ in 0..<max(0, try reader.number()) {
      guard let kind = PersonalData(rawValue: try reader.text()) else { throw RecallMiss() }
      personalData[kind] = try reader.tally()
    }
    for _ in 0..<max(0, try reader.number()) { languages[try reader.text()] = try reader.number() }
  }
}

extension RecallWriter {
  fileprivate mutating func tally(_ tally: LedgerSummary.Tally) {
    number(tally.records)
    number(tally.count)
  }
}

extension RecallReader {
  fileprivate mutating func tally() throws(RecallMiss) -> LedgerSummary.Tally { LedgerSummary.Tally(records: try number(), count: try number()) }
}
