package import Artifacts
package import Foundation

/// Answers `soulpack why` from the bytes of a ledger. It parses only the lines that can hold the answer, so a ledger of a million records
/// is asked in one pass over its bytes.
package struct LedgerQuery: Sendable {
  /// Fewer digits of an id than this are not taken for one.
  package static let shortestPrefixInDigits = 6

  let ledger: Data
  private let header: LedgerHeader

  package init(_ ledger: Data) throws(CurationError) {
    guard let header = LedgerHeader(parsing: ledger.prefix { $0 != UInt8(ascii: "\n") }) else { throw .malformedLedger(line: 1) }
    self.ledger = ledger
    self.header = header
  }

  package var summary: LedgerSummary { header.summary }
  package var files: [Ledger.File] { header.files }

  /// The record that was read from a line of a file. In prose, any line of a piece names it.
  package func why(file path: String, line: Int) throws -> Explanation {
    guard let file = header.files.first(where: { $0.path.utf8.elementsEqual(path.utf8) }) else { throw LedgerQueryError.unknownFile(path) }
    guard case .read(let kind, _) = file.fate else { throw LedgerQueryError.fileNotRead(file) }
    let place = RecordPlace(file: path, line: line)
    let found: LedgerEntry? =
      switch kind {
      case .jsonLines: try entries(holding: ",\"line\":\(line),").first { $0.source.place == place }
      case .markdown: try entries(holding: ",\"file\":\(quoted(path)),").last { $0.source.place.isIn(path) && $0.source.place.line <= line }
      }
    guard let found else { throw LedgerQueryError.noRecord(place) }
    return Explanation(found, header.parameters)
  }

  /// Everything that was read with one id: the keeper and what was merged into it, in the order of the sources. `prefix` is the id or the
  /// start of its digits, with or without `sha256:`.
  package func why(record prefix: String) throws -> [Explanation] {
    let digits = prefix.hasPrefix("sha256:") ? String(prefix.dropFirst(7)) : prefix
    guard digits.utf8.count >= Self.shortestPrefixInDigits, digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
      throw LedgerQueryError.notAnID(prefix)
    }
    let found = try entries(holding: "\"id\":\"sha256:\(digits)").filter { $0.id?.digest.hex.hasPrefix(digits) ?? false }
    let ids = Set(found.compactMap(\.id))
    guard !ids.isEmpty else { throw LedgerQueryError.unknownRecord(prefix) }
    guard ids.count == 1 else { throw LedgerQueryError.ambiguous(prefix, ids.sorted()) }
    return found.map { Explanation($0, header.parameters) }
  }

  /// The entries whose lines hold some bytes, in order.
  private func entries(holding needle: String) throws -> [LedgerEntry] {
    var entries: [LedgerEntry] = []
    try forEachLine(holding: needle) { start, line in
      guard let entry = LedgerEntry(canonical: line) else { throw malformed(at: start) }
      entries.append(entry)
      return true
    }
    return entries
  }

  private func quoted(_ text: String) -> String { JSONValue.string(text).canonicalText }
}

/// Why a question about a ledger has no answer.
package enum LedgerQueryError: ExplainedError, Hashable {
  case unknownFile(String)
  case fileNotRead(Ledger.File)
  case noRecord(RecordPlace)
  case notAnID(String)
  case unknownRecord(String)
  case ambiguous(String, [RecordID])

  package var message: String {
    switch self {
    case .unknownFile(let path): "\(path): no such file in the dataset's source"
    case .fileNotRead(let file):
      switch file.fate {
      case .notSelected: "\(file.path): the file was not read: no pattern of \"files\" names it"
      default: "\(file.path): the file was not read: it is of an unknown kind"
      }
    case .noRecord(let place): "\(place.file):\(place.line): no record was read from this line"
    case .notAnID(let text): "\"\(text)\" is neither FILE:LINE nor an id of \(LedgerQuery.shortestPrefixInDigits) or more lower-case digits"
    case .unknownRecord(let prefix): "no record's id starts with \"\(prefix)\""
    case .ambiguous(let prefix, let ids): "\(ids.count) records' ids start with \"\(prefix)\": \(ids.prefix(3).map(\.digest.short).joined(separator: ", "))"
    }
  }

  package var hint: String? {
    switch self {
    case .unknownFile: "paths are relative to the dataset's source, as the ledger has them"
    case .noRecord: "blank lines and front matter hold no record; lines are counted from 1"
    case .ambiguous: "give more digits"
    default: nil
    }
  }
}
