internal import Artifacts

/// The records that are compared with each other, by their numbers among these: what decides between them, and their texts when they are asked for.
struct ComparableRecords: Sendable {
  let records: AssessedRecords
  private let candidates: [UInt32]
  private let lines: LineStore

  init(_ records: AssessedRecords, _ candidates: [UInt32], _ lines: LineStore) {
    (self.records, self.candidates, self.lines) = (records, candidates, lines)
  }

  var count: Int { candidates.count }

  func id(of candidate: Int) -> RecordID { RecordID(row(candidate).id) }
  func characters(of candidate: Int) -> UInt32 { row(candidate).characters }
  func conversation(of candidate: Int) -> String? { records.conversation(of: Int(candidates[candidate])) }

  /// Where its band keys stand.
  func keysPlace(of candidate: Int) -> (assessment: Int, key: UInt32) {
    (records.assessment(of: Int(candidates[candidate])).number, row(candidate).keys)
  }

  fileprivate func line(of candidate: Int, into bytes: inout [UInt8]) throws {
    bytes.removeAll(keepingCapacity: true)
    let span = row(candidate).comparedLine
    try lines.read(span.start, count: Int(span.count), into: &bytes)
  }

  private func row(_ candidate: Int) -> AssessedRow { records.row(Int(candidates[candidate])) }
}

/// Reads texts that were laid aside, and cuts them into shingles again: for one thread.
struct ShingleReader: ~Copyable {
  private let records: ComparableRecords
  private let shingler: Shingler
  private let parser: LineParser
  private var line: [UInt8] = []
  private var found: [UInt64] = []
  private var distinct = DistinctHashes()

  init(_ records: ComparableRecords, _ rule: NearDuplicateRule) throws(CurationError) {
    self.records = records
    shingler = Shingler(wordsInShingle: rule.wordsInShingle)
    parser = try LineParser()
  }

  /// In the order of the text, repeated ones too.
  mutating func shingles(of candidate: Int) throws -> [UInt64] {
    try read(candidate)
    return found
  }

  mutating func forEachDistinctShingle(of candidate: Int, _ body: (UInt64) -> Void) throws {
    try read(candidate)
    distinct.reset(for: found.count)
    for shingle in found where distinct.insert(shingle) { body(shingle) }
  }

  private mutating func read(_ candidate: Int) throws {
    try records.line(of: candidate, into: &line)
    let record = try line.withUnsafeBytes { try parser.record(ofCanonicalLine: $0) }
    shingler.shingles(of: record.content, into: &found)
  }
}
