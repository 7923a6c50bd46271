/// A JSON parser (RFC 8259) that shares nothing with the one that is tested: recursive descent over bytes, slow and plain.
enum ReferenceJSON {
  indirect enum Value {
    case scalar
    case string([UInt8])
    case array([Value])
    case object([(key: [UInt8], value: Value)])

    /// The text of an object that has one `text` and none of the names that would make more of it.
    var onlyText: [UInt8]? {
      guard case .object(let members) = self else { return nil }
      let texts = members.filter { $0.key == Array("text".utf8) }
      guard texts.count == 1, case .string(let text) = texts[0].value else { return nil }
      return text
    }
  }

  enum Verdict {
    case value(Value)
    case invalid
    /// Numbers near the ends of what binary64 and 64 bits hold, and depth near the limit: there the contract, not the RFC, decides.
    case unsure
  }

  static func parse(_ bytes: [UInt8]) -> Verdict {
    guard String(validating: bytes, as: UTF8.self) != nil else { return .invalid }
    var parser = Parser(bytes: bytes)
    let value = parser.document()
    if parser.isUnsure { return .unsure }
    return value.map { .value($0) } ?? .invalid
  }

  private struct Parser {
    let bytes: [UInt8]
    var index = 0
    var isUnsure = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func document() -> Value? {
      skip()
      guard let value = value(depth: 1) else { return nil }
      skip()
      return index == bytes.count ? value : nil
    }

    mutating func skip() { while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 } }

    mutating func take(_ byte: UInt8) -> Bool {
      guard next == byte else { return false }
      index += 1
      return true
    }

    mutating func word(_ text: StaticString) -> Value? {
      let isThere = text.withUTF8Buffer { bytes[index...].starts(with: $0) }
      guard isThere else { return nil }
      index += text.utf8CodeUnitCount
      return .scalar
    }

    mutating func value(depth: Int) -> Value? {
      if depth > 63 {
        isUnsure = true
        return nil
      }
      switch next {
      case UInt8(ascii: "{"): return object(depth: depth)
      case UInt8(ascii: "["): return array(depth: depth)
      case UInt8(ascii: "\""): return string().map { .string($0) }
      case UInt8(ascii: "t"): return word("true")
      case UInt8(ascii: "f"): return word("false")
      case UInt8(ascii: "n"): return word("null")
      default: return number()
      }
    }

    mutating func object(depth: Int) -> Value? {
      index += 1
      var members: [(key: [UInt8], value: Value)] = []
      skip()
      if take(UInt8(ascii: "}")) { return .object([]) }
      while true {
        skip()
        guard next == UInt8(ascii: "\""), let key = string() else { return nil }
        skip()
        guard take(UInt8(ascii: ":")) else { return nil }
        skip()
        guard let value = value(depth: depth + 1) else { return nil }
        members.append((key, value))
        skip()
        if take(UInt8(ascii: "}")) { return .object(members) }
        guard take(UInt8(ascii: ",")) else { return nil }
      }
    }

    mutating func array(depth: Int) -> Value? {
      index += 1
      var values: [Value] = []
      skip()
      if take(UInt8(ascii: "]")) { return .array([]) }
      while true {
        skip()
        guard let value = value(depth: depth + 1) else { return nil }
        values.append(value)
        skip()
        if take(UInt8(ascii: "]")) { return .array(values) }
        guard take(UInt8(ascii: ",")) else { return nil }
      }
    }

    mutating func string() -> [UInt8]? {
      index += 1
      var output: [UInt8] = []
      while let byte = next {
        index += 1
        if byte == UInt8(ascii: "\"") { return output }
        if byte < 0x20 { return nil }
        guard byte == UInt8(ascii: "\\") else {
          output.append(byte)
          continue
        }
        guard let escape = next else { return nil }
        index += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(escape)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"):
          guard let scalar = unicode() else { return nil }
          output += Array(String(Character(scalar)).utf8)
        default: return nil
        }
      }
      return nil
    }

    mutating func unicode() -> Unicode.Scalar? {
      guard let high = hex() else { return nil }
      guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hex(), (0xDC00..<0xE000).contains(low) else { return nil }
      return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    mutating func hex() -> UInt32? {
      guard index + 4 <= bytes.count else { return nil }
      var value: UInt32 = 0
      for byte in bytes[index..<index + 4] {
        switch byte {
        case 0x30...0x39: value = value << 4 + UInt32(byte - 0x30)
        case 0x41...0x46: value = value << 4 + UInt32(byte - 0x37)
        case 0x61...0x66: value = value << 4 + UInt32(byte - 0x57)
        default: return nil
        }
      }
      index += 4
      return value
    }

    mutating func number() -> Value? {
      let start = index
      _ = take(UInt8(ascii: "-"))
      let whole = digits()
      guard whole > 0 else { return nil }
      let first = bytes[bytes[start] == UInt8(ascii: "-") ? start + 1 : start]
      guard whole == 1 || first != UInt8(ascii: "0") else { return nil }
      var isLong = whole > 18
      if take(UInt8(ascii: ".")), digits() == 0 { return nil }
      if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
        index += 1
        if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
        let exponent = digits()
        guard exponent > 0 else { return nil }
        isLong = isLong || exponent > 2
      }
      if isLong { isUnsure = true }
      return .scalar
    }

    mutating func digits() -> Int {
      let start = index
      while let byte = next, (0x30...0x39).contains(byte) { index += 1 }
      return index - start
    }
  }
}
