/// A SHA-256 digest: the one name by which soulpack knows content.
///
/// SHA-256 is what OCI, in-toto and OpenSSF model signing speak, so a digest printed here can be handed to those tools.
/// It is four words and no array: a curation holds millions of them, and an allocation for each would cost more than the hashing.
package struct Digest: Hashable, Sendable {
  package static let byteCount = 32

  /// Eight bytes each, the first of them the most significant. Four numbers and no vector: that would ask for an alignment of 32 bytes wherever a
  /// digest is part of something.
  package struct Words: Hashable, Sendable {
    package var x: UInt64 = 0
    package var y: UInt64 = 0
    package var z: UInt64 = 0
    package var w: UInt64 = 0

    package static let zero = Words()

    package init() {}

    package init(_ x: UInt64, _ y: UInt64, _ z: UInt64, _ w: UInt64) { (self.x, self.y, self.z, self.w) = (x, y, z, w) }

    /// As they lie in memory: the 32 bytes in their order.
    fileprivate var bigEndian: Words { Words(x.bigEndian, y.bigEndian, z.bigEndian, w.bigEndian) }
  }

  package let words: Words

  package init(words: Words) { self.words = words }

  /// Fails unless there are exactly 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words = Words()
    Swift.withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    self.words = words.bigEndian
  }

  /// Reads 32 bytes at `pointer`, which need not be aligned.
  package init(at pointer: UnsafeRawPointer) {
    func word(_ index: Int) -> UInt64 { pointer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self).bigEndian }
    words = Words(word(0), word(1), word(2), word(3))
  }

  /// Lets `body` see the 32 bytes, in order.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var copy = words.bigEndian
    return try Swift.withUnsafeBytes(of: &copy, body)
  }

  /// The 32 bytes, in order.
  package var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

  /// Any part of a digest is a hash already.
  package func hash(into hasher: inout Hasher) { hasher.combine(words.x) }

  /// Reads 64 lower-case hexadecimal digits, bare or after `sha256:`. Any other form is refused, so that one digest has one spelling.
  package init?(_ text: some StringProtocol) {
    let digits = text.hasPrefix("sha256:") ? text.utf8.dropFirst(7) : text.utf8.dropFirst(0)
    guard let bytes = hexadecimalBytes(digits), let digest = Digest(bytes: bytes) else { return nil }
    self = digest
  }

  /// Reads 64 lower-case hexadecimal digits, for those who read millions: sixteen at a time, and without an allocation.
  package init?(hexadecimal digits: UnsafeBufferPointer<UInt8>) {
    guard digits.count == 64, let base = UnsafeRawPointer(digits.baseAddress), let x = Self.word(base), let y = Self.word(base + 16),
      let z = Self.word(base + 32), let w = Self.word(base + 48)
    else { return nil }
    words = Words(x, y, z, w)
  }

  private static func word(_ digits: UnsafeRawPointer) -> UInt64? {
    guard let high = half(digits), let low = half(digits + 8) else { return nil }
    return high << 32 | low
  }

  /// Eight digits as the eight bytes of one number: each step is taken for all of them at once.
  private static func half(_ digits: UnsafeRawPointer) -> UInt64? {
    let text = digits.loadUnaligned(as: UInt64.self).bigEndian
    let ones: UInt64 = 0x0101_0101_0101_0101
    var values = (text & (0x0F &* ones)) &+ ((text >> 6) & ones) &* 9
    // Spelled again, they must be what was read.
    let letters = ((values &+ 6 &* ones) >> 4) & ones
    guard values & (0xF0 &* ones) == 0, values &+ 0x30 &* ones &+ letters &* 0x27 == text else { return nil }
    values = (values | values >> 4) & 0x00FF_00FF_00FF_00FF
    values = (values | values >> 8) & 0x0000_FFFF_0000_FFFF
    return (values | values >> 16) & 0xFFFF_FFFF
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String { hexadecimal(bytes) }

  /// The first twelve digits: enough for a person to tell two apart, never used as a key.
  package var short: String { String(hex.prefix(12)) }
}

extension Digest: CustomStringConvertible {
  /// `sha256:` and the digits, the spelling that OCI uses.
  package var description: String { "sha256:" + hex }
}

extension Digest: Comparable {
  package static func < (left: Digest, right: Digest) -> Bool {
    let (left, right) = (left.words, right.words)
    if left.x != right.x { return left.x < right.x }
    if left.y != right.y { return left.y < right.y }
    return left.z == right.z ? left.w < right.w : left.z < right.z
  }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256 digest")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Lower-case hexadecimal digits of some bytes.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  var digits: [UInt8] = []
  for byte in bytes {
    digits.append(hexadecimalDigits[Int(byte >> 4)])
    digits.append(hexadecimalDigits[Int(byte & 15)])
  }
  return String(decoding: digits, as: UTF8.self)
}

/// The bytes of lower-case hexadecimal digits, or nil where a digit is missing or is not one.
package func hexadecimalBytes(_ digits: some Collection<UInt8>) -> [UInt8]? {
  guard digits.count.isMultiple(of: 2) else { return nil }
  var bytes: [UInt8] = []
  var high: UInt8?
  for digit in digits {
    guard let value = hexadecimalDigits.firstIndex(of: digit) else { return nil }
    if let first = high {
      bytes.append(first << 4 | UInt8(value))
      high = nil
    } else {
      high = UInt8(value)
    }
  }
  return bytes
}

private let hexadecimalDigits = Array("0123456789abcdef".utf8)
