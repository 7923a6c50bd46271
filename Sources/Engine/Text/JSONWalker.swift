/// Walks through a JSON document (RFC 8259) that is well-formed UTF-8, without making a value of what is only passed by.
///
/// For `tokenizer.json`, whose tables hold hundreds of thousands of strings: a general decoder spends longer on them than all later work takes,
/// and keeps silent where a name stands there twice.
struct JSONWalker {
  private let bytes: [UInt8]
  private(set) var position: Int
  private static let deepest = 64

  init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// The next byte that is no white space; 0 at the end.
  mutating func next() -> UInt8 {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : 0
  }

  mutating func end() throws(TokenizerError) {
    _ = next()
    guard position == bytes.count else { throw malformed() }
  }

  /// Calls `body` where each member's value stands, with the member's name; `body` passes the value.
  mutating func members(_ body: (inout JSONWalker, [UInt8]) throws(TokenizerError) -> Void) throws(TokenizerError) {
    try pass(UInt8(ascii: "{"))
    if next() == UInt8(ascii: "}") { return try pass(UInt8(ascii: "}")) }
    repeat {
      let name = try string()
      try pass(UInt8(ascii: ":"))
      try body(&self, name)
    } while try passesComma(or: UInt8(ascii: "}"))
  }

  /// Calls `body` where each element stands; `body` passes it.
  mutating func elements(_ body: (inout JSONWalker) throws(TokenizerError) -> Void) throws(TokenizerError) {
    try pass(UInt8(ascii: "["))
    if next() == UInt8(ascii: "]") { return try pass(UInt8(ascii: "]")) }
    repeat { try body(&self) } while try passesComma(or: UInt8(ascii: "]"))
  }

  /// The UTF-8 of a string.
  mutating func string() throws(TokenizerError) -> [UInt8] {
    try pass(UInt8(ascii: "\""))
    var output: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return output
      case UInt8(ascii: "\\"): try escape(into: &output)
      case 0..<0x20: throw malformed()
      default: output.append(byte)
      }
    }
    throw malformed()
  }

  /// An integer that fits into 32 bits.
  mutating func integer() throws(TokenizerError) -> Int32 {
    _ = next()
    let start = position
    while position < bytes.count, bytes[position] == UInt8(ascii: "-") || (0x30...0x39).contains(bytes[position]) { position += 1 }
    let word = bytes[start..<position]
    let digits = word.first == UInt8(ascii: "-") ? word.dropFirst() : word
    guard word.count < 12, digits.count == 1 || digits.first != UInt8(ascii: "0"), let value = Int32(String(decoding: word, as: UTF8.self)) else {
      throw malformed()
    }
    return value
  }

  /// Passes any value; gives where it stands.
  mutating func value(depth: Int = 0) throws(TokenizerError) -> Range<Int> {
    guard depth < Self.deepest else { throw malformed() }
    let first = next()
    let start = position
    switch first {
    case UInt8(ascii: "{"): try passItems(depth, until: UInt8(ascii: "}"), named: true)
    case UInt8(ascii: "["): try passItems(depth, until: UInt8(ascii: "]"), named: false)
    case UInt8(ascii: "\""): try passString()
    default:
      // A number or a word; whoever asks for the value says whether it is one.
      while position < bytes.count, !Self.endsWord.contains(bytes[position]) { position += 1 }
      guard position > start else { throw malformed() }
    }
    return start..<position
  }

  private static let endsWord = Set(" \n\r\t,]}{[\":".utf8)

  /// Passes any value; gives a name that stands twice in one object of it.
  mutating func repeatedName() throws(TokenizerError) -> String? {
    var found: String?
    switch next() {
    case UInt8(ascii: "{"):
      var names: Set<[UInt8]> = []
      try members { (walker, name) throws(TokenizerError) in
        if !names.insert(name).inserted { found = String(decoding: name, as: UTF8.self) }
        found = try walker.repeatedName() ?? found
      }
    case UInt8(ascii: "["): try elements { (walker) throws(TokenizerError) in found = try walker.repeatedName() ?? found }
    default: _ = try value()
    }
    return found
  }

  // MARK: - Parts

  private mutating func passItems(_ depth: Int, until end: UInt8, named: Bool) throws(TokenizerError) {
    position += 1
    if next() == end { return try pass(end) }
    repeat {
      if named {
        guard next() == UInt8(ascii: "\"") else { throw malformed() }
        try passString()
        try pass(UInt8(ascii: ":"))
      }
      _ = try value(depth: depth + 1)
    } while try passesComma(or: end)
  }

  /// Passes a string; whoever asks for it says whether its escapes are right.
  private mutating func passString() throws(TokenizerError) {
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
    throw malformed()
  }

  private mutating func pass(_ byte: UInt8) throws(TokenizerError) {
    guard next() == byte else { throw malformed() }
    position += 1
  }

  /// Passes a comma, or the end.
  private mutating func passesComma(or end: UInt8) throws(TokenizerError) -> Bool {
    let found = next()
    guard found == UInt8(ascii: ",") || found == end else { throw malformed() }
    position += 1
    return found != end
  }

  private mutating func escape(into output: inout [UInt8]) throws(TokenizerError) {
    guard position < bytes.count else { throw malformed() }
    let kind = bytes[position]
    position += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(kind)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"): output += String(try escapedScalar()).utf8
    default: throw malformed()
    }
  }

  /// What stands after `\u`: four digits, or two such escapes that are a surrogate pair.
  private mutating func escapedScalar() throws(TokenizerError) -> Unicode.Scalar {
    let unit = try fourDigits()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard (0xD800..<0xDC00).contains(unit), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw malformed() }
    position += 2
    let low = try fourDigits()
    guard (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) else {
      throw malformed()
    }
    return scalar
  }

  private mutating func fourDigits() throws(TokenizerError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw malformed() }
    let digits = bytes[position..<position + 4]
    // Swift's own reader of numbers also takes a sign.
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }), let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw malformed() }
    position += 4
    return unit
  }

  private func malformed() -> TokenizerError { .malformed(place: "tokenizer.json", reason: "not valid JSON at byte \(position)") }
}
