internal import Normalizing

/// A token that is matched in the text itself, before it is cut into pieces.
package struct AddedToken: Hashable, Sendable {
  package let id: Int32
  package let content: String
  /// A special token steers the model; ordinary text must never give one.
  package let isSpecial: Bool
  /// Takes the white space before it with it.
  package let stripsLeft: Bool
  /// Takes the white space after it with it.
  package let stripsRight: Bool
  /// Found only where no word goes on before or after it.
  package let isSingleWord: Bool
  /// Matched after the text was normalised, and not before.
  package let isNormalized: Bool

  package init(
    id: Int32, content: String, isSpecial: Bool, stripsLeft: Bool = false, stripsRight: Bool = false, isSingleWord: Bool = false,
    isNormalized: Bool = false
  ) {
    self.id = id
    self.content = content
    self.isSpecial = isSpecial
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isSingleWord = isSingleWord
    self.isNormalized = isNormalized
  }

  /// What it looks like in the text where it is searched, and when it is decoded.
  func spelling(inFormC: Bool, _ metaspace: Metaspace?) -> [UInt8] {
    let bytes = Array(content.utf8)
    guard isNormalized else { return bytes }
    if let metaspace, metaspace.isNormalizer { return metaspace.written(bytes, from: .ofText) }
    return inFormC ? FormC.composed(bytes) : bytes
  }
}

/// Finds added tokens: at the leftmost place, the longest, then on from its end, as Hugging Face `tokenizers` does.
struct AddedTokenMatcher: Sendable {
  enum Segment {
    /// Where it is spelt, without the white space that it takes with it.
    case token(Int32, Range<Int>)
    case text(Range<Int>)
  }

  private let tokens: [AddedToken]
  private let trie: ByteTrie

  /// `spelling` is what the tokens look like in the text that will be searched.
  init(_ tokens: [AddedToken], spelling: (AddedToken) -> [UInt8]) {
    self.tokens = tokens
    var trie = ByteTrie()
    for (index, token) in tokens.enumerated() { trie.insert(spelling(token), value: index) }
    self.trie = trie
  }

  /// Cuts a text into added tokens and what lies between them. A special token in a place that is not admitted is text like any other.
  func segments(of text: [UInt8], admittingSpecial: (Range<Int>) -> Bool) -> [Segment] {
    guard !tokens.isEmpty else { return text.isEmpty ? [] : [.text(0..<text.count)] }
    var segments: [Segment] = []
    var textStart = 0
    var position = 0
    while position < text.count {
      guard let longest = trie.longestMatch(in: text, at: position) else {
        position += 1
        continue
      }
      func isAdmitted(_ value: Int, _ end: Int) -> Bool { !tokens[value].isSpecial || admittingSpecial(position..<end) }
      var match = longest
      if !isAdmitted(match.value, match.end) {
        guard (position..<match.end).contains(where: { admittingSpecial($0..<$0 + 1) }) else {
          // All of it is a person's.
          position = match.end
          continue
        }
        // A person's words make the format's own longer than it wrote them: what it wrote still counts.
        guard let own = trie.longestMatch(in: text, at: position, where: isAdmitted) else {
          position += 1
          continue
        }
        match = own
      }
      let token = tokens[match.value]
      let place = position..<match.end
      if !token.isSingleWord || isWord(place, in: text) {
        let start = token.stripsLeft ? max(startOfWhiteSpace(before: position, in: text), textStart) : position
        if textStart < start { segments.append(.text(textStart..<start)) }
        segments.append(.token(token.id, place))
        textStart = token.stripsRight ? endOfWhiteSpace(after: match.end, in: text) : match.end
      }
      position = match.end
    }
    if textStart < text.count { segments.append(.text(textStart..<text.count)) }
    return segments
  }

  private func isWord(_ place: Range<Int>, in text: [UInt8]) -> Bool {
    (place.lowerBound == 0 || !WordCharacters.contains(decodeScalar(text, at: startOfScalar(before: place.lowerBound, in: text)).scalar))
      && (place.upperBound == text.count || !WordCharacters.contains(decodeScalar(text, at: place.upperBound).scalar))
  }

  private func startOfScalar(before end: Int, in text: [UInt8]) -> Int {
    var position = end - 1
    while text[position] & 0xC0 == 0x80 { position -= 1 }
    return position
  }

  private func endOfWhiteSpace(after start: Int, in text: [UInt8]) -> Int {
    var position = start
    while position < text.count {
      let (scalar, next) = decodeScalar(text, at: position)
      guard UnicodeClasses.kind(of: scalar) == .whiteSpace else { break }
      position = next
    }
    return position
  }

  private func startOfWhiteSpace(before end: Int, in text: [UInt8]) -> Int {
    var start = end
    while start > 0 {
      let position = startOfScalar(before: start, in: text)
      guard UnicodeClasses.kind(of: decodeScalar(text, at: position).scalar) == .whiteSpace else { break }
      start = position
    }
    return start
  }
}

/// Byte strings to look up by prefix.
struct ByteTrie: Sendable {
  private var children: [UInt64: Int] = [:]
  private var values: [Int?] = [nil]
  private var beginsHere = [Bool](repeating: false, count: 256)

  /// Of two equal strings the later counts. An empty one is never found.
  mutating func insert(_ bytes: [UInt8], value: Int) {
    guard let first = bytes.first else { return }
    beginsHere[Int(first)] = true
    var node = 0
    for byte in bytes {
      let edge = UInt64(node) << 8 | UInt64(byte)
      if let child = children[edge] {
        node = child
      } else {
        children[edge] = values.count
        node = values.count
        values.append(nil)
      }
    }
    values[node] = value
  }

  /// `admits` says of a value and the place where it ends whether it may be found.
  func longestMatch(in text: [UInt8], at start: Int, where admits: (Int, Int) -> Bool = { _, _ in true }) -> (value: Int, end: Int)? {
    guard beginsHere[Int(text[start])] else { return nil }
    var found: (value: Int, end: Int)?
    var node = 0
    for position in start..<text.count {
      guard let child = children[UInt64(node) << 8 | UInt64(text[position])] else { break }
      node = child
      if let value = values[node], admits(value, position + 1) { found = (value, position + 1) }
    }
    return found
  }
}
