internal import Artifacts
internal import Curation
internal import Foundation

/// The rows of a ledger, small enough that a million fit in memory: where each record was read, its id and what became of it.
///
/// Ledger lines are in the order of the sources (docs/curation.md): files by the bytes of their paths, then lines.
struct LedgerIndex: Sendable {
  struct Row: Sendable {
    /// Nil where nothing could be read.
    let id: RecordID?
    /// Index into `files`.
    fileprivate(set) var file: Int32
    /// Index into `fates`.
    fileprivate(set) var fate: Int32
    /// Of a row that stands for records which were left out: how many.
    var standsFor: Int32?
    let line: Int
  }

  private(set) var files: [String] = []
  private(set) var fates: [RecordFate] = []
  private(set) var rows: [Row] = []
  /// The rows that stand for a chunk that was left out.
  private(set) var leftOut: [Digest: Range<Int>] = [:]

  /// Reads a ledger but for the chunks that are `known`: for each of these stands a row where its records begin, and one where they end, in the
  /// file of what comes next. Both are found in `leftOut`. Throws `CurationError.malformedLedger` where a line is none.
  init(_ ledger: StoredLedger, leavingOut known: Set<Digest> = []) throws {
    let chunks = ledger.chunks
    // The first line is the index.
    let numbers = chunks.reduce(into: [2]) { $0.append($0[$0.count - 1] + $1.recordCount) }
    let parts = try concurrentMap(chunks.count) { index in
      guard known.contains(chunks[index].digest) else { return try LedgerPart(ledger.bytes(of: chunks[index]), firstLine: numbers[index]) }
      let next = index + 1 < chunks.count ? chunks[index + 1].first : nil
      return try LedgerPart(standingFor: chunks[index], before: next, line: numbers[index])
    }
    rows.reserveCapacity(parts.reduce(0) { $0 + $1.rows.count })
    for (chunk, part) in zip(chunks, parts) {
      let start = rows.count
      append(part)
      guard known.contains(chunk.digest) else { continue }
      // Places stand in it, so that no ledger has the same chunk twice.
      guard leftOut.updateValue(start..<rows.count, forKey: chunk.digest) == nil else { throw CurationError.malformedLedger(line: 1) }
    }
  }

  private mutating func append(_ part: LedgerPart) {
    // A file goes on from one chunk to the next.
    let goesOn = part.files.first.map { first in files.last.map { $0.utf8.elementsEqual(first.utf8) } ?? false } ?? false
    let firstFile = Int32(files.count - (goesOn ? 1 : 0))
    files += part.files.dropFirst(goesOn ? 1 : 0)
    let numbers = part.fates.map { fate in
      if let known = fates.firstIndex(of: fate) { return Int32(known) }
      fates.append(fate)
      return Int32(fates.count - 1)
    }
    for var row in part.rows {
      row.file += firstFile
      if row.fate >= 0 { row.fate = numbers[Int(row.fate)] }
      rows.append(row)
    }
  }
}

/// The rows of one chunk of a ledger, with numbers of files and fates of its own.
private struct LedgerPart: Sendable {
  private(set) var files: [String] = []
  /// There are as many as reasons: a few dozen.
  private(set) var fates: [RecordFate] = []
  private(set) var rows: [LedgerIndex.Row] = []
  /// Neighbours share the file and the fate, and their text is decoded once.
  private var lastFile: [UInt8] = []
  private var keptIndex: Int32?

  /// Throws where a line is none; the first of them is the ledger's line `firstLine`.
  init(_ chunk: Data, firstLine: Int) throws {
    let badLine = chunk.withUnsafeBytes { raw -> Int? in
      let bytes = raw.bindMemory(to: UInt8.self)
      var (start, number) = (0, firstLine)
      while start < bytes.count {
        let end = bytes.endOfLine(from: start)
        guard read(bytes, start..<end) else { return number }
        (start, number) = (end + 1, number + 1)
      }
      return nil
    }
    if let badLine { throw CurationError.malformedLedger(line: badLine) }
  }

  /// Of a chunk that is left out: a row where it begins, and one where what comes next does. After the last nothing comes, and the second row
  /// has no place of its own.
  init(standingFor chunk: StoredLedger.Chunk, before next: RecordPlace?, line: Int) throws {
    guard let count = Int32(exactly: chunk.recordCount), stand(for: count, at: chunk.first), stand(for: 0, at: next ?? chunk.first) else {
      throw CurationError.malformedLedger(line: line)
    }
  }

  private mutating func stand(for count: Int32, at place: RecordPlace) -> Bool {
    let spelled = Array(JSONValue.string(place.file).canonical)
    let file = spelled.withUnsafeBufferPointer { index(ofFile: $0, 0..<spelled.count) }
    guard let file else { return false }
    rows.append(LedgerIndex.Row(id: nil, file: file, fate: -1, standsFor: count, line: place.line))
    return true
  }

  private mutating func read(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Bool {
    var line = CanonicalLine(bytes, range)
    var file, id, number, fate, stage, reason: Range<Int>?
    while let member = line.next() {
      // Most names are told apart by their first letter.
      switch bytes[member.name.lowerBound] {
      case UInt8(ascii: "i") where bytes.holds("id", at: member.name): id = member.value
      case UInt8(ascii: "f") where bytes.holds("fate", at: member.name): fate = member.value
      case UInt8(ascii: "f") where bytes.holds("file", at: member.name): file = member.value
      case UInt8(ascii: "s") where bytes.holds("stage", at: member.name): stage = member.value
      case UInt8(ascii: "r") where bytes.holds("reason", at: member.name): reason = member.value
      case UInt8(ascii: "l") where bytes.holds("line", at: member.name): number = member.value
      default: continue
      }
      // After a line's number come by name reasons and measures, and a kept record has no reason.
      if number != nil, let fate, bytes.holds("\"kept\"", at: fate) { break }
    }
    guard !line.isMalformed, let file, let fate, let line = number.flatMap(bytes.natural), let fileIndex = index(ofFile: bytes, file),
      let fateIndex = index(ofFate: bytes, fate, stage, reason)
    else { return false }
    let key = id.flatMap(bytes.recordID)
    guard (key == nil) == (id == nil) else { return false }
    rows.append(LedgerIndex.Row(id: key, file: fileIndex, fate: fateIndex, line: line))
    return true
  }

  private mutating func index(ofFile bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> Int32? {
    let isLast = lastFile.withUnsafeBytes { last in
      guard last.count == range.count, let start = last.baseAddress, let base = bytes.baseAddress else { return false }
      return memcmp(start, base + range.lowerBound, range.count) == 0
    }
    if isLast { return Int32(files.count - 1) }
    guard let name = text(bytes, range) else { return nil }
    files.append(name)
    lastFile = Array(bytes[range])
    return Int32(files.count - 1)
  }

  private mutating func index(ofFate bytes: CanonicalLine.Bytes, _ name: Range<Int>, _ stage: Range<Int>?, _ reason: Range<Int>?) -> Int32? {
    if let keptIndex, bytes.holds("\"kept\"", at: name) { return keptIndex }
    guard let word = text(bytes, name) else { return nil }
    let fate = RecordFate(name: word, stage: stage.flatMap { text(bytes, $0) }, reason: reason.flatMap { text(bytes, $0) })
    let index = fates.firstIndex(of: fate) ?? fates.count
    if index == fates.count { fates.append(fate) }
    if fate.isKept { keptIndex = Int32(index) }
    return Int32(index)
  }

  /// The text that a JSON string holds. Nil where it is none.
  private func text(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> String? {
    try? JSONValue(parsing: Data(bytes[range])).string  // What does not parse has no place here, and is refused as nil.
  }
}
