/// The tokens of single characters, and those of single bytes, `<0x00>` to `<0xFF>`, for a character without one (`byte_fallback`).
struct CharacterTokens: Sendable {
  /// By the character's number; -1 where it has no token.
  private let characters: [Int32]
  private let bytes: [Int32]

  /// Of spellings by id. Refuses a vocabulary in which a byte has no token: some text would then have none.
  init(_ vocabulary: [[UInt8]?]) throws(TokenizerError) {
    var characters: [Int32] = []
    var bytes = [Int32](repeating: -1, count: 256)
    for (id, spelling) in vocabulary.enumerated() {
      guard let spelling else { continue }
      if let byte = Self.byte(spelledBy: spelling), Self.spelling(of: byte) == spelling { bytes[Int(byte)] = Int32(id) }
      guard let scalar = Self.onlyScalar(of: spelling) else { continue }
      while characters.count <= Int(scalar) { characters.append(-1) }
      characters[Int(scalar)] = Int32(id)
    }
    if let missing = bytes.firstIndex(of: -1) {
      throw .malformed(place: "model.vocab", reason: "no token \(quoted(Self.spelling(of: UInt8(missing)))), which byte_fallback needs")
    }
    self.characters = characters
    self.bytes = bytes
  }

  /// The tokens of a piece (well-formed UTF-8) before anything is merged.
  func tokens(of piece: UnsafeBufferPointer<UInt8>) -> [Int32] {
    var tokens: [Int32] = []
    tokens.reserveCapacity(piece.count)
    var position = 0
    while position < piece.count {
      let (scalar, next) = decodeScalar(piece, at: position)
      let token = scalar < characters.count ? characters[Int(scalar)] : -1
      if token >= 0 { tokens.append(token) } else { for byte in piece[position..<next] { tokens.append(bytes[Int(byte)]) } }
      position = next
    }
    return tokens
  }

  /// The number of the one character that a spelling is.
  static func onlyScalar(of spelling: [UInt8]) -> UInt32? {
    guard (1...4).contains(spelling.count) else { return nil }
    let (scalar, next) = decodeScalar(spelling, at: 0)
    return next == spelling.count ? scalar : nil
  }

}

// MARK: - How bytes are spelt

extension CharacterTokens {
  static func spelling(of byte: UInt8) -> [UInt8] {
    Array("<0x".utf8) + [byte >> 4, byte & 0xF].map { $0 < 10 ? $0 + UInt8(ascii: "0") : $0 - 10 + UInt8(ascii: "A") } + Array(">".utf8)
  }

  /// The byte that the judge's decoder reads in a spelling. It also takes small letters, and a sign before a single digit.
  static func byte(spelledBy spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling[5] == UInt8(ascii: ">") else { return nil }
    guard let low = digit(spelling[4]) else { return nil }
    if spelling[3] == UInt8(ascii: "+") { return low }
    return digit(spelling[3]).map { $0 << 4 | low }
  }

  private static func digit(_ unit: UInt8) -> UInt8? {
    switch unit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): unit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): unit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): unit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
