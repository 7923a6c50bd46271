internal import Artifacts
internal import Foundation
internal import Hashing

/// The canonical line of a record (RFC 8785), and its id, which is of nearly the same bytes: so that a record is spelled once.
///
/// The line is `{"conversation":…,"license":…,"messages":…}`, the content that the id names `{"messages":…,"schema":"soulpack.record/1"}`.
struct RecordLine {
  /// Without the conversation key, the licence and a line feed.
  private(set) var bytes: [UInt8]

  /// Whatever conversation key and licence the record has are left out.
  init(_ record: DatasetRecord) {
    var writer = CanonicalWriter()
    writer.line(of: DatasetRecord(content: record.content))
    bytes = writer.bytes
  }

  /// The id of a record with this line, which has neither conversation key nor licence.
  static func id(of line: UnsafeRawBufferPointer) -> RecordID? {
    guard !line.isEmpty else { return nil }
    return id(ofBody: UnsafeRawBufferPointer(rebasing: line.dropFirst())) ?? record(of: line)?.contentID
  }

  /// Reads a whole line without its line feed, far enough to know which record it is. Nil where it is none.
  static func identity(of line: UnsafeRawBufferPointer) -> (id: RecordID, conversation: String?)? {
    guard let (start, key) = start(of: line) else { return nil }
    if let id = id(ofBody: UnsafeRawBufferPointer(rebasing: line[start...])) { return (id, key) }
    return record(of: line).map { ($0.contentID, $0.conversation) }
  }

  /// The id of a whole line without its line feed, and its line without conversation key and licence. Nil where it is none.
  static func content(of line: UnsafeRawBufferPointer) -> (id: RecordID, bytes: [UInt8])? {
    guard let (start, _) = start(of: line) else { return nil }
    if let id = id(ofBody: UnsafeRawBufferPointer(rebasing: line[start...])) { return (id, [UInt8(ascii: "{")] + line[start...]) }
    return record(of: line).map { ($0.contentID, RecordLine($0).bytes) }
  }

  /// The id and the conversation key of a whole line without its line feed, and how long its content's line is by itself. Nil where it is none.
  static func parts(of line: UnsafeRawBufferPointer) -> (id: RecordID, conversation: String?, byteCount: Int)? {
    guard let (start, key) = start(of: line) else { return nil }
    if let id = id(ofBody: UnsafeRawBufferPointer(rebasing: line[start...])) { return (id, key, line.count - start + 1) }
    return record(of: line).map { ($0.contentID, $0.conversation, RecordLine($0).bytes.count) }
  }

  /// Where the content begins, and the conversation key before it.
  private static func start(of line: UnsafeRawBufferPointer) -> (start: Int, conversation: String?)? {
    guard line.first == UInt8(ascii: "{") else { return nil }
    var start = 1
    var key: String?
    if line.dropFirst(start).starts(with: conversation.utf8) {
      guard let range = value(after: conversation, in: line, from: start) else { return nil }
      // What does not parse is not of our writing: the caller says so.
      guard let text = try? JSONValue(parsing: Data(line[range])).string else { return nil }  // As below.
      (key, start) = (text, range.upperBound + 1)
    }
    if line.dropFirst(start).starts(with: license.utf8) {
      guard let range = value(after: license, in: line, from: start) else { return nil }
      start = range.upperBound + 1
    }
    return (start, key)
  }

  /// Where the string after a member's name stands, if another member follows.
  private static func value(after name: String, in line: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
    let first = start + name.utf8.count - 1
    guard let end = endOfString(in: line, from: first), end + 1 < line.count, line[end] == UInt8(ascii: ",") else { return nil }
    return first..<end
  }

  /// Of any kind, by way of a document.
  private static func record(of line: UnsafeRawBufferPointer) -> DatasetRecord? {
    let value = try? JSONValue(parsing: Data(line))  // What does not parse is not of our writing: the caller says so.
    return value.flatMap(DatasetRecord.init(line:))
  }

  private static let text = "\"text\":"
  private static let messages = "\"messages\":"
  private static let conversation = "\"conversation\":\""
  private static let license = "\"license\":\""
  private static let schemaFirst = Array("{\"schema\":\"soulpack.record/1\",".utf8)
  private static let schemaLast = Array(",\"schema\":\"soulpack.record/1\"}".utf8)

  /// Stands after the turns of a conversation with tools, and nowhere within a string, where its quotation mark would be escaped.
  private static let tools = Array("],\"tools\":".utf8)

  /// `body` is what follows the opening brace. Nil where the schema does not stand at an end of the content: in the kinds that are rare.
  private static func id(ofBody body: UnsafeRawBufferPointer) -> RecordID? {
    var hasher = SHA256()
    if body.starts(with: text.utf8) {
      hasher.update(schemaFirst)
      hasher.update(body)
    } else if body.starts(with: messages.utf8), !body.holds(tools) {
      hasher.update([UInt8(ascii: "{")])
      hasher.update(UnsafeRawBufferPointer(rebasing: body.dropLast()))
      hasher.update(schemaLast)
    } else {
      return nil
    }
    return RecordID(hasher.finalize())
  }

  /// One past the closing quotation mark of the string that begins at `start`.
  private static func endOfString(in line: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start + 1
    while index < line.count {
      if line[index] == UInt8(ascii: "\"") { return index + 1 }
      index += line[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  /// Appends the whole line with its line feed.
  static func append(_ line: UnsafeRawBufferPointer, conversation: String?, license: String?, to bytes: inout [UInt8]) {
    if !line.starts(with: "{\"messages\":".utf8), !line.starts(with: "{\"text\":".utf8), var record = record(of: line) {
      // The two have other places among the members.
      (record.conversation, record.license) = (conversation, license)
      bytes.append(contentsOf: record.lineBytes)
    } else {
      var writer = CanonicalWriter()
      writer.raw("{")
      writer.member("conversation", conversation)
      writer.member("license", license)
      bytes.append(contentsOf: writer.bytes)
      bytes.append(contentsOf: line.dropFirst())
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}
