internal import Artifacts
internal import Foundation

/// The lines of a ledger after its first, as documents: for those who count or write out what they do not have to understand.
extension LedgerQuery {
  /// The lines that hold some bytes, each with its start, until `body` says that it has seen enough. A name in quotation marks with what follows it
  /// is met as a member alone: inside of a string of a line, quotation marks are escaped.
  /// `\n{` is held by every line after the first.
  func forEachLine(holding needle: String, _ body: (_ start: Data.Index, JSONValue) throws -> Bool) throws {
    let needle = Data(needle.utf8)
    let feed = UInt8(ascii: "\n")
    var from = ledger.firstIndex(of: feed) ?? ledger.endIndex
    while let hit = ledger.range(of: needle, in: from..<ledger.endIndex) {
      let start = ledger[..<ledger.index(before: hit.upperBound)].lastIndex(of: feed).map { $0 + 1 } ?? ledger.startIndex
      let end = ledger[hit.upperBound...].firstIndex(of: feed) ?? ledger.endIndex
      let document = try? JSONValue(parsing: Data(ledger[start..<end]))
      guard let document else { throw malformed(at: start) }
      guard try body(start, document) else { return }
      from = end
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

  /// A line that soulpack did not write.
  func malformed(at start: Data.Index) -> CurationError {
    .malformedLedger(line: ledger[..<start].count { $0 == UInt8(ascii: "\n") } + 1)
  }
}
