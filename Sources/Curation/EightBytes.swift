/// Eight bytes of a text in one word, so that all of them are asked with a few instructions (Lamport 1975, "Multiple byte processing with
/// full-word instructions"). The first byte is the lowest, on every machine.
///
/// An answer is a word too: the highest bit of each byte that it is true of.
struct EightBytes {
  static let count = 8
  /// One in each byte.
  static let ones: UInt64 = 0x0101_0101_0101_0101
  static let highBits: UInt64 = ones << 7

  let word: UInt64

  init(word: UInt64) { self.word = word }

  /// `index` and the seven places after it lie within `utf8`.
  @inline(__always)
  init(_ utf8: UnsafeBufferPointer<UInt8>, at index: Int) {
    word = UInt64(littleEndian: UnsafeRawPointer(utf8.baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: UInt64.self))
  }

  var isASCII: Bool {
    @inline(__always) get { word & Self.highBits == 0 }
  }

  // MARK: - Of bytes of ASCII alone, byte by byte

  @inline(__always)
  func atLeast(_ value: UInt8) -> UInt64 { (word &+ UInt64(0x80 - value) &* Self.ones) & Self.highBits }

  @inline(__always)
  func within(_ values: ClosedRange<UInt8>) -> UInt64 { atLeast(values.lowerBound) & ~atLeast(values.upperBound + 1) }

  @inline(__always)
  func equal(to value: UInt8) -> UInt64 { ~(EightBytes(word: word ^ UInt64(value) &* Self.ones).atLeast(1)) & Self.highBits }

  var lettersAndDigits: UInt64 {
    @inline(__always) get {
      within(UInt8(ascii: "0")...UInt8(ascii: "9"))
        | EightBytes(word: word | 0x20 &* Self.ones).within(UInt8(ascii: "a")...UInt8(ascii: "z"))
    }
  }

  // MARK: - Of any bytes: zero where it is true of none, and the lowest bit is that of the first byte that it is true of

  /// `value` is at most 0x80.
  @inline(__always)
  func someBelow(_ value: UInt8) -> UInt64 { (word &- UInt64(value) &* Self.ones) & ~word & Self.highBits }

  @inline(__always)
  func someEqual(to value: UInt8) -> UInt64 { EightBytes(word: word ^ UInt64(value) &* Self.ones).someBelow(1) }

  // MARK: - Answers

  /// The place of the first byte that an answer is true of.
  @inline(__always)
  static func first(in answer: UInt64) -> Int { answer.trailingZeroBitCount >> 3 }

  /// Of eight small numbers, one in each byte; it must be below 256.
  @inline(__always)
  static func sum(of numbers: UInt64) -> Int { Int(truncatingIfNeeded: (numbers &* ones) >> 56) }
}
