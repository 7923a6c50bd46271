internal import Normalizing

/// Byte-level byte-pair encoding (Sennrich et al. 2016, over bytes as in GPT-2): text to token ids and back.
///
/// Its judge is Hugging Face `tokenizers`: the same file and text give the same ids, without the special tokens that a post-processor
/// would add.
package struct Tokenizer: Sendable {
  package let preTokenizer: PreTokenizer
  /// Text is brought to Unicode's form C first.
  package let normalizesToNFC: Bool
  /// A piece that is a token as a whole is that token, whatever the merges say.
  package let ignoresMerges: Bool
  package let addedTokens: [AddedToken]
  /// In the order of their rank.
  package let merges: [Merge]
  /// The model's own vocabulary by id: nil where an id is an added token's alone, or nobody's.
  let vocabulary: [[UInt8]?]

  private let table: MergeTable
  /// The token of each byte; nil where the vocabulary lacks it.
  private let byteTokens: [Int32?]
  private let wholePieces: [ByteString: Int32]
  /// What each id stands for when decoded.
  private let spellings: [[UInt8]]
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher

  /// Refuses merges that give a special token: text could then spell it.
  init(
    vocabulary: [[UInt8]?], merges: [Merge], preTokenizer: PreTokenizer, addedTokens: [AddedToken], normalizesToNFC: Bool = false,
    ignoresMerges: Bool = false
  ) throws(TokenizerError) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.preTokenizer = preTokenizer
    self.addedTokens = addedTokens
    self.normalizesToNFC = normalizesToNFC
    self.ignoresMerges = ignoresMerges
    table = MergeTable(merges)
    let special = Set(addedTokens.filter(\.isSpecial).map(\.id))
    byteTokens = Self.byteTokens(in: vocabulary, except: special)
    wholePieces = ignoresMerges ? Self.wholePieces(in: vocabulary, except: special) : [:]
    spellings = Self.spellings(vocabulary, addedTokens, inFormC: normalizesToNFC)
    rawMatcher = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized }) { Array($0.content.utf8) }
    normalizedMatcher = AddedTokenMatcher(addedTokens.filter(\.isNormalized)) { $0.spelling(inFormC: normalizesToNFC) }
    if let index = merges.firstIndex(where: { special.contains($0.merged) }) {
      throw .malformed(place: "model.merges[\(index)]", reason: "gives a special token")
    }
  }

  /// One more than the greatest id.
  package var vocabularySize: Int { spellings.count }

  package func id(ofSpecialToken content: String) -> Int32? {
    // Compared as bytes: Swift's strings are equal when they are canonically equivalent.
    addedTokens.first { $0.isSpecial && $0.content.utf8.elementsEqual(content.utf8) }?.id
  }
}

// MARK: - Encoding

extension Tokenizer {
  /// The ids of a text in which special tokens are meant where they are spelt. Only for text that we wrote ourselves.
  package func encode(_ text: String) -> [Int32] {
    var cache = PieceCache()
    return encode(text, admittingSpecial: true, cache: &cache)
  }

  /// The ids of somebody's text: what spells a special token there is encoded as ordinary text.
  package func encodeOrdinary(_ text: String) -> [Int32] {
    var cache = PieceCache()
    return encode(text, admittingSpecial: false, cache: &cache)
  }

  /// As above, for many texts in a row. A cache belongs to one tokenizer.
  package func encodeOrdinary(_ text: String, cache: inout PieceCache) -> [Int32] {
    encode(text, admittingSpecial: false, cache: &cache)
  }

  private func encode(_ text: String, admittingSpecial: Bool, cache: inout PieceCache) -> [Int32] {
    var output: [Int32] = []
    let bytes = Array(text.utf8)
    for segment in rawMatcher.segments(of: bytes, admittingSpecial: admittingSpecial) {
      switch segment {
      case .token(let id): output.append(id)
      case .text(let range):
        let piece = range.count == bytes.count ? bytes : Array(bytes[range])
        encodeNormalized(normalizesToNFC ? FormC.composed(piece) : piece, admittingSpecial, &cache, &output)
      }
    }
    return output
  }

  private func encodeNormalized(_ text: [UInt8], _ admittingSpecial: Bool, _ cache: inout PieceCache, _ output: inout [Int32]) {
    for segment in normalizedMatcher.segments(of: text, admittingSpecial: admittingSpecial) {
      switch segment {
      case .token(let id): output.append(id)
      case .text(let range):
        var segment = range.count == text.count ? text : Array(text[range])
        if preTokenizer.addsPrefixSpace, segment.first != UInt8(ascii: " ") { segment.insert(UInt8(ascii: " "), at: 0) }
        preTokenizer.forEachPiece(of: segment) { cache.append(segment[$0], of: self, to: &output) }
      }
    }
  }

  /// Appends the tokens of one piece. A byte without a token is left out, as the judge does where no unknown token is declared.
  func merge(_ piece: ArraySlice<UInt8>, with merger: inout PieceMerger, into output: inout [Int32]) {
    if ignoresMerges, let whole = wholePieces[ByteString(piece)] {
      output.append(whole)
    } else {
      merger.merge(piece.compactMap { byteTokens[Int($0)] }, by: table, into: &output)
    }
  }
}

// MARK: - Decoding

extension Tokenizer {
  /// The bytes that some ids stand for, special tokens as they are spelt. An id without a token stands for nothing.
  package func decodeBytes(_ ids: some Sequence<Int32>) -> [UInt8] {
    var output: [UInt8] = []
    for id in ids where spellings.indices.contains(Int(id)) { output += spellings[Int(id)] }
    return output
  }

  /// The text that some ids stand for. Bytes that are not UTF-8 become U+FFFD (one for each maximal subpart; Unicode 16.0, section 3.9.6).
  package func decode(_ ids: some Sequence<Int32>) -> String {
    String(decoding: decodeBytes(ids), as: UTF8.self)
  }
}

// MARK: - Tables

extension Tokenizer {
  private static func byteTokens(in vocabulary: [[UInt8]?], except special: Set<Int32>) -> [Int32?] {
    var tokens = [Int32?](repeating: nil, count: 256)
    for (id, bytes) in vocabulary.enumerated() where !special.contains(Int32(id)) {
      if let bytes, bytes.count == 1 { tokens[Int(bytes[0])] = Int32(id) }
    }
    return tokens
  }

  private static func wholePieces(in vocabulary: [[UInt8]?], except special: Set<Int32>) -> [ByteString: Int32] {
    var pieces: [ByteString: Int32] = [:]
    for (id, bytes) in vocabulary.enumerated() where !special.contains(Int32(id)) {
      if let bytes { pieces[ByteString(bytes)] = Int32(id) }
    }
    return pieces
  }

  private static func spellings(_ vocabulary: [[UInt8]?], _ addedTokens: [AddedToken], inFormC: Bool) -> [[UInt8]] {
    let count = max(vocabulary.count, (addedTokens.map { Int($0.id) }.max() ?? -1) + 1)
    var spellings = vocabulary.map { $0 ?? [] }
    spellings += Array(repeating: [], count: count - vocabulary.count)
    for token in addedTokens {
      // The judge's decoder reads added tokens as it reads any other: a content within the byte-level alphabet stands for those bytes.
      let spelling = token.spelling(inFormC: inFormC)
      spellings[Int(token.id)] = ByteLevel.bytes(spelledBy: String(decoding: spelling, as: UTF8.self)) ?? spelling
    }
    return spellings
  }
}
