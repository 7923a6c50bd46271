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
  }

  private(set) var files: [String] = []
  private(set) var fates: [RecordFate] = []
  private(set) var rows: [Row] = []

  /// Reads the bytes of a ledger. Throws `CurationError.malformedLedger` where a line is none.
  init(_ ledger: Data) throws(CurationError) {
    var reader = Reader()
    let badLine: Int? = ledger.withUnsafeBytes { bytes in
      let text = bytes.assumingMemoryBound(to: UInt8.self)
      var number = 0
      var start = text.startIndex
      while start < text.endIndex {
        let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
        number += 1
        // The first line holds the files, the parameters and the summary.
        if number > 1, !reader.read(text[start..<end]) { return number }
        start = end + 1
      }
      return number == 0 ? 1 : nil
    }
    if let badLine { throw .malformedLedger(line: badLine) }
    (files, fates, rows) = (reader.files, reader.fates, reader.rows)
  }

  /// Remembers the last file and the fates seen: neighbours share them, and their text is decoded once.
  private struct Reader {
    var files: [String] = []
    var fates: [RecordFate] = []
    var rows: [Row] = []
    private var lastFile: [UInt8] = []
    private var fateIndices: [[UInt8]: Int] = [:]
    private var lastFate: (bytes: [UInt8], index: Int)?

    mutating func read(_ line: CanonicalLine.Bytes) -> Bool {
      var file, id, lineNumber, fate, stage, reason: CanonicalLine.Bytes?
      let isObject = CanonicalLine.forEachMember(of: line) { name, value in
        switch name.count {
        case 2 where name.elementsEqual("id".utf8): id = value
        case 4 where name.elementsEqual("file".utf8): file = value
        case 4 where name.elementsEqual("line".utf8): lineNumber = value
        case 4 where name.elementsEqual("fate".utf8): fate = value
        case 5 where name.elementsEqual("stage".utf8): stage = value
        case 6 where name.elementsEqual("reason".utf8): reason = value
        default: break
        }
      }
      guard isObject, let file, let fate, let number = lineNumber.flatMap(CanonicalLine.natural),
        let fileIndex = index(ofFile: file), let fateIndex = index(ofFate: fate, stage, reason)
      else { return false }
      let key = id.flatMap(RecordKey.init(jsonString:))
      guard (key == nil) == (id == nil) else { return false }
      rows.append(Row(id: key, file: fileIndex, line: number, fate: fateIndex))
      return true
    }

    private mutating func index(ofFile bytes: CanonicalLine.Bytes) -> Int? {
      if !files.isEmpty, lastFile.elementsEqual(bytes) { return files.count - 1 }
      guard let name = text(bytes) else { return nil }
      files.append(name)
      lastFile = Array(bytes)
      return files.count - 1
    }

    private mutating func index(ofFate fate: CanonicalLine.Bytes, _ stage: CanonicalLine.Bytes?, _ reason: CanonicalLine.Bytes?) -> Int? {
      if stage == nil, reason == nil, let lastFate, lastFate.bytes.elementsEqual(fate) { return lastFate.index }
      let bytes = Array(fate) + [0] + (stage.map { Array($0) } ?? []) + [0] + (reason.map { Array($0) } ?? [])
      let known = fateIndices[bytes]
      guard let name = text(fate) else { return nil }
      let index = known ?? fates.count
      if known == nil {
        fates.append(RecordFate(name: name, stage: stage.flatMap(text), reason: reason.flatMap(text)))
        fateIndices[bytes] = index
      }
      if stage == nil, reason == nil { lastFate = (Array(fate), index) }
      return index
    }

    private func text(_ value: CanonicalLine.Bytes) -> String? {
      if let plain = CanonicalLine.plainText(value) { return String(decoding: plain, as: UTF8.self) }
      return try? JSONValue(parsing: Data(value)).string  // A string with escapes; anything else has no place here, and gives nil.
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
  private let words: SIMD4<UInt64>

  /// Reads `"sha256:…"`, quotes included.
  init?(jsonString bytes: CanonicalLine.Bytes) {
    let prefix = "\"sha256:"
    guard bytes.count == prefix.utf8.count + 65, bytes.starts(with: prefix.utf8), bytes.last == UInt8(ascii: "\"") else { return nil }
    var words = SIMD4<UInt64>()
    var index = bytes.startIndex + prefix.utf8.count
    for word in 0..<4 {
      var value: UInt64 = 0
      for _ in 0..<16 {
        guard let digit = Self.value(ofDigit: bytes[index]) else { return nil }
        value = value << 4 | digit
        index += 1
      }
      words[word] = value
    }
    self.words = words
  }

  private static func value(ofDigit byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    default: nil
    }
  }

  var id: RecordID {
    let bytes = (0..<4).flatMap { word in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: words[word] >> UInt64($0)) } }
    guard let digest = Digest(bytes: bytes) else { preconditionFailure("four words are 32 bytes") }
    return RecordID(digest)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }

  static func < (left: RecordKey, right: RecordKey) -> Bool {
    for word in 0..<4 where left.words[word] != right.words[word] { return left.words[word] < right.words[word] }
    return false
  }
}
