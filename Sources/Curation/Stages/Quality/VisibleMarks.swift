/// Counts of the characters that show, over the turns of a record, and of its lines and bytes.
package struct VisibleMarks {
  package private(set) var visible = 0
  /// U+FFFD, which stands where bytes could not be read.
  package private(set) var broken = 0
  package private(set) var symbols = 0
  /// In runs of one character.
  package private(set) var inRuns = 0
  /// Line feeds, and one for each turn.
  package private(set) var lines = 0
  package private(set) var bytes = 0

  package init() {}

  /// The run that is open: of `last`, which is no character before the first.
  private var run = 0
  private var last = VisibleMarks.noCharacter
  private static let noCharacter = UInt32.max

  /// Returns how many characters of the turn show.
  package mutating func add(_ turn: String) -> Int {
    let before = visible
    (run, last) = (0, VisibleMarks.noCharacter)
    var turn = turn
    turn.withUTF8 { utf8 in CharacterTable.shared.withEntries { add(utf8, $0) } }
    endRun()
    lines += 1
    return visible - before
  }

  private mutating func endRun() {
    if run >= ChatSignals.shortestRun { inRuns += run }
  }

  // MARK: - In blocks

  /// Most of most texts is ASCII in which no character is repeated for long, and that is counted eight bytes at a time.
  private mutating func add(_ utf8: UnsafeBufferPointer<UInt8>, _ table: CharacterTable.Lookup) {
    bytes += utf8.count
    var index = 0
    while index < utf8.count {
      let end = index + Self.blockByteCount
      if end <= utf8.count, let block = Block(utf8, at: index) {
        add(block, utf8, at: index)
        index = end
      } else {
        while index < min(end, utf8.count) { index += addCharacter(in: utf8, at: index, table) }
      }
    }
  }

  static let blockByteCount = 32

  /// What is in 32 bytes of ASCII that cannot lie within one run.
  private struct Block {
    let visible: Int
    let symbols: Int
    let feeds: Int

    /// Nil where a byte is not ASCII, or no two neighbours are seen that are different characters and both show. Neighbours are looked for within
    /// each eight, so that both lie in the block.
    @inline(__always)
    init?(_ utf8: UnsafeBufferPointer<UInt8>, at start: Int) {
      var all: UInt64 = 0
      var different: UInt64 = 0
      var visible: UInt64 = 0
      var wordly: UInt64 = 0
      var feeds: UInt64 = 0
      for index in stride(from: start, to: start + VisibleMarks.blockByteCount, by: EightBytes.count) {
        let eight = EightBytes(utf8, at: index)
        // Behind the last one stands 0, which does not show.
        let next = EightBytes(word: eight.word >> 8)
        all |= eight.word
        let shown = eight.atLeast(0x21)
        different |= EightBytes(word: eight.word ^ next.word).atLeast(1) & shown & next.atLeast(0x21)
        visible += shown >> 7
        wordly += eight.lettersAndDigits >> 7
        feeds += eight.equal(to: UInt8(ascii: "\n")) >> 7
      }
      guard EightBytes(word: all).isASCII, different != 0 else { return nil }
      self.visible = EightBytes.sum(of: visible)
      symbols = self.visible - EightBytes.sum(of: wordly)
      self.feeds = EightBytes.sum(of: feeds)
    }
  }

  @inline(__always)
  private mutating func add(_ block: Block, _ utf8: UnsafeBufferPointer<UInt8>, at start: Int) {
    visible += block.visible
    symbols += block.symbols
    lines += block.feeds
    // The open run goes on over the first characters, and what follows the last different one is open now. Neither loop passes the place
    // where two neighbours differ.
    var index = start
    while utf8[index] <= 0x20 || UInt32(utf8[index]) == last {
      if utf8[index] > 0x20 { run += 1 }
      index += 1
    }
    endRun()
    index = start + Self.blockByteCount - 1
    while utf8[index] <= 0x20 { index -= 1 }
    let final = utf8[index]
    run = 0
    while utf8[index] <= 0x20 || utf8[index] == final {
      if utf8[index] > 0x20 { run += 1 }
      index -= 1
    }
    last = UInt32(final)
  }

  // MARK: - One by one

  /// Returns its length.
  private mutating func addCharacter(in utf8: UnsafeBufferPointer<UInt8>, at index: Int, _ table: CharacterTable.Lookup) -> Int {
    let (scalar, length) = Words.scalar(in: utf8, at: index)
    if scalar == 0x0A { lines += 1 }
    guard VisibleMarks.isVisible(scalar, table) else { return length }
    visible += 1
    if scalar == 0xFFFD { broken += 1 }
    if VisibleMarks.isSymbol(scalar) { symbols += 1 }
    if scalar != last {
      endRun()
      (run, last) = (0, scalar)
    }
    run += 1
    return length
  }

  /// Not white space, not formatting, not a mark without a letter, none of the letters that are blank.
  private static func isVisible(_ scalar: UInt32, _ table: CharacterTable.Lookup) -> Bool {
    if scalar < 0x80 { return scalar > 0x20 }
    switch scalar {
    case 0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0: return false
    default: break
    }
    switch table[scalar].kind {
    case .letter, .alone: return true
    case .mark, .ignored: return false
    case .separator: return scalar != 0x200B && Unicode.Scalar(scalar)?.properties.isWhitespace == false
    }
  }

  /// Punctuation and signs of ASCII, arrows, mathematics, boxes and blocks. Pictographs are none: people speak in them.
  private static func isSymbol(_ scalar: UInt32) -> Bool {
    if scalar < 0x80 {
      let byte = UInt8(truncatingIfNeeded: scalar)
      return !byte.isASCIILetter && !byte.isDigit
    }
    return (0x2010...0x205E).contains(scalar) || (0x2190...0x25FF).contains(scalar) || (0x2900...0x2BFF).contains(scalar)
  }
}
