internal import Artifacts
internal import Hashing

/// Writes the canonical JSON (RFC 8785) of records and ledger entries straight into bytes.
///
/// `JSONValue` gives the same bytes by way of a dictionary for each object; at a million records that way costs more than everything
/// else. The callers put members in canonical order. The tests hold both ways against each other.
struct CanonicalWriter {
  private(set) var bytes: [UInt8] = []

  mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  mutating func integer(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

  mutating func number(_ value: Double) { bytes.append(contentsOf: JSONValue.number(value).canonical) }

  mutating func digest(_ digest: Digest) {
    raw("\"sha256:")
    bytes.append(contentsOf: digest.hex.utf8)
    raw("\"")
  }

  /// Runs of bytes that need no escape are copied as they are, which is nearly all of them.
  mutating func string(_ text: String) {
    var text = text
    raw("\"")
    text.withUTF8 { utf8 in
      var start = 0
      for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
        escape(byte)
        start = index + 1
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
    }
    raw("\"")
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
    raw("{")
    switch record.content {
    case .messages(let turns):
      messages(turns)
      raw(",\"schema\":\"soulpack.record/1\"}")
    case .text(let text):
      raw("\"schema\":\"soulpack.record/1\",\"text\":")
      string(text)
      raw("}")
    }
  }

  /// `DatasetRecord.canonicalLine`, without a line feed. With a `source`, that member stands where its name does.
  mutating func line(of record: DatasetRecord, source: RecordPlace? = nil) {
    raw("{")
    if let conversation = record.conversation {
      raw("\"conversation\":")
      string(conversation)
      raw(",")
    }
    if let license = record.license {
      raw("\"license\":")
      string(license)
      raw(",")
    }
    switch record.content {
    case .messages(let turns):
      messages(turns)
      if let source {
        raw(",")
        place("source", source)
      }
    case .text(let text):
      if let source {
        place("source", source)
        raw(",")
      }
      raw("\"text\":")
      string(text)
    }
    raw("}")
  }

  private mutating func place(_ name: String, _ place: RecordPlace) {
    string(name)
    raw(":{\"file\":")
    string(place.file)
    raw(",\"line\":")
    integer(place.line)
    raw("}")
  }
}

extension DatasetRecord {
  /// `id`, by the shorter way.
  var contentID: RecordID {
    var writer = CanonicalWriter()
    writer.content(of: self)
    return RecordID(Digest(hashing: writer.bytes))
  }

  var lineBytes: [UInt8] {
    var writer = CanonicalWriter()
    writer.line(of: self)
    return writer.bytes
  }
}
