internal import Artifacts
internal import CSimdjson

/// Reads the JSON Lines dialect of curation, by simdjson. The one owner of that library: no C type leaves this file.
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
    let content: Result<DatasetRecord, Fault>
  }

  struct Fault: Error {
    let reason: DropReason
  }

  private let reader: OpaquePointer

  init() throws(CurationError) {
    guard let reader = csj_reader_create() else { throw .outOfMemory }
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

  private func content(of record: csj_record) -> Result<DatasetRecord, Fault> {
    guard record.status == CSJ_OK else { return .failure(Fault(reason: reason(for: record.status))) }
    let conversation = record.has_conversation ? string(record.conversation) : nil
    guard record.kind == CSJ_MESSAGES else {
      return .success(DatasetRecord(content: .text(string(record.text)), conversation: conversation))
    }
    let turns = UnsafeBufferPointer(start: record.turns, count: record.turn_count)
    let messages = turns.map { Message(role: role(of: $0), content: string($0.content)) }
    return .success(DatasetRecord(content: .messages(messages), conversation: conversation))
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

  private func reason(for status: csj_status) -> DropReason {
    switch status {
    case CSJ_LINE_TOO_LONG: .lineTooLong
    case CSJ_INVALID_UTF8: .invalidUTF8
    case CSJ_NESTED_TOO_DEEPLY: .nestedTooDeeply
    case CSJ_DUPLICATE_KEY: .duplicateKey
    case CSJ_NOT_AN_OBJECT: .notAnObject
    case CSJ_NO_CONTENT: .noContent
    case CSJ_AMBIGUOUS_CONTENT: .ambiguousContent
    case CSJ_TEXT_NOT_A_STRING: .textNotAString
    case CSJ_MESSAGES_NOT_AN_ARRAY: .messagesNotAnArray
    case CSJ_TURN_NOT_AN_OBJECT: .turnNotAnObject
    case CSJ_UNKNOWN_ROLE: .unknownRole
    case CSJ_TURN_CONTENT_NOT_A_STRING: .turnContentNotAString
    case CSJ_CONVERSATION_NOT_A_STRING: .conversationNotAString
    default: .invalidJSON
    }
  }
}
