internal import Artifacts
internal import Foundation

/// Reads CSV and TSV whose first row names the columns. docs/curation.md, "Tables", is the contract.
struct TableReader {
  private let scanner: TableScanner
  private let file: String
  private let isValidUTF8: Bool

  /// How the rows are to be understood, beyond what they say themselves.
  struct Rule: Sendable {
    /// Tried in order on the first row; the first that makes known columns of it is the file's.
    let separators: [UInt8]
    /// The names of the columns, where no row says them.
    var columns: [String]?
    var dialect: RecordDialect?
  }

  /// Where rows are at fault and quotes have backslashes before them, these are tried as escapes. The reading with fewer faults is the right one.
  static func read(_ data: Data, file: String, _ rule: Rule) -> [Outcome] {
    let plain = read(data, file: file, rule, hasEscapes: false)
    guard plain.contains(where: \.isFault), data.withUnsafeBytes(holdsEscapedQuote) else { return plain }
    let escaped = read(data, file: file, rule, hasEscapes: true)
    return escaped.count(where: \.isFault) < plain.count(where: \.isFault) ? escaped : plain
  }

  private static func holdsEscapedQuote(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.indices.dropLast().contains { bytes[$0] == UInt8(ascii: "\\") && bytes[$0 + 1] == UInt8(ascii: "\"") }
  }

  private static func read(_ data: Data, file: String, _ rule: Rule, hasEscapes: Bool) -> [Outcome] {
    data.withUnsafeBytes { bytes in
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      var separators = rule.separators
      if let declared = declaredSeparator(bytes, at: start) { (separators, start) = ([declared.separator], declared.next) }
      // A second reading of the first row costs nothing beside the rest.
      let readers = separators.map {
        TableReader(scanner: TableScanner(bytes: bytes, separator: $0, hasEscapes: hasEscapes), file: file, isValidUTF8: isValid)
      }
      let headers = readers.map { $0.header(at: start, rule) }
      let chosen = headers.firstIndex { if case .success = $0 { true } else { false } } ?? 0
      guard let place = readers[chosen].firstRow(from: start) else { return [] }
      switch headers[chosen] {
      case .success(let header): return readers[chosen].rows(from: rule.columns == nil ? place.next : start, header)
      case .failure(let fault):
        return [Outcome(RecordSource(file: file, line: 1, byteRange: 0..<bytes.count), .failure(fault))]
      }
    }
  }

  /// What the first row says, or the rule in its place.
  fileprivate struct Header {
    enum Form {
      case text
      case exchange(QuestionDialect)
      /// Preference pairs, or answers with a label.
      case judged(RecordDialect, QuestionDialect)
    }

    let columnCount: Int
    /// The content's parts, by column.
    var fields: [Int: FieldName] = [:]
    var text: Int?
    var conversation: Int?
    var license: Int?
    var consent: Int?
    var form = Form.text

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

  private func header(at start: Int, _ rule: Rule) -> Result<Header, RecordFault> {
    guard let row = firstRow(from: start) else { return .failure(RecordFault(.noKnownColumn)) }
    if let fault = row.fault { return .failure(RecordFault(fault)) }
    guard isUTF8(row) else { return .failure(RecordFault(.invalidUTF8)) }
    if let columns = rule.columns {
      guard row.columnCount == columns.count else {
        return .failure(RecordFault(.raggedRow, measured: Double(row.columnCount), threshold: Double(columns.count)))
      }
      return header(columns, first: row, rule)
    }
    return header(row.cells.map { scanner.text(of: $0) }, first: firstRow(from: row.next), rule)
  }

  /// `first` is the first row of data.
  private func header(_ columns: [String], first: TableScanner.Row?, _ rule: Rule) -> Result<Header, RecordFault> {
    var header = Header(columnCount: columns.count)
    var names: Set<String> = []
    for (column, spelling) in columns.enumerated() {
      let name = spelling.trimmingCharacters(in: .whitespaces).lowercased()
      let isKnown = header.take(name, at: column)
      if isKnown, !names.insert(name).inserted { return .failure(RecordFault(.duplicateKey)) }
    }
    return form(names, first: first, header, rule.dialect).map { form in
      header.form = form
      return header
    }
  }

  private func form(_ names: Set<String>, first: TableScanner.Row?, _ header: Header, _ dialect: RecordDialect?) -> Result<Header.Form, RecordFault> {
    func has(_ name: FieldName) -> Bool { names.contains(name.rawValue) }
    let question = QuestionDialect.all.first { has($0.question) }
    switch dialect {
    case .text: return header.text == nil ? .failure(RecordFault(.noKnownColumn)) : .success(.text)
    case .messages, .shareGPT: return .failure(RecordFault(.noKnownColumn))
    case .preference: return judged(question, .preference, isWhole: has(.chosen) && has(.rejected))
    case .kto: return judged(.asking(.prompt), .kto, isWhole: has(.prompt) && has(.completion) && has(.label))
    case nil:
      if header.text != nil { return .success(.text) }
      if has(.chosen), has(.rejected), question != nil { return judged(question, .preference, isWhole: true) }
      if has(.prompt), has(.completion), has(.label), isTruth(first, header) { return judged(.asking(.prompt), .kto, isWhole: true) }
    case .alpaca, .promptCompletion, .questionAnswer: break
    }
    let asked = dialect.flatMap(\.questions)
    return QuestionDialect.choose { name in
      has(name) && (asked.map { $0.contains(name) || !QuestionDialect.all.contains { $0.question == name } } ?? true)
    }.map { .exchange($0) }.mapError { $0.reason == .noContent ? RecordFault(.noKnownColumn) : $0 }
  }

  private func judged(_ question: QuestionDialect?, _ dialect: RecordDialect, isWhole: Bool) -> Result<Header.Form, RecordFault> {
    guard let question else { return .failure(RecordFault(.noPrompt)) }
    return isWhole ? .success(.judged(dialect, question)) : .failure(RecordFault(.noAnswer))
  }

  /// Other labels than these two are of another trade: classes, topics.
  private func isTruth(_ row: TableScanner.Row?, _ header: Header) -> Bool {
    guard let row, let column = header.fields.first(where: { $0.value == .label })?.key, let cell = row.cells.first(where: { $0.column == column }),
      isUTF8(row)
    else { return false }
    return ["true", "false"].contains(scanner.text(of: cell).trimmingCharacters(in: .whitespaces).lowercased())
  }

  // MARK: - The rows after it

  private func rows(from start: Int, _ header: Header) -> [Outcome] {
    var outcomes: [Outcome] = []
    var index = start
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
    // Empty cells after the last column are separators that somebody's program writes at the end of each row.
    guard row.columnCount == header.columnCount || row.columnCount > header.columnCount && row.filledColumnCount <= header.columnCount else {
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
    return content(text, fields, header.form).map { DatasetRecord(content: $0, conversation: conversation, license: stated.expression) }
  }

  private func content(_ text: String, _ fields: Fields, _ form: Header.Form) -> Result<DatasetRecord.Content, RecordFault> {
    switch form {
    case .text: return .success(.text(text))
    case .exchange(let dialect): return dialect.messages(fields).map { .messages($0) }
    case .judged(let dialect, let question):
      do throws(RecordFault) {
        return .success(try PreferenceReader.content(of: fields, dialect, asking: question))
      } catch {
        return .failure(error)
      }
    }
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

extension Outcome {
  fileprivate var isFault: Bool { if case .ended = self { true } else { false } }
}
