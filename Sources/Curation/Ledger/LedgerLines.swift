internal import Artifacts
internal import Foundation

/// The lines of a ledger after its first: for those who count or write out what they do not have to understand.
extension LedgerQuery {
  /// The lines that hold some bytes, as documents, each with its number in the ledger, until `body` says that it has seen enough. A name in
  /// quotation marks with what follows it is met as a member alone: inside of a string of a line, quotation marks are escaped.
  ///
  /// One pass, whatever the number of hits: Foundation's own search copies what is left of the data whenever it is asked for the next one.
  func forEachLine(
    holding needle: String, in chunks: ArraySlice<StoredLedger.Chunk>? = nil, _ body: (_ number: Int, JSONValue) throws -> Bool
  ) throws {
    let needle = Array(needle.utf8)
    try forEachSpelledLine(in: chunks) { number, bytes, range in
      let line = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range]))
      guard line.holds(needle) else { return true }
      guard let document = try? JSONValue(parsing: Data(line)) else { throw CurationError.malformedLedger(line: number) }
      return try body(number, document)
    }
  }

  /// The lines as they are written, without their line feeds, until `body` says that it has seen enough.
  func forEachSpelledLine(
    in chunks: ArraySlice<StoredLedger.Chunk>? = nil, _ body: (_ number: Int, CanonicalLine.Bytes, Range<Int>) throws -> Bool
  ) throws {
    // The first line is the index.
    var number = 2 + ledger.chunks.prefix(chunks?.startIndex ?? 0).reduce(0) { $0 + $1.recordCount }
    for chunk in chunks ?? ledger.chunks[...] {
      try Task.checkCancellation()
      let isGoingOn = try ledger.bytes(of: chunk).withUnsafeBytes { raw in
        let bytes = raw.bindMemory(to: UInt8.self)
        var (start, line) = (0, number)
        while start < bytes.count {
          let end = bytes.endOfLine(from: start)
          guard try body(line, bytes, start..<end) else { return false }
          (start, line) = (end + 1, line + 1)
        }
        return true
      }
      guard isGoingOn else { return }
      number += chunk.recordCount
    }
  }
}

extension UnsafeRawBufferPointer {
  /// `needle` is not empty.
  func holds(_ needle: [UInt8]) -> Bool {
    guard let base = baseAddress, let first = needle.first else { return false }
    var from = 0
    while from + needle.count <= count, let hit = memchr(base + from, Int32(first), count - from - needle.count + 1) {
      if memcmp(hit, needle, needle.count) == 0 { return true }
      from = base.distance(to: UnsafeRawPointer(hit)) + 1
    }
    return false
  }
}
