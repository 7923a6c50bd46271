/// What each character is to the comparison of texts, and its small letter. docs/curation.md, "Words", is the contract.
///
/// Made once, from the properties of single characters, and pinned to Unicode 15.0, so that a newer toolchain merges the same records.
package struct CharacterTable: Sendable {
  package enum Kind: UInt32 {
    /// Parts words and is nothing itself: white space and the punctuation of prose.
    case separator
    /// Of a word in a script that parts words: a letter, a digit, `_`.
    case letter
    /// A word by itself: a character of a script that does not part words, or a symbol.
    case alone
    /// Belongs to the word that is open.
    case mark
    /// Not there: what formats and what chooses a variant.
    case ignored
  }

  /// The kind and the small letter of a character, in one word.
  package struct Entry {
    let bits: UInt32

    init(_ kind: Kind, small: UInt32) { bits = kind.rawValue << 24 | small }
    init(bits: UInt32) { self.bits = bits }

    package var kind: Kind {
      switch bits >> 24 {
      case Kind.letter.rawValue: .letter
      case Kind.alone.rawValue: .alone
      case Kind.mark.rawValue: .mark
      case Kind.ignored.rawValue: .ignored
      default: .separator
      }
    }
    package var small: UInt32 { bits & 0xFF_FFFF }
  }

  package static let shared = CharacterTable()

  static let lastVersion: Unicode.Version = (15, 0)
  fileprivate static let tableEnd: UInt32 = 0x1_0000

  /// Of the basic plane.
  private let entries: [UInt32]
  /// What a byte of ASCII is: twice the small letter, and one more for what stands alone; `separatorCode` for what parts words. ASCII has no marks
  /// and nothing that is ignored. Of a byte beyond ASCII nothing can be said: 3, which is the code of no other.
  private let codes: [UInt8]
  static let separatorCode: UInt64 = 1

  private init() {
    let entries = (0..<Self.tableEnd).map { CharacterTable.entry(for: $0).bits }
    self.entries = entries
    codes = (0...UInt8.max).map { byte in
      guard byte < 0x80 else { return 3 }
      let entry = Entry(bits: entries[Int(byte)])
      return switch entry.kind {
      case .letter: UInt8(entry.small) << 1
      case .alone: UInt8(entry.small) << 1 | 1
      case .separator, .mark, .ignored: 1
      }
    }
  }

  package subscript(value: UInt32) -> Entry { withEntries { $0[value] } }

  /// For a loop over a text, which would else check and count for every character.
  func withEntries<Result>(_ body: (Lookup) -> Result) -> Result {
    entries.withUnsafeBufferPointer { entries in codes.withUnsafeBufferPointer { body(Lookup(entries: entries, codes: $0)) } }
  }

  struct Lookup {
    fileprivate let entries: UnsafeBufferPointer<UInt32>
    fileprivate let codes: UnsafeBufferPointer<UInt8>

    @inline(__always)
    func code(of byte: UInt8) -> UInt64 { UInt64(codes[Int(byte)]) }

    @inline(__always)
    subscript(value: UInt32) -> Entry {
      value < CharacterTable.tableEnd ? Entry(bits: entries[Int(value)]) : CharacterTable.entryBeyond(value)
    }
  }

  /// Pictographs and Chinese characters are nearly all that is met there.
  fileprivate static func entryBeyond(_ value: UInt32) -> Entry {
    switch value {
    case 0x1F000...0x1FAFF, 0x20000...0x3FFFD: Entry(.alone, small: value)
    default: entry(for: value)
    }
  }

  private static func entry(for value: UInt32) -> Entry {
    guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age <= lastVersion else { return Entry(.separator, small: value) }
    return Entry(kind(of: scalar), small: small(scalar).value)
  }

  /// By way of the capital, so that letters that share one are one, as ς and σ or ſ and s (Unicode's simple case folding). The dotless i shares its
  /// capital by name alone.
  private static func small(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let dotlessI: Unicode.Scalar = "\u{131}"
    let capital = scalar == dotlessI ? scalar : single(scalar.properties.uppercaseMapping) ?? scalar
    return single(capital.properties.lowercaseMapping) ?? single(scalar.properties.lowercaseMapping) ?? scalar
  }

  private static func single(_ mapping: String) -> Unicode.Scalar? {
    mapping.unicodeScalars.count == 1 ? mapping.unicodeScalars.first : nil
  }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    if operators.contains(scalar) { return .alone }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber, .otherNumber:
      return unparted.contains { $0.contains(scalar.value) } ? .alone : .letter
    case .connectorPunctuation: return .letter
    case .nonspacingMark, .spacingMark, .enclosingMark: return (0xFE00...0xFE0F).contains(scalar.value) ? .ignored : .mark
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: return .alone
    // The zero-width space is a space.
    case .format: return scalar.value == 0x200B ? .separator : .ignored
    default: return .separator
    }
  }

  /// Punctuation by category, signs by use: 2 * 2 is not 2 / 2, and C# is not C.
  private static let operators = Set("#%&*/@\\-".unicodeScalars)

  /// Scripts that do not put spaces between words.
  private static let unparted: [ClosedRange<UInt32>] = [
    0x0E00...0x0EFF,  // Thai, Lao
    0x1000...0x109F, 0xA9E0...0xA9FF, 0xAA60...0xAA7F,  // Myanmar
    0x1780...0x17FF,  // Khmer
    0x1950...0x19DF, 0x1A20...0x1AAF, 0xAA80...0xAADF,  // Tai Le, New Tai Lue, Tai Tham, Tai Viet
    0x1B00...0x1B7F, 0xA980...0xA9DF,  // Balinese, Javanese
    0x2E80...0x2FDF, 0x3005...0x3007, 0x3021...0x3029, 0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF,  // Chinese characters
    0x3040...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F,  // Kana
    0x3100...0x312F, 0x31A0...0x31BF,  // Bopomofo
    0xA000...0xA4CF,  // Yi
  ]
}
