internal import Artifacts
internal import Foundation

/// The lines of a ledger after its first, as documents: for those who count or write out what they do not have to understand.
extension LedgerQuery {
  /// The lines that hold some bytes, each with its start, until `body` says that it has seen enough; without a needle, every line. A name in quotation
  /// marks with what follows it is met as a member alone: inside of a string of a line, quotation marks are escaped.
  ///
  /// One pass, whatever the number of hits: Foundation's own search copies what is left of the data whenever it is asked for the next one.
  func forEachLine(holding needle: String?, _ body: (_ start: Int, JSONValue) throws -> Bool) throws {
    let needle = needle.map { Array($0.utf8) }
    let feed = UInt8(ascii: "\n")
    try ledger.withUnsafeBytes { bytes in
      var start = (bytes.firstIndex(of: feed) ?? bytes.count) + 1
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: feed) ?? bytes.count
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if needle.map(line.holds) ?? true {
          guard let document = try? JSONValue(parsing: Data(line)) else { throw malformed(at: start) }
          guard try body(start, document) else { return }
        }
        start = end + 1
      }
    }
  }

  /// The documents of those lines.
  func lines(holding needle: String) throws -> [JSONValue] {
    var lines: [JSONValue] = []
    try forEachLine(holding: needle) { _, line in
      lines.append(line)
      return true
    }
    return lines
  }

  /// A line that soulpack did not write, by where it starts.
  func malformed(at start: Int) -> CurationError {
    .malformedLedger(line: ledger.prefix(start).count { $0 == UInt8(ascii: "\n") } + 1)
  }
}

extension UnsafeRawBufferPointer {
  /// `needle` is not empty.
  fileprivate func holds(_ needle: [UInt8]) -> Bool {
    guard let base = baseAddress, let first = needle.first else { return false }
    var from = 0
    while from + needle.count <= count, let hit = memchr(base + from, Int32(first), count - from - needle.count + 1) {
      if memcmp(hit, needle, needle.count) == 0 { return true }
      from = base.distance(to: UnsafeRawPointer(hit)) + 1
    }
    return false
  }
}
