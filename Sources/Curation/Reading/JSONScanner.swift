/// Finds where the values of a JSON text (RFC 8259) begin and end, by counting brackets outside of strings.
///
/// It does not say that a value is right: what it cuts out is parsed, and where the text is right, so are the cuts. It holds no more than a
/// position, so that neither size nor depth of a text costs memory.
struct JSONScanner {
  let bytes: UnsafeRawBufferPointer

  /// A value of an array, or a stretch in which no value could be told.
  struct Element: Hashable, Sendable {
    let byteRange: Range<Int>
    var isBroken = false
  }

  func skipSpace(from index: Int) -> Int {
    var index = index
    while index < bytes.count, JSONScanner.isSpace(bytes[index]) { index += 1 }
    return index
  }

  /// One past the value that begins at `index`; nil where the text ends within it. What is no value at all ends where it begins, or before the
  /// next character that could follow one.
  func endOfValue(from index: Int) -> Int? {
    guard index < bytes.count else { return nil }
    switch bytes[index] {
    case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfBrackets(from: index)
    case UInt8(ascii: "\""): return endOfString(from: index)
    default: return bytes[index...].firstIndex { JSONScanner.isSpace($0) || JSONScanner.isDelimiter($0) } ?? bytes.count
    }
  }

  /// The values of the array that begins at `start`, and one past its end. Where a comma or the end is missing, the rest is one broken element.
  func elements(ofArrayAt start: Int) -> (elements: [Element], end: Int) {
    var elements: [Element] = []
    var index = skipSpace(from: start + 1)
    if index < bytes.count, bytes[index] == UInt8(ascii: "]") { return ([], index + 1) }
    while let end = endOfValue(from: index) {
      elements.append(Element(byteRange: index..<end))
      let next = skipSpace(from: end)
      guard next < bytes.count else { return (elements + [broken(from: next)], bytes.count) }
      if bytes[next] == UInt8(ascii: "]") { return (elements, next + 1) }
      guard bytes[next] == UInt8(ascii: ",") else { return (elements + [broken(from: next)], bytes.count) }
      index = skipSpace(from: next + 1)
    }
    return (elements + [broken(from: index)], bytes.count)
  }

  /// The same of an array whose end is known from its brackets: what is broken in it ends there too.
  func elements(ofArrayIn range: Range<Int>) -> [Element] {
    cut(at: range.upperBound).elements(ofArrayAt: range.lowerBound).elements
  }

  /// The same of an object: where its quotes are wrong, its members might else end beyond it.
  func members(ofObjectIn range: Range<Int>) -> [(key: Range<Int>, value: Range<Int>)]? { cut(at: range.upperBound).members(ofObjectAt: range.lowerBound) }

  private func cut(at end: Int) -> JSONScanner { JSONScanner(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<end])) }

  /// Keys, as they are spelled and without their quotes, and values of the object that begins at `start`. Nil where it is not well formed.
  func members(ofObjectAt start: Int) -> [(key: Range<Int>, value: Range<Int>)]? {
    var members: [(key: Range<Int>, value: Range<Int>)] = []
    var index = skipSpace(from: start + 1)
    while index < bytes.count, bytes[index] == UInt8(ascii: "\""), let keyEnd = endOfString(from: index) {
      let colon = skipSpace(from: keyEnd)
      guard colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return nil }
      let value = skipSpace(from: colon + 1)
      guard let end = endOfValue(from: value) else { return nil }
      members.append((index + 1..<keyEnd - 1, value..<end))
      let next = skipSpace(from: end)
      guard next < bytes.count, bytes[next] == UInt8(ascii: ",") else { break }
      index = skipSpace(from: next + 1)
    }
    return members.isEmpty ? nil : members
  }

  func broken(from index: Int) -> Element { Element(byteRange: min(index, bytes.count)..<bytes.count, isBroken: true) }

  private func endOfBrackets(from start: Int) -> Int? {
    var depth = 0
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        guard let end = endOfString(from: index) else { return nil }
        index = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    return nil
  }

  private func endOfString(from start: Int) -> Int? {
    var index = start + 1
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""): return index + 1
      case UInt8(ascii: "\\"): index += 2
      default: index += 1
      }
    }
    return nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
  }
}
