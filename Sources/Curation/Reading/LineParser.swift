internal import Artifacts
internal import CSimdjson

/// Reads the JSON dialects of curation, by simdjson. With `JSONTree`, the one owner of that library: no C type leaves the two.
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
  /// Nil: each record is of the dialect that its members name.
  private let dialect: RecordDialect?

  init(_ dialect: RecordDialect? = nil) throws(CurationError) {
    guard let reader = csj_reader_create(dialect != nil) else { throw .outOfMemory }
    self.reader = reader
    self.dialect = dialect
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
  func value(
    at range: Range<Int>, of bytes: UnsafeRawBufferPointer, limitInBytes: Int = lineLimitInBytes
  ) throws(CurationError) -> Result<DatasetRecord, RecordFault> {
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return .failure(RecordFault(.invalidJSON)) }
    csj_reader_open(reader, start, bytes.count, limitInBytes)
    var record = csj_record()
    csj_reader_value(reader, range.lowerBound, range.count, &record)
    if record.status == CSJ_OUT_OF_MEMORY { throw .outOfMemory }
    return content(of: record)
  }

  /// Reads a line that we wrote ourselves.
  func record(ofCanonicalLine bytes: UnsafeRawBufferPointer) throws -> DatasetRecord {
    try value(at: 0..<bytes.count, of: bytes, limitInBytes: .max).get()
  }

  /// Reads a range as one JSON text, and lends what it holds to `body`; a fault of the text is given back.
  func tree<Value>(at range: Range<Int>, of bytes: UnsafeRawBufferPointer, _ body: (JSONTree) -> Value) throws(CurationError) -> Result<Value, RecordFault> {
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return .failure(RecordFault(.invalidJSON)) }
    csj_reader_open(reader, start, bytes.count, Self.lineLimitInBytes)
    var record = csj_record()
    csj_reader_tree(reader, range.lowerBound, range.count, &record)
    if record.status == CSJ_OUT_OF_MEMORY { throw .outOfMemory }
    return record.status == CSJ_OK ? .success(body(JSONTree(record.tree))) : .failure(fault(of: record))
  }

  private func content(of record: csj_record) -> Result<DatasetRecord, RecordFault> {
    guard record.status == CSJ_OK else { return .failure(fault(of: record)) }
    if record.kind == CSJ_TREE { return DialectReader.record(of: JSONTree(record.tree), dialect) }
    let conversation = record.has_conversation ? JSONTree.string(record.conversation) : nil
    if record.kind == CSJ_TEXT { return .success(DatasetRecord(content: .text(JSONTree.string(record.text)), conversation: conversation)) }
    let turns = UnsafeBufferPointer(start: record.turns, count: record.turn_count)
    return .success(DatasetRecord(content: .messages(turns.map { message($0) }), conversation: conversation))
  }

  private func message(_ turn: csj_turn) -> Message { Message(role: role(of: turn), content: JSONTree.string(turn.content)) }

  private func role(of turn: csj_turn) -> Message.Role {
    switch turn.role {
    case CSJ_SYSTEM: .system
    case CSJ_USER: .user
    default: .assistant
    }
  }

  private func fault(of record: csj_record) -> RecordFault {
    guard record.status == CSJ_LINE_TOO_LONG else { return RecordFault(reason(for: record.status)) }
    return Self.tooLong(record.count)
  }

  static func tooLong(_ byteCount: Int) -> RecordFault {
    RecordFault(.lineTooLong, measured: Double(byteCount), threshold: Double(lineLimitInBytes))
  }

  private func reason(for status: csj_status) -> DropReason {
    switch status {
    case CSJ_LINE_TOO_LONG: .lineTooLong
    case CSJ_INVALID_UTF8: .invalidUTF8
    case CSJ_NESTED_TOO_DEEPLY: .nestedTooDeeply
    default: .invalidJSON
    }
  }
}
