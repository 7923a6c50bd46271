package import Artifacts
internal import Hashing

/// Writes the canonical JSON (RFC 8785) of records and ledger entries straight into bytes.
///
/// `JSONValue` gives the same bytes by way of a dictionary for each object; at a million records that way costs more than everything
/// else. The callers put members in canonical order. The tests hold both ways against each other.
package struct CanonicalWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  package mutating func integer(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    digits(value.magnitude, atLeast: 1)
  }

  /// The last of a number's digits stand first in `room`, so that they are written from its end.
  private mutating func digits(_ value: UInt, atLeast fewest: Int) {
    var rest = value
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { room in
      var start = room.count
      repeat {
        start -= 1
        room[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0 || room.count - start < fewest
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: room[start...]))
    }
  }

  /// As ECMAScript spells it. What has six decimals at the most, as measures have, is written straight away: below a million that is at most
  /// twelve digits, and no two decimals of up to fifteen are one double, so that there is no shorter spelling.
  package mutating func number(_ value: Double) {
    let millionths = (value * 1_000_000).rounded()
    guard value >= 0, value < 1_000_000, millionths / 1_000_000 == value else {
      bytes.append(contentsOf: JSONValue.number(value).canonical)
      return
    }
    let whole = UInt(millionths) / 1_000_000
    var part = UInt(millionths) % 1_000_000
    digits(whole, atLeast: 1)
    guard part > 0 else { return }
    var decimals = 6
    while part % 10 == 0 { (part, decimals) = (part / 10, decimals - 1) }
    bytes.append(UInt8(ascii: "."))
    digits(part, atLeast: decimals)
  }

  package mutating func digest(_ digest: Digest) {
    raw("\"sha256:")
    for byte in digest.bytes {
      bytes.append(CanonicalWriter.hexadecimalDigit(byte >> 4))
      bytes.append(CanonicalWriter.hexadecimalDigit(byte & 15))
    }
    raw("\"")
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value }

  /// Runs of bytes that need no escape are copied as they are, which is nearly all of them.
  package mutating func string(_ text: String) {
    var text = text
    raw("\"")
    text.withUTF8 { utf8 in
      var start = 0
      while let index = CanonicalWriter.firstToEscape(in: utf8, from: start) {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
        escape(utf8[index])
        start = index + 1
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
    }
    raw("\"")
  }

  private static func firstToEscape(in utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var index = start
    while index + EightBytes.count <= utf8.count {
      let eight = EightBytes(utf8, at: index)
      let escapes = eight.someBelow(0x20) | eight.someEqual(to: UInt8(ascii: "\"")) | eight.someEqual(to: UInt8(ascii: "\\"))
      if escapes != 0 { return index + EightBytes.first(in: escapes) }
      index += EightBytes.count
    }
    return utf8[index...].firstIndex { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
  }

  /// RFC 8785, section 3.2.2.2.
  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): raw("\\\"")
    case UInt8(ascii: "\\"): raw("\\\\")
    case 0x08: raw("\\b")
    case 0x09: raw("\\t")
    case 0x0A: raw("\\n")
    case 0x0C: raw("\\f")
    case 0x0D: raw("\\r")
    default:
      raw("\\u00")
      bytes.append(contentsOf: hexadecimal([byte]).utf8)
    }
  }
}

extension CanonicalWriter {
  /// Room for a line or the content of a record, unless more than one byte of 32 has to be escaped.
  init(roomFor record: DatasetRecord) {
    let texts =
      switch record.content {
      case .text(let text): text.utf8.count
      case .messages(let messages): messages.reduce(0) { $0 + $1.content.utf8.count + 40 }
      case .toolUse, .preference, .judged: 0  // They are written as values.
      }
    bytes.reserveCapacity(texts + texts / 32 + (record.conversation?.utf8.count ?? 0) + 80)
  }

  private mutating func messages(_ messages: [Message]) {
    raw("\"messages\":[")
    for (index, message) in messages.enumerated() {
      raw(index == 0 ? "{\"content\":" : ",{\"content\":")
      string(message.content)
      raw(",\"role\":")
      string(message.role.rawValue)
      raw("}")
    }
    raw("]")
  }

  /// `DatasetRecord.canonicalContent`.
  mutating func content(of record: DatasetRecord) {
    guard record.isOfCommonKind else {
      bytes.append(contentsOf: record.canonicalContent.canonical)
      return
    }
    raw("{")
    switch record.content {
    case .messages(let turns):
      messages(turns)
      raw(",\"schema\":\"soulpack.record/1\"}")
    case .text(let text):
      raw("\"schema\":\"soulpack.record/1\",\"text\":")
      string(text)
      raw("}")
    case .toolUse, .preference, .judged: preconditionFailure("they are written as values")
    }
  }

  /// Nothing where it is nil; more members follow.
  mutating func member(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    raw("\"")
    raw(name)
    raw("\":")
    string(value)
    raw(",")
  }

  /// `DatasetRecord.canonicalLine`, without a line feed.
  mutating func line(of record: DatasetRecord) {
    guard record.isOfCommonKind else { return bytes.append(contentsOf: record.canonicalLine.canonical) }
    raw("{")
    member("conversation", record.conversation)
    member("license", record.license)
    switch record.content {
    case .messages(let turns): messages(turns)
    case .text(let text):
      raw("\"text\":")
      string(text)
    case .toolUse, .preference, .judged: preconditionFailure("they are written as values")
    }
    raw("}")
  }
}

extension DatasetRecord {
  /// One of the two kinds that are met by the million.
  fileprivate var isOfCommonKind: Bool {
    switch content {
    case .messages, .text: true
    case .toolUse, .preference, .judged: false
    }
  }

  /// `id`, by the shorter way.
  var contentID: RecordID {
    var writer = CanonicalWriter(roomFor: self)
    writer.content(of: self)
    return RecordID(Digest(hashing: writer.bytes))
  }

  var lineBytes: [UInt8] {
    var writer = CanonicalWriter(roomFor: self)
    writer.line(of: self)
    return writer.bytes
  }
}
