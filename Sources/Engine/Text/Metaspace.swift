/// SentencePiece's way to write text (Kudo & Richardson 2018), as `tokenizer.json` has it for Llama 2, TinyLlama and their kin: a space is `▁`, tokens
/// are made of characters, and a character that no token has is its bytes (`byte_fallback`).
package struct Metaspace: Hashable, Sendable {
  /// Where a `▁` is put before a part of a text, a part being what lies between two added tokens.
  enum Prefix: Hashable, Sendable {
    /// Before every part.
    case always
    /// Before every part that does not begin with one.
    case whereMissing
    /// As the last, but only before the beginning of the whole text.
    case whereMissingAtFirst
    case never
  }

  /// Whether it is written by a normalizer, and so before normalized added tokens are looked for, or by the pre-tokenizer, and so afterwards.
  let isNormalizer: Bool
  let prefix: Prefix
  /// Every `▁` begins a piece of its own.
  let splits: Bool
  /// The decoder takes one space off the beginning of a text.
  let stripsWhenDecoding: Bool

  /// `▁`, U+2581 LOWER ONE EIGHTH BLOCK.
  static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  func written(_ text: some Collection<UInt8>, from start: PartStart) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + text.count / 2 + Self.mark.count)
    for byte in text { if byte == UInt8(ascii: " ") { output += Self.mark } else { output.append(byte) } }
    return needsPrefix(output, start) ? Self.mark + output : output
  }

  private func needsPrefix(_ text: [UInt8], _ start: PartStart) -> Bool {
    guard !text.isEmpty, start != .continued else { return false }
    switch prefix {
    case .never: return false
    case .always: return true
    case .whereMissing: return !text.starts(with: Self.mark)
    case .whereMissingAtFirst: return start == .ofText && !text.starts(with: Self.mark)
    }
  }

  /// What a spelling says: `▁` is a space again.
  static func read(_ spelling: some Collection<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    var rest = spelling[...]
    while let byte = rest.first {
      let isMark = rest.starts(with: mark)
      output.append(isMark ? UInt8(ascii: " ") : byte)
      rest = rest.dropFirst(isMark ? mark.count : 1)
    }
    return output
  }
}

/// Where a part of a text stands that is encoded by itself.
package enum PartStart: Hashable, Sendable {
  /// At the beginning of the whole.
  case ofText
  /// After an added token.
  case afterToken
  /// After text that was encoded before, so that its beginning is none.
  case continued
}

/// The pieces of text that is written with `▁`: nothing merges across their borders.
struct MetaspacePieces: Sendable {
  private enum Border: Sendable {
    case none
    case beforeEveryMark
    /// Where no token has a `▁` behind another character, no merge reaches over the beginning of a run of them: to cut there changes no result, and
    /// pieces are words, which are met again, and not whole texts.
    case beforeRunsOfMarks
  }

  private let border: Border

  init(_ metaspace: Metaspace, vocabulary: [[UInt8]?]) {
    let spellings = vocabulary.compactMap { $0 }
    if metaspace.splits {
      border = .beforeEveryMark
    } else {
      // Without a token of its own the mark is three bytes, which may merge with anything.
      border = spellings.contains(Metaspace.mark) && spellings.allSatisfy(Self.hasMarksOnlyInFront) ? .beforeRunsOfMarks : .none
    }
  }

  private static func hasMarksOnlyInFront(_ spelling: [UInt8]) -> Bool {
    var rest = spelling[...]
    while rest.starts(with: Metaspace.mark) { rest = rest.dropFirst(Metaspace.mark.count) }
    return !rest.indices.contains { rest[$0] == Metaspace.mark[0] && rest[$0...].starts(with: Metaspace.mark) }
  }

  func forEach(of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    guard !text.isEmpty else { return }
    var start = 0
    if border != .none {
      var isAfterMark = true
      var position = 0
      while position < text.count {
        let isMark = isMark(text, at: position)
        if isMark, position > start, border == .beforeEveryMark || !isAfterMark {
          body(UnsafeBufferPointer(rebasing: text[start..<position]))
          start = position
        }
        isAfterMark = isMark
        position += isMark ? Metaspace.mark.count : 1
      }
    }
    body(UnsafeBufferPointer(rebasing: text[start...]))
  }

  private func isMark(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
    text[position] == Metaspace.mark[0] && position + 2 < text.count && text[position + 1] == Metaspace.mark[1]
      && text[position + 2] == Metaspace.mark[2]
  }
}
