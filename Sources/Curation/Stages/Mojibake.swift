/// Undoes UTF-8 that was read as Windows-1252 or Latin-1 and written again, once or twice: `cafÃ©` is `café`.
///
/// One line is judged at a time, and is repaired as a whole or not at all. docs/curation.md, "Mojibake", is the contract. The rule looks for
/// what no correct text holds: German `Spaß“`, French `« café… »` and Czech `VÝŽIVA` also happen to be valid UTF-8 when they are read backwards.
enum Mojibake {
  struct Repair: Hashable {
    let text: String
    /// Characters that are one again, over both rounds.
    let characters: Int
  }

  private static let rounds = 2

  /// Nil where nothing is to be repaired, which nearly always a glance at the bytes can say.
  static func repaired(_ text: String) -> Repair? {
    var text = text
    guard text.withUTF8(mayHold) else { return nil }
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    var characters = 0
    for index in lines.indices {
      guard let repair = repaired(lines[index]) else { continue }
      lines[index] = repair.line
      characters += repair.characters
    }
    guard characters > 0 else { return nil }
    var output = String.UnicodeScalarView()
    for (index, line) in lines.enumerated() {
      if index > 0 { output.append("\n") }
      output.append(contentsOf: line)
    }
    return Repair(text: String(output), characters: characters)
  }

  private static func repaired(_ line: [Unicode.Scalar]) -> (line: [Unicode.Scalar], characters: Int)? {
    var scalars = line
    var characters = 0
    for _ in 0..<rounds {
      guard let line = MisreadLine(scalars), line.isPlausible else { break }
      scalars = line.repaired
      characters += line.sequences.count
    }
    // Controls are half of a doubled misreading. Where the other half did not follow, nobody wrote them.
    guard characters > 0, !scalars.contains(where: { (0x80...0x9F).contains($0.value) }) else { return nil }
    return (scalars, characters)
  }

  /// True where one of U+00C2–U+00F4, which stand for the first byte of a sequence, is followed by something beyond ASCII.
  private static func mayHold(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    while index + 2 < utf8.count {
      if index + EightBytes.count <= utf8.count {
        let leads = EightBytes(utf8, at: index).someEqual(to: 0xC3)
        guard leads != 0 else {
          index += EightBytes.count
          continue
        }
        index += EightBytes.first(in: leads)
        if index + 2 >= utf8.count { return false }
      }
      if utf8[index] == 0xC3, (0x82...0xB4).contains(utf8[index + 1]), utf8[index + 2] >= 0x80 { return true }
      index += 1
    }
    return false
  }
}

/// A line whose characters beyond ASCII are all bytes of UTF-8 that was misread.
private struct MisreadLine {
  struct Sequence {
    let range: Range<Int>
    let meaning: Unicode.Scalar
  }

  private let scalars: [Unicode.Scalar]
  let sequences: [Sequence]

  /// Nil where a character of the line is no such byte, or the bytes are not UTF-8: then some of the line is right as it is.
  init?(_ scalars: [Unicode.Scalar]) {
    var sequences: [Sequence] = []
    var index = 0
    while index < scalars.count {
      if scalars[index].isASCII {
        index += 1
        continue
      }
      guard let sequence = MisreadLine.sequence(in: scalars, at: index) else { return nil }
      sequences.append(sequence)
      index = sequence.range.upperBound
    }
    guard !sequences.isEmpty else { return nil }
    (self.scalars, self.sequences) = (scalars, sequences)
  }

  var repaired: [Unicode.Scalar] {
    var output: [Unicode.Scalar] = []
    var start = 0
    for sequence in sequences {
      output += scalars[start..<sequence.range.lowerBound]
      output.append(sequence.meaning)
      start = sequence.range.upperBound
    }
    return output + scalars[start...]
  }

  /// Two points make a case, and one sequence must be part of a word: a line that only shows "Ã©" to speak of it stays.
  var isPlausible: Bool {
    sequences.contains(where: isPartOfWord) && sequences.reduce(0) { $0 + points(for: $1) } >= 2
  }

  // MARK: - Bytes

  /// One well-formed sequence of two to four bytes (Unicode 16.0, table 3-7) that means a character for people.
  private static func sequence(in scalars: [Unicode.Scalar], at start: Int) -> Sequence? {
    guard let lead = Windows1252.byte(of: scalars[start]), (0xC2...0xF4).contains(lead) else { return nil }
    let count = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard start + count <= scalars.count else { return nil }
    let bytes = scalars[start..<start + count].compactMap(Windows1252.byte(of:))
    guard bytes.count == count, let text = String(validating: bytes, as: UTF8.self), let meaning = text.unicodeScalars.first,
      text.unicodeScalars.count == 1, isForPeople(meaning)
    else { return nil }
    return Sequence(range: start..<start + count, meaning: meaning)
  }

  private static func isForPeople(_ scalar: Unicode.Scalar) -> Bool {
    guard let age = scalar.properties.age, age <= CharacterTable.lastVersion else { return false }
    return switch scalar.properties.generalCategory {
    case .unassigned, .privateUse, .surrogate: false
    // A control is what the first round of a doubled misreading gives.
    case .control: (0x80...0x9F).contains(scalar.value)
    default: true
    }
  }

  // MARK: - Evidence

  /// A letter or digit of ASCII, or another sequence, touches it.
  private func isPartOfWord(_ sequence: Sequence) -> Bool {
    func isWord(_ index: Int) -> Bool {
      guard scalars.indices.contains(index) else { return false }
      return !scalars[index].isASCII || scalars[index].properties.isAlphabetic || ("0"..."9").contains(scalars[index])
    }
    return isWord(sequence.range.lowerBound - 1) || isWord(sequence.range.upperBound)
  }

  private func points(for sequence: Sequence) -> Int {
    let lead = scalars[sequence.range.lowerBound]
    let tail = scalars[sequence.range].dropFirst()
    if tail.contains(where: { (0x80...0x9F).contains($0.value) }) { return 2 }
    // The rest of Latin-1, "Â" and "Ã", is what is met most; other pairs of letters need a second witness.
    let isLatin = lead == "\u{C2}" || lead == "\u{C3}"
    if tail.contains(where: MisreadLine.neverFollowsLetter.contains) { return isLatin || tail.count > 1 ? 2 : 1 }
    return isLatin && isInsideWord(sequence) ? 2 : 0
  }

  /// A capital after a small letter or a digit, or before a small letter with a mark between them: `StraÃŸe`, `5Â°`, `Ãœber`.
  private func isInsideWord(_ sequence: Sequence) -> Bool {
    let before = sequence.range.lowerBound - 1
    if before >= 0, ("a"..."z").contains(scalars[before]) || ("0"..."9").contains(scalars[before]) { return true }
    // The letter Ã’s own genitive is no case.
    let stands = (before < 0 || !scalars[before].properties.isAlphabetic) && !scalars[sequence.range].contains("’")
    let after = sequence.range.upperBound
    return stands && after < scalars.count && ("a"..."z").contains(scalars[after])
  }

  /// Characters for 0x80–0xBF that do not follow a letter directly in any correct text that we know. Quotes, dashes, the ellipsis, `®`, `™`,
  /// `°`, superscripts, `»`, the middle dot, the no-break space and letters do, so they prove nothing.
  private static let neverFollowsLetter = Set("€‚ƒ„†‡ˆ‰‹˜¡¢£¤¥¦§¨©¬\u{AD}¯±´µ¶¸¼½¾¿".unicodeScalars)
}

/// Windows-1252 backwards, with the five bytes that it leaves open and all of 0x80–0x9F as Latin-1 has them too: the WHATWG Encoding
/// Standard, "windows-1252", and ISO 8859-1.
private enum Windows1252 {
  static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    if (0x80...0xFF).contains(scalar.value) { return UInt8(scalar.value) }
    return high[scalar.value]
  }

  private static let high: [UInt32: UInt8] = {
    let scalars: [UInt8: Unicode.Scalar] = [
      0x80: "€", 0x82: "‚", 0x83: "ƒ", 0x84: "„", 0x85: "…", 0x86: "†", 0x87: "‡", 0x88: "ˆ", 0x89: "‰", 0x8A: "Š", 0x8B: "‹", 0x8C: "Œ",
      0x8E: "Ž", 0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x95: "•", 0x96: "–", 0x97: "—", 0x98: "˜", 0x99: "™", 0x9A: "š", 0x9B: "›",
      0x9C: "œ", 0x9E: "ž", 0x9F: "Ÿ",
    ]
    return Dictionary(uniqueKeysWithValues: scalars.map { ($1.value, $0) })
  }()
}
