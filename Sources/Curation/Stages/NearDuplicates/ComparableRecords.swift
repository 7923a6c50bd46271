internal import Artifacts

/// The records that are compared with each other, by their numbers among these: what decides between them, and their texts when they are asked for.
struct ComparableRecords: Sendable {
  let records: AssessedRecords
  private let candidates: [UInt32]
  let lines: LineStore

  init(_ records: AssessedRecords, _ candidates: [UInt32], _ lines: LineStore) {
    (self.records, self.candidates, self.lines) = (records, candidates, lines)
  }

  var count: Int { candidates.count }

  func id(of candidate: Int) -> RecordID { RecordID(row(candidate).id) }
  func characters(of candidate: Int) -> UInt32 { row(candidate).characters }
  func conversation(of candidate: Int) -> String? { records.conversation(of: Int(candidates[candidate])) }

  /// Where its band keys stand.
  func keysPlace(of candidate: Int) -> (assessment: Int, key: UInt32) {
    (records.assessmentIndex(of: Int(candidates[candidate])), row(candidate).keys)
  }

  /// Where its text lies.
  func line(of candidate: Int) -> LineSpan { row(candidate).comparedLine }

  private func row(_ candidate: Int) -> AssessedRow { records.row(Int(candidates[candidate])) }
}

/// Reads texts that were laid aside, and cuts them into shingles again: for one thread.
struct ShingleReader: ~Copyable {
  private let lines: LineStore
  private let shingler: Shingler
  private let parser: LineParser
  private var line: [UInt8] = []
  private var found: [UInt64] = []
  private var distinct = DistinctHashes()

  init(_ lines: LineStore, _ rule: NearDuplicateRule) throws(CurationError) {
    self.lines = lines
    shingler = Shingler(wordsInShingle: rule.wordsInShingle)
    parser = try LineParser()
  }

  /// In the order of the text, repeated ones too.
  mutating func shingles(of line: LineSpan) throws -> [UInt64] {
    try read(line)
    return found
  }

  mutating func forEachDistinctShingle(of line: LineSpan, _ body: (UInt64) throws -> Void) throws {
    try read(line)
    distinct.reset(for: found.count)
    try distinct.insert(found, new: body)
  }

  private mutating func read(_ span: LineSpan) throws {
    guard !span.isNowhere else { throw RecallMiss() }
    line.removeAll(keepingCapacity: true)
    try lines.read(span.start, count: Int(span.count), into: &line)
    let record = try line.withUnsafeBytes { try parser.record(ofCanonicalLine: $0) }
    shingler.shingles(of: record.content, into: &found)
  }
}
