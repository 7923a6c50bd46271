internal import Artifacts
internal import CSimdjson

/// Reads the JSON dialects of curation, by simdjson. The one owner of that library: no C type leaves this file.
struct LineParser: ~Copyable {
  /// A longer line is dropped without being parsed.
  static let lineLimitInBytes = 16 << 20
  /// The line's own object counts as one.
  static let depthLimit = Int(CSJ_DEPTH_LIMIT)

  struct Line {
    /// From 1, within the bytes that were given.
    let number: Int
    /// From the start of the bytes that were given; without the line's end.
    let byteRange: Range<Int>
    let content: Result<DatasetRecord, RecordFault>
  }

  private let reader: OpaquePointer

  init() throws(CurationError) {
    guard let reader = FieldName.withCStrings({ csj_reader_create($0.baseAddress, $0.count) }) else { throw .outOfMemory }
    self.reader = reader
  }

  deinit { csj_reader_destroy(reader) }

  /// Hands out every line that is not blank, in order.
  func forEachLine(
    in bytes: UnsafeRawBufferPointer, lineLimitInBytes: Int = lineLimitInBytes, _ body: (Line) -> Void
  ) throws(CurationError) {
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
    csj_reader_open(reader, start, bytes.count, lineLimitInBytes)
    var record = csj_record()
    while csj_reader_next(reader, &record) {
      if record.status == CSJ_OUT_OF_MEMORY { throw .outOfMemory }
      let range = record.offset..<(record.offset + record.count)
      body(Line(number: record.line, byteRange: range, content: content(of: record)))
    }
  }

  /// Reads a range as one JSON text, whatever its line feeds.
  func value(at range: Range<Int>, of bytes: UnsafeRawBufferPointer) throws(CurationError) -> Result<DatasetRecord, RecordFault> {
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return .failure(RecordFault(.invalidJSON)) }
    csj_reader_open(reader, start, bytes.count, Self.lineLimitInBytes)
    var record = csj_record()
    csj_reader_value(reader, range.lowerBound, range.count, &record)
    if record.status == CSJ_OUT_OF_MEMORY { throw .outOfMemory }
    return content(of: record)
  }

  private func content(of record: csj_record) -> Result<DatasetRecord, RecordFault> {
    guard record.status == CSJ_OK else { return .failure(fault(of: record)) }
    let conversation = record.has_conversation ? string(record.conversation) : nil
    let license = license(of: record)
    if record.kind == CSJ_TEXT { return .success(DatasetRecord(content: .text(string(record.text)), conversation: conversation, license: license)) }
    return messages(of: record).map { DatasetRecord(content: .messages($0), conversation: conversation, license: license) }
  }

  private func license(of record: csj_record) -> String? {
    guard record.license.state != CSJ_ABSENT || record.consent.state != CSJ_ABSENT else { return nil }
    return StatedTerms(license: value(of: record.license), consent: value(of: record.consent)).expression
  }

  private func messages(of record: csj_record) -> Result<[Message], RecordFault> {
    let turns = UnsafeBufferPointer(start: record.turns, count: record.turn_count)
    switch record.kind {
    case CSJ_CONVERSATIONS:
      return QuestionDialect.systemTurn(fields(of: record)).map { system in system + turns.map { message($0) } }
    case CSJ_FIELDS:
      let fields = fields(of: record)
      return QuestionDialect.choose { fields[$0] != .absent }.flatMap { $0.messages(fields) }
    default:
      return .success(turns.map { message($0) })
    }
  }

  private func message(_ turn: csj_turn) -> Message { Message(role: role(of: turn), content: string(turn.content)) }

  private func fields(of record: csj_record) -> Fields {
    Fields(
      UnsafeBufferPointer(start: record.fields, count: FieldName.allCases.count).map { value(of: $0) })
  }

  private func value(of field: csj_field) -> Fields.Value {
    switch field.state {
    case CSJ_ABSENT: .absent
    case CSJ_STRING: .string(string(field.text))
    case CSJ_TWICE: .twice
    default: .notAString
    }
  }

  /// Copies: the bytes live until the next line is read. They are valid UTF-8: simdjson checks the line, and refuses escapes of lone surrogates.
  private func string(_ text: csj_text) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
  }

  private func role(of turn: csj_turn) -> Message.Role {
    switch turn.role {
    case CSJ_SYSTEM: .system
    case CSJ_USER: .user
    default: .assistant
    }
  }

  private func fault(of record: csj_record) -> RecordFault {
    guard record.status == CSJ_LINE_TOO_LONG else { return RecordFault(reason(for: record.status)) }
    return RecordFault(.lineTooLong, measured: Double(record.count), threshold: Double(Self.lineLimitInBytes))
  }

  private func reason(for status: csj_status) -> DropReason {
    switch status {
    case CSJ_LINE_TOO_LONG: .lineTooLong
    case CSJ_INVALID_UTF8: .invalidUTF8
    case CSJ_NESTED_TOO_DEEPLY: .nestedTooDeeply
    case CSJ_DUPLICATE_KEY: .duplicateKey
    case CSJ_NOT_AN_OBJECT: .notAnObject
    case CSJ_AMBIGUOUS_CONTENT: .ambiguousContent
    case CSJ_TEXT_NOT_A_STRING: .textNotAString
    case CSJ_MESSAGES_NOT_AN_ARRAY: .messagesNotAnArray
    case CSJ_TURN_NOT_AN_OBJECT: .turnNotAnObject
    case CSJ_UNKNOWN_ROLE: .unknownRole
    case CSJ_TURN_CONTENT_NOT_A_STRING: .turnContentNotAString
    case CSJ_CONVERSATION_NOT_A_STRING: .conversationNotAString
    case CSJ_CONVERSATIONS_NOT_AN_ARRAY: .conversationsNotAnArray
    default: .invalidJSON
    }
  }
}
