/// The words of a text as 64-bit hashes: what shingles are made of.
///
/// The hash is our own, of 64-bit arithmetic alone, so that every machine gives the same: a character is mixed in by one multiplication, and
/// the word is finished by the mixer of SplitMix64 (Steele, Lea and Flood, 2014).
package struct Words {
  private let table = CharacterTable.shared

  package init() {}

  /// Appends the words of a text.
  package func append(_ text: String, to words: inout [UInt64]) {
    var text = text
    text.withUTF8 { utf8 in table.withEntries { append(utf8, $0, to: &words) } }
  }

  private func append(_ utf8: UnsafeBufferPointer<UInt8>, _ table: CharacterTable.Lookup, to words: inout [UInt64]) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Words.room) { room in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: EightBytes.count + 1) { steps in
        var open = OpenWord(room: room, steps: steps)
        var index = 0
        while index < utf8.count {
          // A turn of this loop ends two words at the most, and there may be one more behind the last.
          if open.filled > Words.room - 3 { open.empty(into: &words) }
          if utf8[index] >= 0x80 {
            index += open.add(characterOf: utf8, at: index, table)
          } else if index + EightBytes.count <= utf8.count, !open.isAlone {
            index += open.add(EightBytes(utf8, at: index), table)
          } else {
            open.add(table.code(of: utf8[index]))
            index += 1
          }
        }
        open.end()
        open.empty(into: &words)
      }
    }
  }

  /// Words that are gathered before they are appended: 1 KiB, which fits on the stack.
  fileprivate static let room = 128

  /// A Swift string's UTF-8 is valid, so the first byte says it all.
  @inline(__always)
  static func scalar(in utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> (UInt32, length: Int) {
    func tail(_ offset: Int) -> UInt32 { UInt32(utf8[index + offset] & 0x3F) }
    let lead = UInt32(utf8[index])
    if lead < 0x80 { return (lead, 1) }
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | tail(1), 2) }
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3) }
    return ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
  }

  // MARK: - Hashing

  fileprivate static let empty: UInt64 = 0xCBF2_9CE4_8422_2324
  /// The lowest bit says that the open word is a character that stands alone. It outlives what is added: the factor is odd, and values leave
  /// it out.
  fileprivate static let aloneFlag: UInt64 = 1
  fileprivate static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  fileprivate static func adding(_ value: UInt32, to hash: UInt64) -> UInt64 { (hash ^ UInt64(value) << 1) &* factor }

  /// SplitMix64's finisher: each bit of the result depends on all of the input.
  @inline(__always)
  static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The word that is open in a loop over a text, and those that were ended last.
private struct OpenWord {
  /// The words that were ended.
  let room: UnsafeMutableBufferPointer<UInt64>
  private(set) var filled = 0
  private var hash = Words.empty
  /// The word's hash after each of the next eight letters.
  private let steps: UnsafeMutableBufferPointer<UInt64>

  init(room: UnsafeMutableBufferPointer<UInt64>, steps: UnsafeMutableBufferPointer<UInt64>) {
    (self.room, self.steps) = (room, steps)
  }

  /// It is a character that stands alone, and marks may follow.
  var isAlone: Bool { hash & Words.aloneFlag != 0 }

  mutating func empty(into words: inout [UInt64]) {
    words.append(contentsOf: UnsafeBufferPointer(rebasing: room[..<filled]))
    filled = 0
  }

  /// Written in each case and counted where there is a word: how long words are cannot be foretold, so that a branch here costs more than the rest.
  @inline(__always)
  mutating func end() {
    room[filled] = Words.mixed(hash)
    filled += hash == Words.empty ? 0 : 1
    hash = Words.empty
  }

  /// The letters from A to Z, of either case, with which `bytes` begins, and the character of ASCII after them. Returns how many bytes these are.
  /// All eight are gone through, and the hash is taken from where the letters end, for the same reason. The open word does not stand alone.
  @inline(__always)
  mutating func add(_ bytes: EightBytes, _ table: CharacterTable.Lookup) -> Int {
    // The bit that makes a letter small makes no letter of what is none.
    let small = bytes.word & ~EightBytes.highBits | 0x20 &* EightBytes.ones
    let letters = EightBytes(word: small).within(UInt8(ascii: "a")...UInt8(ascii: "z")) & ~bytes.word
    let count = EightBytes.first(in: letters ^ EightBytes.highBits)
    var step = hash
    steps[0] = step
    for place in 0..<EightBytes.count {
      let twice = place == 0 ? small << 1 : small >> UInt64(place * 8 - 1)
      step = (step ^ twice & 0xFE) &* Words.factor
      steps[place + 1] = step
    }
    hash = steps[count]
    guard count < EightBytes.count else { return count }
    let next = UInt8(truncatingIfNeeded: bytes.word >> UInt64(count * 8))
    let code = table.code(of: next)
    if code == CharacterTable.separatorCode {
      end()
    } else if next < 0x80 {
      add(code)
    } else {
      return count
    }
    return count + 1
  }

  /// A character of ASCII.
  mutating func add(_ code: UInt64) {
    let isLetter = code & Words.aloneFlag == 0
    if !isLetter || isAlone { end() }
    if code != CharacterTable.separatorCode { hash = Words.adding(UInt32(truncatingIfNeeded: code >> 1), to: hash) | (isLetter ? 0 : Words.aloneFlag) }
  }

  /// A character beyond ASCII. Returns its length.
  @inline(__always)
  mutating func add(characterOf utf8: UnsafeBufferPointer<UInt8>, at index: Int, _ table: CharacterTable.Lookup) -> Int {
    let (scalar, length) = Words.scalar(in: utf8, at: index)
    let entry = table[scalar]
    let kind = entry.kind
    if kind == .ignored { return length }
    // A word ends before a character that stands alone, before a letter after such a one, and at a separator.
    let isJoined = kind == .mark || kind == .letter && !isAlone
    if !isJoined { end() }
    switch kind {
    case .letter: hash = Words.adding(entry.small, to: hash)
    case .alone: hash = Words.adding(entry.small, to: hash) | Words.aloneFlag
    // A mark on nothing is nothing.
    case .mark: if hash != Words.empty { hash = Words.adding(entry.small, to: hash) }
    case .separator, .ignored: break
    }
    return length
  }
}
