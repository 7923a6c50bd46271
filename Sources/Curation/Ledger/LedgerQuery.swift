internal import Archiving
package import Artifacts
package import Foundation

/// Answers `soulpack why` from a ledger. It parses only the lines that can hold the answer, so a ledger of a million records is asked in one pass
/// over its bytes, and about one place in one pass over a chunk of it.
package struct LedgerQuery: Sendable {
  /// Fewer digits of an id than this are not taken for one.
  package static let shortestPrefixInDigits = 6

  let ledger: StoredLedger

  package init(_ ledger: StoredLedger) { self.ledger = ledger }

  /// A whole ledger in memory, its first line the header.
  package init(_ whole: Data) throws(CurationError) {
    let first = whole.prefix { $0 != UInt8(ascii: "\n") }
    guard let header = LedgerHeader(parsing: first) else { throw .malformedLedger(line: 1) }
    let lines = Data(whole.dropFirst(first.count + 1))
    let digest = Digest(words: .zero)
    let chunk = StoredLedger.Chunk(first: RecordPlace(file: "", line: 0), recordCount: header.summary.recordsRead, byteCount: lines.count, digest: digest)
    ledger = StoredLedger(files: header.files, parameters: header.parameters, summary: header.summary, chunks: [chunk]) { _ in lines }
  }

  package var summary: LedgerSummary { ledger.summary }
  package var files: [Ledger.File] { ledger.files }

  /// The record that was read from a line of a file. In prose and in tables, any line of a record names it; in JSON the line is its number.
  package func why(file path: String, line: Int) throws -> Explanation {
    let files = ledger.files.filter { $0.path.utf8.elementsEqual(path.utf8) }
    // A member may be called as a faulted one is shown: what was read is what is asked for.
    guard let file = files.first(where: \.isRead) ?? files.first else { throw LedgerQueryError.unknownFile(path) }
    guard case .read(let kind, _) = file.fate else { throw LedgerQueryError.fileNotRead(file) }
    let place = RecordPlace(file: path, line: line)
    let chunks = chunks(of: place)
    var found = try entries(holding: ",\"line\":\(line),", in: chunks).first { $0.source.place == place }
    if found == nil, kind.hasRecordsOfManyLines {
      found = try entries(holding: ",\"file\":\(quoted(path)),", in: chunks).last { $0.source.place.isIn(path) && $0.source.place.line <= line }
    }
    guard let found else { throw LedgerQueryError.noRecord(place) }
    return try explanations(of: [found])[0]
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
    guard !ids.isEmpty else { return try whyKeeper(prefix, digits: digits) }
    guard ids.count == 1 else { throw LedgerQueryError.ambiguous(prefix, ids.sorted()) }
    return try explanations(of: found)
  }

  /// A keeper that a later stage changed has another id in the end; what was merged into it names the one that it had then.
  private func whyKeeper(_ prefix: String, digits: String) throws -> [Explanation] {
    var keepers: [RecordPlace: RecordID] = [:]
    for entry in try entries(holding: "\"id\":\"sha256:\(digits)") {
      guard case .merged(let keeper, let place, _) = entry.fate, keeper.digest.hex.hasPrefix(digits) else { continue }
      keepers[place] = keeper
    }
    let ids = Set(keepers.values)
    guard !ids.isEmpty else { throw LedgerQueryError.unknownRecord(prefix) }
    guard ids.count == 1 else { throw LedgerQueryError.ambiguous(prefix, ids.sorted()) }
    return try explanations(of: try entries(atEach: Set(keepers.keys)))
  }

  /// The chunk in which a record that was read from this place or ends on it must stand.
  private func chunks(of place: RecordPlace) -> ArraySlice<StoredLedger.Chunk> {
    let after = ledger.chunks.firstIndex { place < $0.first } ?? ledger.chunks.count
    return ledger.chunks[max(0, after - 1)..<after]
  }

  /// The entries whose lines hold some bytes, in order; of all chunks, where none are given.
  private func entries(holding needle: String, in chunks: ArraySlice<StoredLedger.Chunk>? = nil) throws -> [LedgerEntry] {
    var entries: [LedgerEntry] = []
    try forEachLine(holding: needle, in: chunks) { number, line in
      guard let entry = LedgerEntry(canonical: line) else { throw CurationError.malformedLedger(line: number) }
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
      case .opened: "\(file.path): an archive holds no record by itself"
      case .refused(let fault): "\(file.path): the file was not read: \(fault.rawValue)"
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
    case .fileNotRead(let file):
      if case .opened = file.fate { "name a member: \(file.path)!/NAME:LINE" } else { nil }
    case .noRecord: "blank lines and front matter hold no record; lines are counted from 1"
    case .ambiguous: "give more digits"
    default: nil
    }
  }
}

extension Ledger.File {
  fileprivate var isRead: Bool {
    guard case .read = fate else { return false }
    return true
  }
}
