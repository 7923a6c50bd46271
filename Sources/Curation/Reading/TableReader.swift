internal import Artifacts
internal import Foundation

/// Reads CSV and TSV whose first row names the columns. docs/curation.md, "Tables", is the contract.
struct TableReader {
  private let scanner: TableScanner
  private let file: String
  private let isValidUTF8: Bool

  /// `separators` are tried in order on the first row; the first that makes known columns of it is the file's.
  static func read(_ data: Data, file: String, separators: [UInt8]) -> [Outcome] {
    data.withUnsafeBytes { bytes in
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      var separators = separators
      if let declared = declaredSeparator(bytes, at: start) { (separators, start) = ([declared.separator], declared.next) }
      // A second reading of the first row costs nothing beside the rest.
      let readers = separators.map { TableReader(scanner: TableScanner(bytes: bytes, separator: $0), file: file, isValidUTF8: isValid) }
      let headers = readers.map { $0.header(at: start) }
      let chosen = headers.firstIndex { if case .success = $0 { true } else { false } } ?? 0
      guard let place = readers[chosen].firstRow(from: start) else { return [] }
      switch headers[chosen] {
      case .success(let header): return readers[chosen].rows(after: place, header)
      case .failure(let fault):
        return [Outcome(RecordSource(file: file, line: 1, byteRange: 0..<bytes.count), .failure(fault))]
      }
    }
  }

  /// What the first row says.
  fileprivate struct Header {
    let columnCount: Int
    /// The content's parts, by column.
    var fields: [Int: FieldName] = [:]
    var text: Int?
    var conversation: Int?
    var license: Int?
    var consent: Int?
    var dialect: QuestionDialect?

    func isWanted(_ column: Int) -> Bool { fields[column] != nil || [text, conversation, license, consent].contains(column) }
  }

  // MARK: - The first row

  /// `sep=;`, with which some programs are told how to read the rest.
  private static func declaredSeparator(_ bytes: UnsafeRawBufferPointer, at start: Int) -> (separator: UInt8, next: Int)? {
    let end = bytes[start...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? bytes.count
    let line = bytes[start..<end]
    guard line.count == 5, line.starts(with: "sep=".utf8), let separator = line.last, separator != UInt8(ascii: "\"") else { return nil }
    let isPair = end + 1 < bytes.count && bytes[end] == UInt8(ascii: "\r") && bytes[end + 1] == UInt8(ascii: "\n")
    return (separator, min(bytes.count, end + (isPair ? 2 : 1)))
  }

  /// The first row that is not blank; nil where there is none.
  private func firstRow(from start: Int) -> TableScanner.Row? {
    var index = start
    while index < scanner.bytes.count {
      let row = scanner.row(at: index) { _ in true }
      if !isBlank(row) { return row }
      index = row.next
    }
    return nil
  }

  private func header(at start: Int) -> Result<Header, RecordFault> {
    guard let row = firstRow(from: start) else { return .failure(RecordFault(.noKnownColumn)) }
    if let fault = row.fault { return .failure(RecordFault(fault)) }
    guard isUTF8(row) else { return .failure(RecordFault(.invalidUTF8)) }
    var header = Header(columnCount: row.columnCount)
    var names: Set<String> = []
    for cell in row.cells {
      let name = scanner.text(of: cell).trimmingCharacters(in: .whitespaces).lowercased()
      let isKnown = header.take(name, at: cell.column)
      if isKnown, !names.insert(name).inserted { return .failure(RecordFault(.duplicateKey)) }
    }
    guard header.text == nil else { return .success(header) }
    return QuestionDialect.choose(isPresent: { names.contains($0.rawValue) }).map { dialect in
      header.dialect = dialect
      return header
    }.mapError { $0.reason == .noContent ? RecordFault(.noKnownColumn) : $0 }
  }

  // MARK: - The rows after it

  private func rows(after first: TableScanner.Row, _ header: Header) -> [Outcome] {
    var outcomes: [Outcome] = []
    var index = first.next
    var line = 1 + scanner.lineEnds(in: 0..<index)
    while index < scanner.bytes.count {
      let row = scanner.row(at: index, isWanted: header.isWanted)
      if !isBlank(row) {
        let source = RecordSource(file: file, line: line, byteRange: row.byteRange)
        outcomes.append(Outcome(source, record(of: row, header)))
      }
      line += scanner.lineEnds(in: index..<row.next)
      index = row.next
    }
    return outcomes
  }

  private func record(of row: TableScanner.Row, _ header: Header) -> Result<DatasetRecord, RecordFault> {
    guard isUTF8(row) else { return .failure(RecordFault(.invalidUTF8)) }
    if row.fault == .lineTooLong {
      return .failure(RecordFault(.lineTooLong, measured: Double(row.byteRange.count), threshold: Double(scanner.rowLimitInBytes)))
    }
    if let fault = row.fault { return .failure(RecordFault(fault)) }
    guard row.columnCount == header.columnCount else {
      return .failure(RecordFault(.raggedRow, measured: Double(row.columnCount), threshold: Double(header.columnCount)))
    }
    var fields = Fields()
    var text = ""
    var conversation: String?
    var stated = StatedTerms()
    for cell in row.cells {
      let content = scanner.text(of: cell)
      if cell.column == header.text { text = content }
      if cell.column == header.conversation, !content.isEmpty { conversation = content }
      if cell.column == header.license, !content.isEmpty { stated.license = .string(content) }
      if cell.column == header.consent, !content.isEmpty { stated.consent = .string(content) }
      if let name = header.fields[cell.column] { fields[name] = .string(content) }
    }
    guard let dialect = header.dialect else { return .success(DatasetRecord(content: .text(text), conversation: conversation, license: stated.expression)) }
    return dialect.messages(fields).map { DatasetRecord(content: .messages($0), conversation: conversation, license: stated.expression) }
  }

  private func isUTF8(_ row: TableScanner.Row) -> Bool {
    isValidUTF8 || String(validating: scanner.bytes[row.byteRange], as: UTF8.self) != nil
  }

  /// Nothing but spaces and tabs.
  private func isBlank(_ row: TableScanner.Row) -> Bool {
    row.columnCount <= 1 && scanner.bytes[row.byteRange].allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }
}

extension TableReader.Header {
  /// False for a column that nobody reads.
  fileprivate mutating func take(_ name: String, at column: Int) -> Bool {
    switch name {
    case "text": text = column
    case "conversation": conversation = column
    case "license": license = column
    case "consent": consent = column
    default:
      guard let field = FieldName(rawValue: name) else { return false }
      fields[column] = field
    }
    return true
  }
}
