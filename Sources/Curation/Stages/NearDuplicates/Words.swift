/// The words of a text as 64-bit hashes: what shingles are made of.
///
/// The hash is our own, of 64-bit arithmetic alone, so that every machine gives the same: a character is mixed in by one multiplication, and
/// the word is finished by the mixer of SplitMix64 (Steele, Lea and Flood, 2014).
struct Words {
  private let table = CharacterTable.shared

  /// Appends the words of a text.
  func append(_ text: String, to words: inout [UInt64]) {
    var text = text
    text.withUTF8 { utf8 in table.withEntries { append(utf8, $0, to: &words) } }
  }

  /// What is open and what is done, in one place that the loop can keep in registers; `room` is filled and emptied into `words`.
  private func append(_ utf8: UnsafeBufferPointer<UInt8>, _ table: CharacterTable.Lookup, to words: inout [UInt64]) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Words.room) { room in
      var filled = 0
      var hash = Words.empty
      var index = 0
      while index < utf8.count {
        // A turn of this loop ends two words at the most, and there may be one more behind the last.
        if filled > Words.room - 3 {
          words.append(contentsOf: room[..<filled])
          filled = 0
        }
        var code = table.code(of: utf8[index])
        if code != 0, code & Words.aloneFlag == 0 {
          // A letter after a character that stands alone begins a word; the letters of ASCII after it are of the same.
          if hash & Words.aloneFlag != 0 {
            room[filled] = Words.mixed(hash)
            filled += 1
            hash = Words.empty
          }
          repeat {
            hash = (hash ^ code) &* Words.factor
            index += 1
            guard index < utf8.count else { break }
            code = table.code(of: utf8[index])
          } while code != 0 && code & Words.aloneFlag == 0
          guard index < utf8.count else { break }
        }
        if utf8[index] < 0x80 {
          // A separator or a character that stands alone.
          if hash != Words.empty {
            room[filled] = Words.mixed(hash)
            filled += 1
          }
          hash = code == 0 ? Words.empty : (Words.empty ^ (code ^ Words.aloneFlag)) &* Words.factor | Words.aloneFlag
          index += 1
        } else {
          index += Words.step(utf8, at: index, table, &hash, room, &filled)
        }
      }
      if hash != Words.empty {
        room[filled] = Words.mixed(hash)
        filled += 1
      }
      words.append(contentsOf: room[..<filled])
    }
  }

  /// Words that are gathered before they are appended: 1 KiB, which fits on the stack.
  private static let room = 128

  /// One character beyond ASCII. Returns its length.
  @inline(__always)
  private static func step(
    _ utf8: UnsafeBufferPointer<UInt8>, at index: Int, _ table: CharacterTable.Lookup, _ hash: inout UInt64,
    _ room: UnsafeMutableBufferPointer<UInt64>, _ filled: inout Int
  ) -> Int {
    let (scalar, length) = Words.scalar(in: utf8, at: index)
    let entry = table[scalar]
    let kind = entry.kind
    if kind == .ignored { return length }
    // A word ends before a character that stands alone, before a letter after such a one, and at a separator.
    let isJoined = kind == .mark || kind == .letter && hash & Words.aloneFlag == 0
    if !isJoined, hash != Words.empty {
      room[filled] = Words.mixed(hash)
      filled += 1
      hash = Words.empty
    }
    switch kind {
    case .letter: hash = Words.adding(entry.small, to: hash)
    case .alone: hash = Words.adding(entry.small, to: hash) | Words.aloneFlag
    // A mark on nothing is nothing.
    case .mark: if hash != Words.empty { hash = Words.adding(entry.small, to: hash) }
    case .separator, .ignored: break
    }
    return length
  }

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

  private static let empty: UInt64 = 0xCBF2_9CE4_8422_2324
  /// The lowest bit says that the open word is a character that stands alone. It outlives what is added: the factor is odd, and values leave
  /// it out.
  private static let aloneFlag: UInt64 = 1
  private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  private static func adding(_ value: UInt32, to hash: UInt64) -> UInt64 { (hash ^ UInt64(value) << 1) &* factor }

  /// SplitMix64's finisher: each bit of the result depends on all of the input.
  @inline(__always)
  static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
