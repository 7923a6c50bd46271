/// What a template is made of. `offset` is where it begins in the source's bytes.
struct TemplateToken {
  enum Kind: Equatable {
    /// Text outside all marks, white space at its ends already taken off.
    case data([UInt8])
    case variableBegin, variableEnd, blockBegin, blockEnd
    case name(String)
    case string([UInt8])
    case integer(Int)
    case symbol(String)
    case end
  }

  let kind: Kind
  let offset: Int
}

/// Cuts a template into tokens as Jinja 3.1's lexer does with `trim_blocks` and `lstrip_blocks`, which is how `transformers` sets it: the line
/// end after a block or comment and the white space before it on its line go; `-` takes all white space on its side, `+` keeps it.
struct TemplateLexer {
  private let source: [UInt8]
  private var position = 0
  private var tokens: [TemplateToken] = []
  /// Whether the last thing ended with a line end, so that a block that follows begins its line.
  private var beginsLine = true

  /// The source has line ends of one kind (`normalized`).
  init(_ source: [UInt8]) { self.source = source }

  /// Line ends as `\n`, and none at the end: Jinja drops one.
  static func normalized(_ source: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(source.count)
    var afterReturn = false
    for byte in source {
      if byte == UInt8(ascii: "\r") || (byte == UInt8(ascii: "\n") && !afterReturn) { output.append(UInt8(ascii: "\n")) }
      if byte != UInt8(ascii: "\r"), byte != UInt8(ascii: "\n") { output.append(byte) }
      afterReturn = byte == UInt8(ascii: "\r")
    }
    if output.last == UInt8(ascii: "\n") { output.removeLast() }
    return output
  }

  mutating func run() throws(TemplateFault) -> [TemplateToken] {
    while position < source.count { try passDataAndMark() }
    tokens.append(TemplateToken(kind: .end, offset: source.count))
    return tokens
  }

  private mutating func passDataAndMark() throws(TemplateFault) {
    let start = position
    guard let mark = nextMark(from: start) else {
      append(.data(Array(source[start...])), at: start)
      position = source.count
      return
    }
    let sign = mark + 2 < source.count ? source[mark + 2] : 0
    let data = source[start..<endOfData(start, mark, sign)]
    if !data.isEmpty { append(.data(Array(data)), at: start) }
    position = mark + (sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") ? 3 : 2)
    switch source[mark + 1] {
    case UInt8(ascii: "#"): try passComment(from: mark)
    case UInt8(ascii: "{"): try passInside(.variableBegin, .variableEnd, at: mark)
    default: try passInside(.blockBegin, .blockEnd, at: mark)
    }
    beginsLine = position > 0 && source[position - 1] == UInt8(ascii: "\n")
  }

  private func nextMark(from start: Int) -> Int? {
    var position = start
    while position + 1 < source.count {
      if source[position] == UInt8(ascii: "{"), [UInt8(ascii: "%"), UInt8(ascii: "{"), UInt8(ascii: "#")].contains(source[position + 1]) {
        return position
      }
      position += 1
    }
    return nil
  }

  /// Where the text before a mark ends once its white space was taken off.
  private func endOfData(_ start: Int, _ mark: Int, _ sign: UInt8) -> Int {
    if sign == UInt8(ascii: "-") { return startOfSpace(before: mark, from: start) }
    guard sign != UInt8(ascii: "+"), source[mark + 1] != UInt8(ascii: "{") else { return mark }
    let line = source[start..<mark].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? start
    guard line > start || beginsLine, startOfSpace(before: mark, from: line) == line else { return mark }
    return line
  }

  private func startOfSpace(before end: Int, from start: Int) -> Int {
    var end = end
    while end > start {
      var before = end - 1
      while before > start, source[before] & 0xC0 == 0x80 { before -= 1 }
      guard isPythonSpace(decodeScalar(source, at: before).scalar) else { break }
      end = before
    }
    return end
  }

  private mutating func passComment(from mark: Int) throws(TemplateFault) {
    // The sign of the beginning is passed: `{#-#}` has none for its end.
    let start = position
    while position + 1 < source.count {
      if source[position] == UInt8(ascii: "#"), source[position + 1] == UInt8(ascii: "}") {
        let sign = position > start ? source[position - 1] : 0
        return passEnd(length: 2, from: position, sign: sign)
      }
      position += 1
    }
    throw TemplateFault(kind: .syntax("a comment without an end"), offset: mark)
  }

  /// Passes an end mark, and what white space it takes with it.
  private mutating func passEnd(length: Int, from mark: Int, sign: UInt8, isVariable: Bool = false) {
    position = mark + length
    if sign == UInt8(ascii: "-") {
      while position < source.count {
        let (scalar, next) = decodeScalar(source, at: position)
        guard isPythonSpace(scalar) else { break }
        position = next
      }
    } else if sign != UInt8(ascii: "+"), !isVariable, position < source.count, source[position] == UInt8(ascii: "\n") {
      position += 1
    }
  }

  private mutating func append(_ kind: TemplateToken.Kind, at offset: Int) { tokens.append(TemplateToken(kind: kind, offset: offset)) }
}

// MARK: - Inside of marks

extension TemplateLexer {
  private static let symbols = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",",
  ].map { Array($0.utf8) }

  private mutating func passInside(_ begin: TemplateToken.Kind, _ end: TemplateToken.Kind, at mark: Int) throws(TemplateFault) {
    append(begin, at: mark)
    let isVariable = begin == .variableBegin
    let closing = Array((isVariable ? "}}" : "%}").utf8)
    var open: [UInt8] = []
    while position < source.count {
      if open.isEmpty, let sign = signOfEnd(closing, isVariable) {
        append(end, at: position)
        passEnd(length: sign == 0 ? 2 : 3, from: position, sign: sign, isVariable: isVariable)
        return
      }
      try passToken(&open)
    }
    throw TemplateFault(kind: .syntax("\"\(isVariable ? "{{" : "{%")\" without an end"), offset: mark)
  }

  /// The sign before the end mark that stands here, 0 for none; nil where no end mark does.
  private func signOfEnd(_ closing: [UInt8], _ isVariable: Bool) -> UInt8? {
    if source[position...].starts(with: closing) { return 0 }
    let sign = source[position]
    guard sign == UInt8(ascii: "-") || (sign == UInt8(ascii: "+") && !isVariable) else { return nil }
    return source[(position + 1)...].starts(with: closing) ? sign : nil
  }

  private mutating func passToken(_ open: inout [UInt8]) throws(TemplateFault) {
    let start = position
    let byte = source[start]
    let (scalar, next) = decodeScalar(source, at: start)
    if isPythonSpace(scalar) {
      position = next
    } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
      append(.string(try passString(byte)), at: start)
    } else if (0x30...0x39).contains(byte) {
      try passNumber()
    } else if isNameByte(byte) {
      while position < source.count, isNameByte(source[position]) { position += 1 }
      append(.name(String(decoding: source[start..<position], as: UTF8.self)), at: start)
    } else if let symbol = Self.symbols.first(where: { source[start...].starts(with: $0) }) {
      position += symbol.count
      try balance(symbol[0], &open, at: start)
      append(.symbol(String(decoding: symbol, as: UTF8.self)), at: start)
    } else {
      throw TemplateFault(kind: .syntax("unexpected \"\(String(decoding: source[start..<next], as: UTF8.self))\""), offset: start)
    }
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"): true
    default: false
    }
  }

  private func balance(_ symbol: UInt8, _ open: inout [UInt8], at offset: Int) throws(TemplateFault) {
    switch symbol {
    case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
    case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
    case UInt8(ascii: "("): open.append(UInt8(ascii: ")"))
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"):
      guard open.popLast() == symbol else {
        throw TemplateFault(kind: .syntax("\"\(Character(Unicode.Scalar(symbol)))\" closes nothing"), offset: offset)
      }
    default: break
    }
  }

  private mutating func passNumber() throws(TemplateFault) {
    let start = position
    while position < source.count, isNameByte(source[position]) { position += 1 }
    let word = String(decoding: source[start..<position], as: UTF8.self)
    let isFraction = position + 1 < source.count && source[position] == UInt8(ascii: ".") && (0x30...0x39).contains(source[position + 1])
    guard !isFraction, let value = Int(word), word == "0" || !word.hasPrefix("0") else {
      throw TemplateFault(kind: .unsupported("the number \"\(word)\(isFraction ? "." : "")\", which is not a decimal integer of 64 bits,"), offset: start)
    }
    append(.integer(value), at: start)
  }

  /// A string literal, its escapes those of Python's `unicode_escape`.
  private mutating func passString(_ quote: UInt8) throws(TemplateFault) -> [UInt8] {
    let start = position
    var output: [UInt8] = []
    position += 1
    while position < source.count {
      let byte = source[position]
      position += 1
      if byte == quote { return output }
      if byte == UInt8(ascii: "\\") { try passEscape(into: &output, of: start) } else { output.append(byte) }
    }
    throw TemplateFault(kind: .syntax("a string without an end"), offset: start)
  }

  private mutating func passEscape(into output: inout [UInt8], of start: Int) throws(TemplateFault) {
    guard position < source.count else { throw TemplateFault(kind: .syntax("a string without an end"), offset: start) }
    let kind = source[position]
    position += 1
    switch kind {
    case UInt8(ascii: "\n"): break
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): output.append(kind)
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "a"): output.append(0x07)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "v"): output.append(0x0B)
    case UInt8(ascii: "x"): output += try passDigits(2)
    case UInt8(ascii: "u"): output += try passDigits(4)
    case UInt8(ascii: "U"): output += try passDigits(8)
    case UInt8(ascii: "N"), 0x30...0x37:
      throw TemplateFault(kind: .unsupported("the escape \"\\\(Character(Unicode.Scalar(kind)))\""), offset: position - 2)
    default: output += [UInt8(ascii: "\\"), kind]  // Python keeps both.
    }
  }

  private mutating func passDigits(_ count: Int) throws(TemplateFault) -> [UInt8] {
    let word = source[position..<min(position + count, source.count)]
    guard word.count == count, word.allSatisfy(isNameByte), let value = UInt32(String(decoding: word, as: UTF8.self), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw TemplateFault(kind: .syntax("an escape that is no character"), offset: position - 2) }
    position += count
    return Array(String(scalar).utf8)
  }
}
