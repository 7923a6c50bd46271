/// The members of one line of canonical JSON, found by their bytes: nothing is decoded, so that a ledger of a million lines is read at the
/// speed of its bytes.
///
/// It relies on the line having been written by soulpack (RFC 8785: no white space between tokens), and reads no more of the form than it
/// needs to find where a value ends. Members that nobody asks for are passed over, whatever they hold.
enum CanonicalLine {
  typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

  /// Calls `body` with the name and the value of every member, in their order. False where the line is no object of that form.
  static func forEachMember(of line: Bytes, _ body: (_ name: Bytes, _ value: Bytes) -> Void) -> Bool {
    guard line.count >= 2, line.first == brace, line.last == closingBrace else { return false }
    var index = line.startIndex + 1
    let end = line.endIndex - 1
    while index < end {
      guard line[index] == quote, let nameEnd = endOfString(line, from: index, to: end), nameEnd < end, line[nameEnd] == colon,
        let valueEnd = endOfValue(line, from: nameEnd + 1, to: end)
      else { return false }
      body(line[(index + 1)..<(nameEnd - 1)], line[(nameEnd + 1)..<valueEnd])
      guard valueEnd == end || line[valueEnd] == comma else { return false }
      index = valueEnd + 1
    }
    return true
  }

  /// The number that a value is. Nil where it is no whole number, or below zero.
  static func natural(_ value: Bytes) -> Int? {
    guard !value.isEmpty, value.count <= 16 else { return nil }
    var number = 0
    for byte in value {
      guard byte >= zero, byte <= zero + 9 else { return nil }
      number = number * 10 + Int(byte - zero)
    }
    return number
  }

  /// The text between the quotes of a string without escapes. Nil for anything else.
  static func plainText(_ value: Bytes) -> Bytes? {
    guard value.count >= 2, value.first == quote, value.last == quote, !value.contains(backslash) else { return nil }
    return value[(value.startIndex + 1)..<(value.endIndex - 1)]
  }

  // MARK: - Where things end

  /// One past the closing quote of the string that begins at `start`.
  private static func endOfString(_ line: Bytes, from start: Int, to end: Int) -> Int? {
    var index = start + 1
    while index < end {
      if line[index] == quote { return index + 1 }
      index += line[index] == backslash ? 2 : 1
    }
    return nil
  }

  private static func endOfValue(_ line: Bytes, from start: Int, to end: Int) -> Int? {
    guard start < end else { return nil }
    switch line[start] {
    case quote: return endOfString(line, from: start, to: end)
    case brace, bracket: return endOfNested(line, from: start, to: end)
    default:
      var index = start
      while index < end, line[index] != comma { index += 1 }
      return index > start ? index : nil
    }
  }

  private static func endOfNested(_ line: Bytes, from start: Int, to end: Int) -> Int? {
    var depth = 0
    var index = start
    while index < end {
      switch line[index] {
      case quote:
        guard let next = endOfString(line, from: index, to: end) else { return nil }
        index = next
        continue
      case brace, bracket: depth += 1
      case closingBrace, closingBracket:
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    return nil
  }

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")
  private static let brace = UInt8(ascii: "{")
  private static let closingBrace = UInt8(ascii: "}")
  private static let bracket = UInt8(ascii: "[")
  private static let closingBracket = UInt8(ascii: "]")
  private static let colon = UInt8(ascii: ":")
  private static let comma = UInt8(ascii: ",")
  private static let zero = UInt8(ascii: "0")
}
