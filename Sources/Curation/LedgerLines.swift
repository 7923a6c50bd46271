internal import Artifacts
internal import Foundation

/// The lines of a ledger after its first, as documents: for those who count or write out what they do not have to understand.
extension LedgerQuery {
  /// The lines that hold some bytes, each with its start, until `body` says that it has seen enough. A name in quotation marks with what follows it
  /// is met as a member alone: inside of a string of a line, quotation marks are escaped.
  /// `\n{` is held by every line after the first.
  ///
  /// One pass, whatever the number of hits: Foundation's own search copies what is left of the data every time it is asked for the next one.
  func forEachLine(holding needle: String, _ body: (_ start: Int, JSONValue) throws -> Bool) throws {
    let needle = Array(needle.utf8)
    let feed = UInt8(ascii: "\n")
    try ledger.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      var from = bytes.firstIndex(of: feed) ?? bytes.count
      while let hit = memmem(base + from, bytes.count - from, needle, needle.count) {
        let last = base.distance(to: UnsafeRawPointer(hit)) + needle.count - 1
        let start = bytes[..<last].lastIndex(of: feed).map { $0 + 1 } ?? 0
        let end = bytes[last...].firstIndex(of: feed) ?? bytes.count
        let document = try? JSONValue(parsing: Data(bytes[start..<end]))
        guard let document else { throw malformed(at: start) }
        guard try body(start, document) else { return }
        from = end
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
