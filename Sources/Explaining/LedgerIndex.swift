internal import Artifacts
internal import Curation
internal import Foundation

/// The rows of a ledger, small enough that a million fit in memory: where each record was read, its id and what became of it.
///
/// Ledger lines are in the order of the sources (docs/curation.md): files by the bytes of their paths, then lines.
struct LedgerIndex: Sendable {
  struct Row: Sendable {
    /// Nil where nothing could be read.
    let id: RecordKey?
    /// Index into `files`.
    let file: Int
    let line: Int
    /// Index into `fates`.
    let fate: Int
    /// Of a row that stands for records which were left out: how many.
    var standsFor: Int?
  }

  private(set) var files: [String] = []
  private(set) var fates: [RecordFate] = []
  private(set) var rows: [Row] = []

  /// Reads a ledger but for the chunks that are `known`: for each of these stands a row where its records begin, and one where they end, in the
  /// file that goes on there. Both are found in `leftOut`. Throws `CurationError.malformedLedger` where a line is none.
  init(_ ledger: StoredLedger, leavingOut known: Set<Digest> = []) throws {
    var reader = Reader()
    // The first line is the index.
    var number = 2
    for (index, chunk) in ledger.chunks.enumerated() {
      if known.contains(chunk.digest) {
        let start = reader.rows.count
        guard reader.stand(for: chunk.recordCount, at: chunk.first) else { throw CurationError.malformedLedger(line: number) }
        if index + 1 < ledger.chunks.count, !reader.stand(for: 0, at: ledger.chunks[index + 1].first) {
          throw CurationError.malformedLedger(line: number)
        }
        leftOut[chunk.digest] = start..<reader.rows.count
      } else if let badLine = reader.read(chunk: try ledger.bytes(of: chunk), from: number) {
        throw CurationError.malformedLedger(line: badLine)
      }
      number += chunk.recordCount
    }
    (files, fates, rows) = (reader.files, reader.fates, reader.rows)
  }

  /// The rows that stand for a chunk that was left out.
  private(set) var leftOut: [Digest: Range<Int>] = [:]

  /// Remembers the last file and the fates seen: neighbours share them, and their text is decoded once.
  private struct Reader {
    var files: [String] = []
    var fates: [RecordFate] = []
    var rows: [Row] = []
    private var lastFile: [UInt8] = []
    private var keptIndex: Int?

    /// Gives the number of the first line that is none.
    mutating func read(chunk: Data, from first: Int) -> Int? {
      chunk.withUnsafeBytes { raw in
        let bytes = raw.bindMemory(to: UInt8.self)
        var (start, number) = (0, first)
        while start < bytes.count {
          let end = bytes.endOfLine(from: start)
          guard read(bytes, start..<end) else { return number }
          (start, number) = (end + 1, number + 1)
        }
        return nil
      }
    }

    mutating func stand(for count: Int, at place: RecordPlace) -> Bool {
      let spelled = Array(JSONValue.string(place.file).canonical)
      let file = spelled.withUnsafeBufferPointer { index(ofFile: $0, 0..<spelled.count) }
      guard let file else { return false }
      rows.append(Row(id: nil, file: file, line: place.line, fate: -1, standsFor: count))
      return true
    }

    mutating func read(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Bool {
      var line = CanonicalLine(bytes, range)
      var file, id, number, fate, stage, reason: Range<Int>?
      while let member = line.next() {
        if bytes.holds("id", at: member.name) { id = member.value }
        else if bytes.holds("fate", at: member.name) { fate = member.value }
        else if bytes.holds("file", at: member.name) { file = member.value }
        else if bytes.holds("stage", at: member.name) { stage = member.value }
        else if bytes.holds("reason", at: member.name) { reason = member.value }
        else if bytes.holds("line", at: member.name) {
          number = member.value
          // What follows by name are reasons and measures, and a kept record has no reason.
          if let fate, bytes.holds("\"kept\"", at: fate) { break }
        }
      }
      guard !line.isMalformed, let file, let fate, let line = number.flatMap(bytes.natural), let fileIndex = index(ofFile: bytes, file),
        let fateIndex = index(ofFate: bytes, fate, stage, reason)
      else { return false }
      let key = id.flatMap { RecordKey(jsonString: bytes, $0) }
      guard (key == nil) == (id == nil) else { return false }
      rows.append(Row(id: key, file: fileIndex, line: line, fate: fateIndex))
      return true
    }

    private mutating func index(ofFile bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Int? {
      let isLast = lastFile.withUnsafeBytes { last in
        guard last.count == range.count, let start = last.baseAddress, let base = bytes.baseAddress else { return false }
        return memcmp(start, base + range.lowerBound, range.count) == 0
      }
      if isLast { return files.count - 1 }
      guard let name = text(bytes, range) else { return nil }
      files.append(name)
      lastFile = Array(bytes[range])
      return files.count - 1
    }

    private mutating func index(ofFate bytes: CanonicalLine.Bytes, _ name: Range<Int>, _ stage: Range<Int>?, _ reason: Range<Int>?) -> Int? {
      if let keptIndex, bytes.holds("\"kept\"", at: name) { return keptIndex }
      guard let word = text(bytes, name) else { return nil }
      let fate = RecordFate(name: word, stage: stage.flatMap { text(bytes, $0) }, reason: reason.flatMap { text(bytes, $0) })
      // There are as many fates as reasons: a few dozen.
      let index = fates.firstIndex(of: fate) ?? fates.count
      if index == fates.count { fates.append(fate) }
      if fate.isKept { keptIndex = index }
      return index
    }

    /// The text that a JSON string holds. Nil where it is none.
    private func text(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> String? {
      try? JSONValue(parsing: Data(bytes[range])).string  // What does not parse has no place here, and is refused as nil.
    }
  }
}

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

/// A record's id as four words, most significant first: no allocation for each of a million. Ids are digests, so any part of one is a hash.
struct RecordKey: Hashable, Comparable, Sendable {
  private let first, second, third, fourth: UInt64

  /// Reads `"sha256:…"`, quotes included.
  init?(jsonString bytes: CanonicalLine.Bytes, _ range: Range<Int>) {
    let prefix: StaticString = "\"sha256:"
    let digits = range.lowerBound + prefix.utf8CodeUnitCount
    guard range.count == prefix.utf8CodeUnitCount + 65, bytes.holds(prefix, at: range.lowerBound..<digits),
      bytes[range.upperBound - 1] == UInt8(ascii: "\""), let first = Self.word(bytes, digits), let second = Self.word(bytes, digits + 16),
      let third = Self.word(bytes, digits + 32), let fourth = Self.word(bytes, digits + 48)
    else { return nil }
    (self.first, self.second, self.third, self.fourth) = (first, second, third, fourth)
  }

  /// Sixteen lower-case hexadecimal digits.
  @inline(__always)
  private static func word(_ bytes: CanonicalLine.Bytes, _ start: Int) -> UInt64? {
    var value: UInt64 = 0
    for index in start..<(start + 16) {
      let byte = bytes[index]
      let digit = byte &- UInt8(ascii: "0") < 10 ? byte &- UInt8(ascii: "0") : byte &- UInt8(ascii: "a") < 6 ? byte &- UInt8(ascii: "a") &+ 10 : 255
      guard digit < 16 else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  var id: RecordID {
    let bytes = [first, second, third, fourth].flatMap { word in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) } }
    guard let digest = Digest(bytes: bytes) else { preconditionFailure("four words are 32 bytes") }
    return RecordID(digest)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(first) }

  static func < (left: RecordKey, right: RecordKey) -> Bool {
    if left.first != right.first { return left.first < right.first }
    return (left.second, left.third, left.fourth) < (right.second, right.third, right.fourth)
  }
}
