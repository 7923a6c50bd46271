/// A quick look that can say "nothing to do" for most texts. It may be wrong the other way: then the long way finds nothing to do.
package enum SettledText {
  package static func holds(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = utf8.first, let last = utf8.last else { return true }
    guard !isSpace(first), !isSpace(last) else { return false }
    return kinds.withUnsafeBufferPointer { holds(utf8, kinds: $0) }
  }

  private static func holds(_ utf8: UnsafeBufferPointer<UInt8>, kinds: UnsafeBufferPointer<Kind>) -> Bool {
    var index = 0
    var afterSpace = false
    while index < utf8.count {
      if index + EightBytes.count <= utf8.count {
        let eight = EightBytes(utf8, at: index)
        if eight.isASCII {
          guard isSettled(eight, afterSpace: afterSpace) else { return false }
          let last = utf8[index + EightBytes.count - 1]
          afterSpace = last != 0x0A && isSpace(last)
          index += EightBytes.count
          continue
        }
      }
      let (scalar, length) = Words.scalar(in: utf8, at: index)
      switch kind(of: scalar, kinds) {
      case .unsettled: return false
      case .settled: afterSpace = false
      case .space:
        guard index > 0 else { return false }
        afterSpace = true
      case .lineFeed:
        guard !afterSpace else { return false }
      }
      index += length
    }
    return !afterSpace
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A }

  /// Eight characters of ASCII: no control, and no line feed after a space or a tab.
  @inline(__always)
  private static func isSettled(_ eight: EightBytes, afterSpace: Bool) -> Bool {
    let feeds = eight.equal(to: 0x0A)
    let tabs = eight.equal(to: 0x09)
    let controls = ~eight.atLeast(0x20) & EightBytes.highBits & ~feeds & ~tabs | eight.atLeast(0x7F)
    let spaces = (eight.equal(to: 0x20) | tabs) << 8 | (afterSpace ? 0x80 : 0)
    return controls | feeds & spaces == 0
  }

  // MARK: - Kinds

  private enum Kind: UInt8 {
    case unsettled, settled, space, lineFeed
  }

  @inline(__always)
  private static func kind(of scalar: UInt32, _ kinds: UnsafeBufferPointer<Kind>) -> Kind {
    scalar < 0x1_0000 ? kinds[Int(scalar)] : pictographs.contains(scalar) ? .settled : .unsettled
  }

  /// Of the basic plane.
  private static let kinds: [Kind] = {
    var kinds = [Kind](repeating: .unsettled, count: 0x1_0000)
    for scalar in settled.joined() { kinds[Int(scalar)] = .settled }
    for scalar in spaces { kinds[Int(scalar)] = .space }
    kinds[0x0A] = .lineFeed
    return kinds
  }()

  private static let pictographs: ClosedRange<UInt32> = 0x1F300...0x1FAFF

  /// White space that form C leaves alone (it does not leave U+2000 and U+2001); a line must not end with it.
  private static let spaces: [UInt32] = [0x09, 0x20, 0xA0, 0x202F, 0x205F, 0x3000] + Array(0x2002...0x200A)

  /// Characters of the scripts that are met most: no neighbour of this set composes with them, form C leaves them alone, and they are neither white
  /// space nor controls. A test holds each of them against Foundation.
  private static let settled: [ClosedRange<UInt32>] = [
    0x0021...0x007E,
    0x00A1...0x02FF,  // Latin
    0x4E00...0x9FFF,  // Chinese characters
    0x0400...0x0482,  // Cyrillic
    0x3041...0x3096, 0x30A1...0x30FA, 0x30FC...0x30FE, 0x3001...0x3029,  // Kana, and the punctuation around it
    0xAC00...0xD7A3,  // Hangul syllables
    0x0620...0x064A, 0x05D0...0x05EA,  // Arabic and Hebrew letters
    0x2010...0x2027, 0x2030...0x205E,  // punctuation
    0xFF01...0xFF5E,  // full-width forms
  ]
}
