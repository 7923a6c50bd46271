/// The JSON header of a safetensors file, read by its own grammar.
///
/// A general JSON reader would not do: it forgets that a key stood twice, and two readers that keep different ones of the two see
/// different tensors in the same signed bytes.
struct TensorHeader {
  struct Entry {
    let name: String
    let type: String
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  init(parsing bytes: UnsafeRawBufferPointer) throws(TensorFileError) {
    var scanner = JSONScanner(bytes: bytes)
    // The specification forbids white space before the first brace, and pads with spaces after the last.
    guard bytes.first == UInt8(ascii: "{") else { throw scanner.expected("{") }
    var names: Set<String> = []
    try scanner.object { (scanner, name) throws(TensorFileError) in
      guard names.insert(name).inserted else { throw TensorFileError(.duplicateKey(name)) }
      if name == "__metadata__" {
        metadata = try Self.metadata(&scanner)
      } else {
        entries.append(try Self.entry(named: name, &scanner))
      }
    }
    try scanner.end()
  }

  private static func metadata(_ scanner: inout JSONScanner) throws(TensorFileError) -> [String: String] {
    var members: [String: String] = [:]
    try scanner.object { (scanner, key) throws(TensorFileError) in
      guard members.updateValue(try scanner.string(), forKey: key) == nil else { throw TensorFileError(.duplicateKey(key)) }
    }
    return members
  }

  private static func entry(named name: String, _ scanner: inout JSONScanner) throws(TensorFileError) -> Entry {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner, key) throws(TensorFileError) in
      let isRepeated =
        switch key {
        case "dtype": type != nil
        case "shape": shape != nil
        case "data_offsets": offsets != nil
        default: throw scanner.expected("dtype, shape or data_offsets")
        }
      guard !isRepeated else { throw TensorFileError(.duplicateKey(key)) }
      switch key {
      case "dtype": type = try scanner.string()
      case "shape": shape = try scanner.integers()
      default: offsets = try scanner.integers()
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else { throw scanner.expected("dtype, shape and two data_offsets") }
    return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }
}

/// The part of JSON (RFC 8259) that the header needs: objects, strings and arrays of natural numbers.
struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  func expected(_ what: String) -> TensorFileError { TensorFileError(.headerSyntax(offset: offset, expected: what)) }

  mutating func object(_ member: (inout JSONScanner, String) throws(TensorFileError) -> Void) throws(TensorFileError) {
    try take("{")
    if consume("}") { return }
    repeat {
      let key = try string()
      try take(":")
      try member(&self, key)
    } while consume(",")
    try take("}")
  }

  mutating func integers() throws(TensorFileError) -> [Int] {
    try take("[")
    var values: [Int] = []
    if consume("]") { return values }
    repeat { values.append(try integer()) } while consume(",")
    try take("]")
    return values
  }

  mutating func string() throws(TensorFileError) -> String {
    try take("\"")
    var text: [UInt8] = []
    while true {
      guard let byte = next(), byte >= 0x20 else { throw expected("the end of a string") }
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw expected("UTF-8") }
        return string
      case UInt8(ascii: "\\"): text += String(try escaped()).utf8
      default: text.append(byte)
      }
    }
  }

  mutating func end() throws(TensorFileError) {
    skipSpace()
    guard offset == bytes.count else { throw expected("nothing after the closing brace") }
  }

  private mutating func integer() throws(TensorFileError) -> Int {
    skipSpace()
    let digits = bytes[offset...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let hasLeadingZero = digits.count > 1 && digits.first == UInt8(ascii: "0")
    guard !hasLeadingZero, let value = Int(String(decoding: digits, as: UTF8.self)) else { throw expected("a natural number") }
    offset += digits.count
    return value
  }

  private mutating func escaped() throws(TensorFileError) -> Unicode.Scalar {
    switch next() {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try escapedScalar()
    default: throw expected("an escape")
    }
  }

  /// A surrogate pair is two escapes for one scalar (RFC 8259, section 7).
  private mutating func escapedScalar() throws(TensorFileError) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u") else { throw expected("the second half of a surrogate pair") }
    let second = try codeUnit()
    guard (0xD800..<0xDC00).contains(first), (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw expected("a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(TensorFileError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw expected("four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) throws(TensorFileError) {
    guard consume(character) else { throw expected(String(character)) }
  }

  private mutating func consume(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func next() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  private mutating func skipSpace() {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
  }
}
