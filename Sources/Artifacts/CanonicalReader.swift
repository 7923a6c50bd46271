/// Reads what `JSONValue.canonical` wrote, at the speed of its bytes: indices name thousands of pieces.
///
/// It is no judge of JSON. Nil for whatever it does not know, and its value for other bytes may be any: who asks compares the value's canonical bytes.
struct CanonicalReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  private static let deepest = 64

  static func value(of bytes: UnsafeRawBufferPointer) -> JSONValue? {
    bytes.withMemoryRebound(to: UInt8.self) { bytes in
      var reader = CanonicalReader(bytes: bytes)
      let value = reader.value(depth: 0)
      return reader.position == bytes.count ? value : nil
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func take(_ word: StaticString, _ value: JSONValue) -> JSONValue? {
    for index in 0..<word.utf8CodeUnitCount { guard take(word.utf8Start[index]) else { return nil } }
    return value
  }

  private mutating func value(depth: Int) -> JSONValue? {
    guard depth < Self.deepest else { return nil }
    switch next {
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return array(depth: depth)
    case UInt8(ascii: "t"): return take("true", true)
    case UInt8(ascii: "f"): return take("false", false)
    case UInt8(ascii: "n"): return take("null", nil)
    default: return number()
    }
  }

  private mutating func array(depth: Int) -> JSONValue? {
    position += 1
    var values: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array(values) }
    repeat {
      guard let value = value(depth: depth + 1) else { return nil }
      values.append(value)
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? .array(values) : nil
  }

  private mutating func object(depth: Int) -> JSONValue? {
    position += 1
    var members: [String: JSONValue] = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      guard let name = string(), take(UInt8(ascii: ":")), let value = value(depth: depth + 1) else { return nil }
      members[name] = value
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? .object(members) : nil
  }

  private mutating func string() -> String? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = position
    while let byte = next, byte != UInt8(ascii: "\"") {
      // Few strings of ours hold an escape, and whoever knows all of JSON reads those.
      guard byte != UInt8(ascii: "\\") else { return nil }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    return take(UInt8(ascii: "\"")) ? text : nil
  }

  private mutating func number() -> JSONValue? {
    let start = position
    while let byte = next, Self.isOfNumber(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int64(text) { return .integer(integer) }
    guard text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }) else { return nil }
    return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
  }

  private static func isOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"): true
    default: false
    }
  }
}
