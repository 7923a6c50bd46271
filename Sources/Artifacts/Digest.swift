/// A SHA-256 digest: the one name by which soulpack knows content.
///
/// SHA-256 is what OCI, in-toto and OpenSSF model signing speak, so a digest printed here can be handed to those tools.
/// It is four words and no array: a curation holds millions of them, and an allocation for each would cost more than the hashing.
package struct Digest: Hashable, Sendable {
  package static let byteCount = 32

  /// The 32 bytes, eight to a word, the first of them the most significant.
  package let words: SIMD4<UInt64>

  package init(words: SIMD4<UInt64>) { self.words = words }

  /// Fails unless there are exactly 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words = SIMD4<UInt64>()
    for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
    self.words = words
  }

  /// Reads 32 bytes at `pointer`, which need not be aligned.
  package init(at pointer: UnsafeRawPointer) {
    func word(_ index: Int) -> UInt64 { pointer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self).bigEndian }
    words = SIMD4(word(0), word(1), word(2), word(3))
  }

  /// Lets `body` see the 32 bytes, in order.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var copy = SIMD4(words.x.bigEndian, words.y.bigEndian, words.z.bigEndian, words.w.bigEndian)
    return try Swift.withUnsafeBytes(of: &copy, body)
  }

  /// The 32 bytes, in order.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      for index in 0..<Self.byteCount { buffer[index] = UInt8(truncatingIfNeeded: words[index / 8] >> (56 - 8 * UInt64(index % 8))) }
      count = Self.byteCount
    }
  }

  /// Any part of a digest is a hash already.
  package func hash(into hasher: inout Hasher) { hasher.combine(words.x) }

  /// Reads 64 lower-case hexadecimal digits, bare or after `sha256:`. Any other form is refused, so that one digest has one spelling.
  package init?(_ text: some StringProtocol) {
    let digits = text.hasPrefix("sha256:") ? text.utf8.dropFirst(7) : text.utf8.dropFirst(0)
    guard let bytes = hexadecimalBytes(digits), let digest = Digest(bytes: bytes) else { return nil }
    self = digest
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
    for index in 0..<3 where left.words[index] != right.words[index] { return left.words[index] < right.words[index] }
    return left.words.w < right.words.w
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
