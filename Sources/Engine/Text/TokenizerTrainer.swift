/// Learns a byte-level BPE vocabulary from texts: the most frequent pair of neighbours becomes a token, again and again (Gage 1994;
/// Sennrich et al. 2016).
///
/// Deterministic: of equally frequent pairs the one with the smaller ids is taken, and the order of the texts does not matter. Ids are the
/// special tokens in the order given, the 256 bytes by value, then the merges as they were found.
package struct TokenizerTrainer: Sendable {
  package let vocabularySize: Int
  package let specialTokens: [String]
  package let preTokenizer: PreTokenizer

  /// A pair that is met once is chance, and no rule.
  private static let leastCount = 2
  /// A longer piece, such as a base64 block, is counted in parts, for no merge should walk through a megabyte.
  private static let longestPieceBytes = 256

  package init(vocabularySize: Int, specialTokens: [String], preTokenizer: PreTokenizer = .qwen2) throws(TokenizerError) {
    let least = specialTokens.count + 256
    guard vocabularySize >= least, vocabularySize <= 1 << 24 else { throw .vocabularySize(vocabularySize, least: least) }
    var met: Set<ByteString> = []
    for token in specialTokens {
      // One of a single byte, as a vocabulary spells it, would be that byte's token.
      guard Self.vocabularyBytes(ofSpecial: token).count > 1, met.insert(ByteString(token.utf8)).inserted else {
        throw .badSpecialToken(token)
      }
    }
    self.vocabularySize = vocabularySize
    self.specialTokens = specialTokens
    self.preTokenizer = preTokenizer
  }

  /// The tokenizer that the texts give. Its vocabulary is smaller than asked for where the texts have too few pairs that repeat.
  package func train(on texts: some Sequence<String>) throws(TokenizerError) -> Tokenizer {
    var vocabulary = specialTokens.map(Self.vocabularyBytes) + (UInt8.min...UInt8.max).map { [$0] }
    var ids = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { (ByteString($1), Int32($0)) })
    var words = PairCounts(countPieces(of: texts), firstByteToken: Int32(specialTokens.count))
    var merges: [Merge] = []
    while vocabulary.count < vocabularySize, let pair = words.mostFrequentPair(atLeast: Self.leastCount) {
      let bytes = vocabulary[Int(pair.left)] + vocabulary[Int(pair.right)]
      // The same bytes may be reached in two ways (a+bc, ab+c): they are one token, for a vocabulary has each spelling once.
      let merged = ids[ByteString(bytes)] ?? Int32(vocabulary.count)
      guard merged >= specialTokens.count else {
        words.forbid(pair)
        continue
      }
      if merged == vocabulary.count {
        vocabulary.append(bytes)
        ids[ByteString(bytes)] = merged
      }
      merges.append(Merge(left: pair.left, right: pair.right, merged: merged))
      words.join(pair, as: merged)
    }
    let added = specialTokens.enumerated().map { AddedToken(id: Int32($0), content: $1, isSpecial: true) }
    return try Tokenizer(vocabulary: vocabulary, merges: merges, preTokenizer: preTokenizer, addedTokens: added)
  }

  /// What `TokenizerFile` will read for the special token.
  private static func vocabularyBytes(ofSpecial token: String) -> [UInt8] { ByteLevel.bytes(spelledBy: token.utf8) ?? Array(token.utf8) }

  private func countPieces(of texts: some Sequence<String>) -> [ByteString: Int] {
    var counts: [ByteString: Int] = [:]
    for text in texts {
      let bytes = Array(text.utf8)
      preTokenizer.forEachPiece(of: bytes) { range in
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.longestPieceBytes) {
          counts[ByteString(bytes[start..<min(start + Self.longestPieceBytes, range.upperBound)]), default: 0] += 1
        }
      }
    }
    return counts
  }
}

/// How often each pair of neighbours occurs in the words, kept up to date while words are rewritten.
private struct PairCounts {
  /// Ordered so that the smallest is the next merge: the greatest count, then the smaller pair.
  private struct Candidate: Comparable {
    let count: Int
    let pair: TokenPair

    static func < (left: Candidate, right: Candidate) -> Bool {
      left.count == right.count ? left.pair < right.pair : left.count > right.count
    }
  }

  private var words: [[Int32]] = []
  private var frequencies: [Int] = []
  private var counts: [TokenPair: Int] = [:]
  /// Every word that has the pair, and some that had it.
  private var places: [TokenPair: [Int]] = [:]
  private var candidates = BinaryHeap<Candidate>()
  /// Pairs that became more frequent since candidates were last proposed.
  private var risen: Set<TokenPair> = []
  private var forbidden: Set<TokenPair> = []

  init(_ pieces: [ByteString: Int], firstByteToken: Int32) {
    for (piece, frequency) in pieces {
      words.append(piece.bytes.map { firstByteToken + Int32($0) })
      frequencies.append(frequency)
    }
    for word in words.indices { add(word) { _ in true } }
    proposeRisen()
  }

  /// The pair with the greatest count, the smaller one of equals. Nil where none has `least`.
  mutating func mostFrequentPair(atLeast least: Int) -> TokenPair? {
    while let candidate = candidates.popSmallest() {
      let count = counts[candidate.pair] ?? 0
      if count < least || forbidden.contains(candidate.pair) { continue }
      if count == candidate.count { return candidate.pair }
      // It fell since it was proposed (one that rose was proposed again): back to where it belongs now.
      candidates.insert(Candidate(count: count, pair: candidate.pair))
    }
    return nil
  }

  mutating func forbid(_ pair: TokenPair) { forbidden.insert(pair) }

  /// Rewrites every word that has the pair, leftmost first.
  mutating func join(_ pair: TokenPair, as merged: Int32) {
    for word in places.removeValue(forKey: pair) ?? [] {
      let joined = Self.joined(words[word], pair, as: merged)
      guard joined.count < words[word].count else { continue }
      remove(word)
      words[word] = joined
      add(word) { $0.left == merged || $0.right == merged }
    }
    counts[pair] = nil
    proposeRisen()
  }

  private mutating func remove(_ word: Int) {
    let tokens = words[word]
    for index in tokens.indices.dropLast() { counts[TokenPair(tokens[index], tokens[index + 1]), default: 0] -= frequencies[word] }
  }

  /// Counts a word's pairs, and remembers the word with those that are new in it.
  private mutating func add(_ word: Int, isNew: (TokenPair) -> Bool) {
    let tokens = words[word]
    for index in tokens.indices.dropLast() {
      let pair = TokenPair(tokens[index], tokens[index + 1])
      counts[pair, default: 0] += frequencies[word]
      guard isNew(pair) else { continue }
      risen.insert(pair)
      if places[pair]?.last != word { places[pair, default: []].append(word) }
    }
  }

  private mutating func proposeRisen() {
    for pair in risen { candidates.insert(Candidate(count: counts[pair] ?? 0, pair: pair)) }
    risen.removeAll(keepingCapacity: true)
  }

  private static func joined(_ tokens: [Int32], _ pair: TokenPair, as merged: Int32) -> [Int32] {
    var output: [Int32] = []
    output.reserveCapacity(tokens.count)
    var index = 0
    while index < tokens.count {
      if index + 1 < tokens.count, TokenPair(tokens[index], tokens[index + 1]) == pair {
        output.append(merged)
        index += 2
      } else {
        output.append(tokens[index])
        index += 1
      }
    }
    return output
  }
}
