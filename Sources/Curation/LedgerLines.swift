internal import Artifacts
internal import Foundation

/// The lines of a ledger after its first, as documents: for those who count or write out what they do not have to understand.
extension LedgerQuery {
  /// The lines that hold some bytes, each with its number in the ledger, until `body` says that it has seen enough; without a needle, every line. A
  /// name in quotation marks with what follows it is met as a member alone: inside of a string of a line, quotation marks are escaped.
  ///
  /// One pass, whatever the number of hits: Foundation's own search copies what is left of the data whenever it is asked for the next one.
  func forEachLine(
    holding needle: String?, in chunks: ArraySlice<StoredLedger.Chunk>? = nil, _ body: (_ number: Int, JSONValue) throws -> Bool
  ) throws {
    let needle = needle.map { Array($0.utf8) }
    // The first line is the index.
    var number = 2 + ledger.chunks.prefix(chunks?.startIndex ?? 0).reduce(0) { $0 + $1.recordCount }
    for chunk in chunks ?? ledger.chunks[...] {
      guard try LedgerLines.forEach(of: try ledger.bytes(of: chunk), from: number, holding: needle, body) else { return }
      number += chunk.recordCount
    }
  }
}

private enum LedgerLines {
  /// False where `body` has seen enough.
  static func forEach(of chunk: Data, from first: Int, holding needle: [UInt8]?, _ body: (Int, JSONValue) throws -> Bool) throws -> Bool {
    try chunk.withUnsafeBytes { bytes in
      var (start, number) = (0, first)
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if needle.map(line.holds) ?? true {
          guard let document = try? JSONValue(parsing: Data(line)) else { throw CurationError.malformedLedger(line: number) }
          guard try body(number, document) else { return false }
        }
        (start, number) = (end + 1, number + 1)
      }
      return true
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
