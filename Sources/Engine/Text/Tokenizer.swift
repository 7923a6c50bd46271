internal import Normalizing

/// Byte-pair encoding (Sennrich et al. 2016), over bytes as in GPT-2, or over characters as in SentencePiece: text to token ids and back.
///
/// Its judge is Hugging Face `tokenizers`: the same file and text give the same ids, without the special tokens that a post-processor
/// would add.
package struct Tokenizer: Sendable {
  package let preTokenizer: PreTokenizer
  /// Text is brought to Unicode's form C first.
  package let normalizesToNFC: Bool
  /// How spaces are written where tokens are made of characters; nil where they are made of bytes.
  package let metaspace: Metaspace?
  /// A piece that is a token as a whole is that token, whatever the merges say.
  package let ignoresMerges: Bool
  package let addedTokens: [AddedToken]
  /// In the order of their rank.
  package let merges: [Merge]
  /// What a post-processor puts around a whole text.
  package let frame: TextFrame
  /// The model's own vocabulary by id, in bytes or as characters are spelt: nil where an id is an added token's alone, or nobody's.
  let vocabulary: [[UInt8]?]

  private let table: MergeTable
  /// The token of each byte; nil where the vocabulary lacks it.
  private let byteTokens: [Int32?]
  /// What `metaspace` has instead.
  private let characters: (tokens: CharacterTokens, pieces: MetaspacePieces)?
  /// The bytes that ids stand for by `byte_fallback`.
  private let fallbackBytes: [Int32: UInt8]
  /// The tokens that a piece may be as a whole, where merges are ignored.
  private let wholePieces: ByteTable
  private let wholeTokens: [Int32]
  private let specialIDs: Set<Int32>
  /// What each id stands for when decoded.
  private let spellings: [[UInt8]]
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher

  /// Refuses merges that give a special token: text could then spell it.
  init(
    vocabulary: [[UInt8]?], merges: [Merge], preTokenizer: PreTokenizer, addedTokens: [AddedToken], normalizesToNFC: Bool = false,
    metaspace: Metaspace? = nil, ignoresMerges: Bool = false, frame: TextFrame = TextFrame()
  ) throws(TokenizerError) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.preTokenizer = preTokenizer
    self.addedTokens = addedTokens
    self.normalizesToNFC = normalizesToNFC
    self.metaspace = metaspace
    self.ignoresMerges = ignoresMerges
    self.frame = frame
    table = MergeTable(merges)
    let special = Set(addedTokens.filter(\.isSpecial).map(\.id))
    specialIDs = special
    byteTokens = Self.byteTokens(in: vocabulary, except: special)
    (wholePieces, wholeTokens) = Self.wholePieces(in: ignoresMerges ? vocabulary : [], except: special)
    characters = if let metaspace { (try CharacterTokens(vocabulary), MetaspacePieces(metaspace, vocabulary: vocabulary)) } else { nil }
    func spelling(_ token: AddedToken) -> [UInt8] { token.spelling(inFormC: normalizesToNFC, metaspace) }
    if metaspace == nil {
      // The judge's decoder reads added tokens as it reads any other: a content within the byte-level alphabet stands for those bytes.
      spellings = Self.spellings(vocabulary, addedTokens) { ByteLevel.bytes(spelledBy: spelling($0)) ?? spelling($0) }
      fallbackBytes = [:]
    } else {
      spellings = Self.spellings(vocabulary, addedTokens, spelling).map(Metaspace.read)
      let bytes = spellings.enumerated().compactMap { id, spelling in CharacterTokens.byte(spelledBy: spelling).map { (Int32(id), $0) } }
      fallbackBytes = Dictionary(uniqueKeysWithValues: bytes)
    }
    rawMatcher = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized }) { Array($0.content.utf8) }
    normalizedMatcher = AddedTokenMatcher(addedTokens.filter(\.isNormalized), spelling: spelling)
    if let index = merges.firstIndex(where: { special.contains($0.merged) }) {
      throw .malformed(place: "model.merges[\(index)]", reason: "gives a special token")
    }
    try refuseSpellable()
  }

  /// Where tokens are made of characters: a special token that is one of them, and the token of a byte that characters would spell, too.
  private func refuseSpellable() throws(TokenizerError) {
    guard metaspace != nil else { return }
    if let index = merges.firstIndex(where: { fallbackBytes[$0.merged] != nil }) {
      throw .malformed(place: "model.merges[\(index)]", reason: "gives the token of a byte")
    }
    for (index, token) in addedTokens.enumerated() {
      let content = Array(token.content.utf8)
      let place = "added_tokens[\(index)]"
      if token.isSpecial, CharacterTokens.onlyScalar(of: content) != nil {
        throw .unsupported(place: place, value: "the special token \(quoted(content)), a single character that text could spell,")
      }
      if fallbackBytes[token.id] != nil { throw .unsupported(place: place, value: "\(quoted(content)), the token of a byte,") }
    }
  }

  /// One more than the greatest id.
  package var vocabularySize: Int { spellings.count }

  /// The bytes that no token of the vocabulary spells.
  var missingBytes: [UInt8] { (UInt8.min...UInt8.max).filter { byteTokens[Int($0)] == nil } }

  /// Refuses a model that has no row for one of the tokens. More rows than tokens are usual: they round the matrix up.
  package func requireRows(_ rows: Int) throws(TokenizerError) {
    guard vocabularySize > rows else { return }
    throw .noRow(token: Int32(clamping: vocabularySize - 1), spelling: quoted(spellings[vocabularySize - 1]), rows: rows)
  }

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

  /// As above, for many texts in a row. A cache belongs to one tokenizer. `start` says what stands before the text.
  package func encodeOrdinary(_ text: String, from start: PartStart = .ofText, cache: inout PieceCache) -> [Int32] {
    encode(text, from: start, admittingSpecial: false, cache: &cache)
  }

  private func encode(_ text: String, from start: PartStart = .ofText, admittingSpecial: Bool, cache: inout PieceCache) -> [Int32] {
    var output: [Int32] = []
    let bytes = Array(text.utf8)
    for segment in rawMatcher.segments(of: bytes, admittingSpecial: { _ in admittingSpecial }) {
      switch segment {
      case .token(let id, _): output.append(id)
      case .text(let range):
        let start = range.lowerBound == 0 ? start : .afterToken
        encodePart(bytes, range, from: start, admittingSpecial: { _ in admittingSpecial }, &cache, &output)
      }
    }
    return output
  }

  /// The ids of a text that a chat template wrote, part by part, each with the place where it begins: an added token, or what lies between two.
  ///
  /// A special token is meant where `isTemplates` says that its place is the template's own words. Text is cut at `cuts` (ascending), and so
  /// no token but an added one reaches over one of them.
  func encode(
    _ text: [UInt8], isTemplates: (Range<Int>) -> Bool, cutAt cuts: [Int], cache: inout PieceCache, _ body: (Int, [Int32]) -> Void
  ) {
    var nextCut = 0
    for segment in rawMatcher.segments(of: text, admittingSpecial: isTemplates) {
      switch segment {
      case .token(let id, let place): body(place.lowerBound, [id])
      case .text(let range):
        var start = range.lowerBound
        while start < range.upperBound {
          while nextCut < cuts.count, cuts[nextCut] <= start { nextCut += 1 }
          let end = nextCut < cuts.count ? min(cuts[nextCut], range.upperBound) : range.upperBound
          var tokens: [Int32] = []
          let offset = start
          let part: PartStart = start > range.lowerBound ? .continued : start > 0 ? .afterToken : .ofText
          encodePart(text, start..<end, from: part, admittingSpecial: { isTemplates($0.moved(by: offset)) }, &cache, &tokens)
          body(start, tokens)
          start = end
        }
      }
    }
  }

  /// The places of the special tokens that a template wrote into a text.
  func specialTokens(in text: [UInt8], isTemplates: (Range<Int>) -> Bool) -> [(id: Int32, place: Range<Int>)] {
    rawMatcher.segments(of: text, admittingSpecial: isTemplates).flatMap { segment -> [(id: Int32, place: Range<Int>)] in
      switch segment {
      case .token(let id, let place): isSpecial(id) ? [(id, place)] : []
      case .text(let range):
        normalizedMatcher.segments(of: Array(text[range]), admittingSpecial: { isTemplates($0.moved(by: range.lowerBound)) }).compactMap {
          guard case .token(let id, let place) = $0, isSpecial(id) else { return nil }
          return (id, place.moved(by: range.lowerBound))
        }
      }
    }
  }

  private func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }

  /// What lies between added tokens that are matched in the text as it was written.
  private func encodePart(
    _ text: [UInt8], _ range: Range<Int>, from start: PartStart, admittingSpecial: (Range<Int>) -> Bool, _ cache: inout PieceCache,
    _ output: inout [Int32]
  ) {
    var part = range.count == text.count ? text : Array(text[range])
    if normalizesToNFC { part = FormC.composed(part) }
    if let metaspace, metaspace.isNormalizer { part = metaspace.written(part, from: start) }
    part.withUnsafeBufferPointer { bytes in
      for segment in normalizedMatcher.segments(of: part, admittingSpecial: admittingSpecial) {
        switch segment {
        case .token(let id, _): output.append(id)
        case .text(let range):
          forEachPiece(of: UnsafeBufferPointer(rebasing: bytes[range]), from: range.lowerBound == 0 ? start : .afterToken) {
            cache.append($0, of: self, to: &output)
          }
        }
      }
    }
  }

  private func forEachPiece(of text: UnsafeBufferPointer<UInt8>, from start: PartStart, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    guard let metaspace, let characters else { return preTokenizer.forEachPiece(of: text, isContinued: start == .continued, body) }
    if metaspace.isNormalizer { return characters.pieces.forEach(of: text, body) }
    metaspace.written(text, from: start).withUnsafeBufferPointer { characters.pieces.forEach(of: $0, body) }
  }

  /// Appends the tokens of one piece. A byte without a token is left out, as the judge does where no unknown token is declared.
  func merge(_ piece: UnsafeBufferPointer<UInt8>, with merger: inout PieceMerger, into output: inout [Int32]) {
    if let characters {
      merger.merge(characters.tokens.tokens(of: piece), by: table, into: &output)
    } else if ignoresMerges, let whole = wholePieces.index(of: UnsafeRawBufferPointer(piece)) {
      output.append(wholeTokens[whole])
    } else {
      merger.merge(piece.compactMap { byteTokens[Int($0)] }, by: table, into: &output)
    }
  }
}

extension Range<Int> {
  fileprivate func moved(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}

// MARK: - Decoding

extension Tokenizer {
  /// The bytes that some ids stand for, special tokens as they are spelt. An id without a token stands for nothing. Where tokens are made of characters,
  /// the bytes of `decode`.
  package func decodeBytes(_ ids: some Sequence<Int32>) -> [UInt8] {
    guard metaspace == nil else { return Array(decode(ids).utf8) }
    var output: [UInt8] = []
    for id in ids { output += spelling(of: id) ?? [] }
    return output
  }

  /// The text that some ids stand for. Bytes that are not UTF-8 become U+FFFD: one for each maximal subpart (Unicode 16.0, section 3.9.6), or, of bytes
  /// that `byte_fallback` spelt, one for each byte of the run. `isContinued` says that text stands before this, so that its beginning is none.
  package func decode(_ ids: some Sequence<Int32>, isContinued: Bool = false) -> String {
    guard metaspace != nil else { return String(decoding: decodeBytes(ids), as: UTF8.self) }
    var decoder = TokenDecoder(self, isContinued: isContinued)
    var text = ""
    for id in ids { text += decoder.append(id) }
    return text + decoder.finish()
  }

  /// What an id stands for; nil where it has no token.
  func spelling(of id: Int32) -> [UInt8]? { spellings.indices.contains(Int(id)) ? spellings[Int(id)] : nil }

  /// The byte that an id stands for where `byte_fallback` spelt one.
  func fallbackByte(of id: Int32) -> UInt8? { fallbackBytes[id] }
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

  private static func wholePieces(in vocabulary: [[UInt8]?], except special: Set<Int32>) -> (ByteTable, [Int32]) {
    var pieces = ByteTable(capacity: vocabulary.count)
    var tokens: [Int32] = []
    for (id, bytes) in vocabulary.enumerated() where !special.contains(Int32(id)) {
      // Spellings differ, and so bytes do, but for an added token that is spelt outside the byte-level alphabet: the later counts.
      guard let bytes else { continue }
      let (index, isNew) = pieces.insert(bytes)
      if isNew { tokens.append(Int32(id)) } else { tokens[index] = Int32(id) }
    }
    return (pieces, tokens)
  }

  private static func spellings(
    _ vocabulary: [[UInt8]?], _ addedTokens: [AddedToken], _ spelling: (AddedToken) -> [UInt8]
  ) -> [[UInt8]] {
    let count = max(vocabulary.count, (addedTokens.map { Int($0.id) }.max() ?? -1) + 1)
    var spellings = vocabulary.map { $0 ?? [] }
    spellings += Array(repeating: [], count: count - vocabulary.count)
    for token in addedTokens { spellings[Int(token.id)] = spelling(token) }
    return spellings
  }
}
