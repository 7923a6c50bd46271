package import Foundation

/// A JSON document as a value, with the one canonical spelling that every digest in soulpack is taken over.
///
/// The canonical form is RFC 8785 (JSON Canonicalization Scheme): members sorted by UTF-16 code units, no white space, numbers as
/// ECMAScript prints them. Integers beyond ±(2⁵³ − 1), which RFC 8785 does not allow (section 3.2.2.3), are for whoever reads a foreign document to
/// refuse: none of ours holds one.
package indirect enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])
}

extension JSONValue {
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  package var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  package var integer: Int64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The number, whether it was written as an integer or not.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  package var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  package var object: [String: JSONValue]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  package var digest: Digest? { string.flatMap { Digest($0) } }

  package static func digest(_ digest: Digest) -> JSONValue { .string(digest.description) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}

// MARK: - Reading

/// Bytes that are not JSON. `reason` is the decoder's own, without any of the text.
package struct JSONSyntaxError: Error, Hashable {
  package let reason: String
}

extension JSONValue: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)  // A failed `try?` here means "another type": JSON gives no other way to ask.
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// Parses one JSON document. Made for documents of kilobytes; datasets go through the streaming reader of Curation.
  package init(parsing bytes: Data) throws(JSONSyntaxError) {
    do {
      self = try JSONDecoder().decode(JSONValue.self, from: bytes)
    } catch {
      throw JSONSyntaxError(reason: "not valid JSON")
    }
  }

  /// Parses a document that must already be in canonical form: one document, one spelling, no spare bytes.
  package init(parsingCanonical bytes: Data) throws(JSONSyntaxError) {
    if let value = bytes.withUnsafeBytes(CanonicalReader.value), value.canonical == bytes {
      self = value
      return
    }
    let value = try JSONValue(parsing: bytes)
    guard value.canonical == bytes else { throw JSONSyntaxError(reason: "not in canonical form (RFC 8785)") }
    self = value
  }
}

// MARK: - Writing

extension JSONValue {
  /// The canonical bytes (RFC 8785). NaN and infinities have no JSON form: a caller that holds one has a defect, so this traps.
  package var canonical: Data {
    var output: [UInt8] = []
    append(to: &output)
    return Data(output)
  }

  /// The canonical bytes as text, for a line of output or of a larger document.
  package var canonicalText: String { String(decoding: canonical, as: UTF8.self) }

  private func append(to output: inout [UInt8]) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .integer(let value): output += String(value).utf8
    case .number(let value): output += ecmaScriptDescription(of: value).utf8
    case .string(let value): appendQuoted(value, to: &output)
    case .array(let values):
      output.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        value.append(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in sortedMembers(members).enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        appendQuoted(member.key, to: &output)
        output.append(UInt8(ascii: ":"))
        member.value.append(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// The same document for people: two spaces a level, members in the canonical order, a line feed at the end.
  package var pretty: String {
    var output = ""
    appendPretty(to: &output, indent: "")
    return output + "\n"
  }

  private func appendPretty(to output: inout String, indent: String) {
    let inner = indent + "  "
    switch self {
    case .array(let values) where !values.isEmpty:
      output += "[\n"
      for (index, value) in values.enumerated() {
        output += inner
        value.appendPretty(to: &output, indent: inner)
        output += index + 1 < values.count ? ",\n" : "\n"
      }
      output += indent + "]"
    case .object(let members) where !members.isEmpty:
      output += "{\n"
      for (index, member) in sortedMembers(members).enumerated() {
        output += inner + JSONValue.string(member.key).canonicalText + ": "
        member.value.appendPretty(to: &output, indent: inner)
        output += index + 1 < members.count ? ",\n" : "\n"
      }
      output += indent + "}"
    default:
      output += canonicalText
    }
  }
}

/// RFC 8785, section 3.2.3: by UTF-16 code units, which differs from Swift's own order of strings.
private func sortedMembers(_ members: [String: JSONValue]) -> [(key: String, value: JSONValue)] {
  members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
}

/// RFC 8785, section 3.2.2.2: the short escapes, `\u00xx` for other controls, everything else as it is.
private func appendQuoted(_ text: String, to output: inout [UInt8]) {
  output.append(UInt8(ascii: "\""))
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "\""): output += #"\""#.utf8
    case UInt8(ascii: "\\"): output += #"\\"#.utf8
    case 0x08: output += #"\b"#.utf8
    case 0x09: output += #"\t"#.utf8
    case 0x0A: output += #"\n"#.utf8
    case 0x0C: output += #"\f"#.utf8
    case 0x0D: output += #"\r"#.utf8
    case 0..<0x20: output += (#"\u00"# + hexadecimal([byte])).utf8
    default: output.append(byte)
    }
  }
  output.append(UInt8(ascii: "\""))
}

/// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20), which RFC 8785 prescribes. Swift's `description` has the same shortest digits and
/// places the point and the exponent elsewhere.
private func ecmaScriptDescription(of value: Double) -> String {
  precondition(value.isFinite, "JSON has no NaN and no infinity")
  if value == 0 { return "0" }
  let (digits, pointPosition) = shortestDigits(of: value.magnitude)
  let sign = value < 0 ? "-" : ""
  let count = digits.count
  switch pointPosition {
  case count...21:
    return sign + digits + String(repeating: "0", count: pointPosition - count)
  case 1..<max(count, 1) where pointPosition <= 21:
    return sign + digits.prefix(pointPosition) + "." + digits.dropFirst(pointPosition)
  case -5...0:
    return sign + "0." + String(repeating: "0", count: -pointPosition) + digits
  default:
    let exponent = pointPosition - 1
    let mantissa = count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
    return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + String(exponent.magnitude)
  }
}

/// The shortest decimal digits d₁d₂… and the n such that the value is 0.d₁d₂… × 10ⁿ.
private func shortestDigits(of magnitude: Double) -> (digits: String, pointPosition: Int) {
  let parts = magnitude.description.split(separator: "e")
  let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  let point = parts[0].split(separator: ".", omittingEmptySubsequences: false)
  let whole = String(point[0])
  let fraction = point.count > 1 ? String(point[1]) : ""
  let all = whole + fraction
  let leadingZeros = all.prefix { $0 == "0" }.count
  let digits = all.dropFirst(leadingZeros)
  let trailingZeros = digits.reversed().prefix { $0 == "0" }.count
  return (String(digits.dropLast(trailingZeros)), whole.count + exponent - leadingZeros)
}
