/// GPT-2's map between bytes and printable characters, by which a vocabulary of byte strings is written as text in `tokenizer.json`.
///
/// A byte that is a printable character of Latin-1 stands for itself; the 68 others, in order, are U+0100 and on (Radford et al. 2019,
/// the encoder published with GPT-2).
enum ByteLevel {
  /// The character of each byte.
  static let characters: [Unicode.Scalar] = {
    var unprintable: UInt32 = 0
    return (UInt8.min...UInt8.max).map { byte in
      if isPrintable(byte) { return Unicode.Scalar(byte) }
      defer { unprintable += 1 }
      guard let scalar = Unicode.Scalar(0x100 + unprintable) else { preconditionFailure("U+0100 to U+0143 are scalars") }
      return scalar
    }
  }()

  /// The byte that each scalar up to the last of the alphabet stands for.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, character) in zip(UInt8.min...UInt8.max, characters) { bytes[Int(character.value)] = byte }
    return bytes
  }()

  private static func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
  }

  /// The spelling of some bytes in a vocabulary.
  static func spelling(of bytes: some Sequence<UInt8>) -> String {
    var scalars = String.UnicodeScalarView()
    for byte in bytes { scalars.append(characters[Int(byte)]) }
    return String(scalars)
  }

  /// The bytes that a spelling (well-formed UTF-8) stands for; nil where it holds a character that is none of the 256.
  static func bytes(spelledBy text: some Collection<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var lead: UInt8?
    for unit in text {
      var scalar = Int(unit)
      if let first = lead.take() {
        scalar = Int(first & 0x1F) << 6 | Int(unit & 0x3F)
      } else if unit >= 0xC0 {
        // Two units spell U+0080 to U+07FF; what takes three or four is no character of the alphabet.
        guard unit < 0xE0 else { return nil }
        lead = unit
        continue
      }
      guard scalar < bytes.count, let byte = bytes[scalar] else { return nil }
      output.append(byte)
    }
    return output
  }
}
