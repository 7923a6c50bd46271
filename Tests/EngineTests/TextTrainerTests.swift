import Engine
import Testing

@Suite("Tokenizer trainer")
struct TextTrainerTests {
  @Test("special tokens come first, then the bytes by value, then the merges")
  func orderOfIDs() throws {
    let tokenizer = try TextTokenizerTests.trained(.qwen2)
    #expect(ChatFormat.specialTokens.map { tokenizer.id(ofSpecialToken: $0) } == [0, 1, 2])
    #expect((0..<256).allSatisfy { tokenizer.decodeBytes([Int32($0) + 3]) == [UInt8($0)] })
    #expect(tokenizer.merges.map(\.merged) == Array(259..<Int32(tokenizer.vocabularySize)))
    #expect(tokenizer.merges.count > 50)
  }

  @Test("merges are those of counting everything anew each time", arguments: [1, 2, 3, 4, 5, 6, 7, 8])
  func sameAsCountingAnew(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let texts = (0..<30).map { _ in
      String((0..<Int.random(in: 0...40, using: &generator)).map { _ in "aaab c'é".randomElement(using: &generator) ?? "a" })
    }
    let trained = try TokenizerTrainer(vocabularySize: 300, specialTokens: ["<end>"], preTokenizer: .gpt2).train(on: texts)
    #expect(trained.merges == plainMerges(texts, vocabularySize: 300))
    let shuffled = try TokenizerTrainer(vocabularySize: 300, specialTokens: ["<end>"], preTokenizer: .gpt2).train(on: texts.reversed())
    #expect(shuffled.merges == trained.merges)
  }

  /// The definition, without any book-keeping. One special token stands before the bytes.
  private func plainMerges(_ texts: [String], vocabularySize: Int) -> [Merge] {
    var words: [[Int32]] = []
    for text in texts {
      let bytes = Array(text.utf8)
      PreTokenizer.gpt2.forEachPiece(of: bytes) { words.append(bytes[$0].map { Int32($0) + 1 }) }
    }
    var spellings: [[UInt8]] = [Array("<end>".utf8)] + (UInt8.min...UInt8.max).map { [$0] }
    var merges: [Merge] = []
    while spellings.count < vocabularySize {
      var counts: [[Int32]: Int] = [:]
      for word in words {
        for index in word.indices.dropLast() { counts[[word[index], word[index + 1]], default: 0] += 1 }
      }
      let best = counts.min { $0.value == $1.value ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value }
      guard let best, best.value >= 2 else { break }
      let spelling = spellings[Int(best.key[0])] + spellings[Int(best.key[1])]
      if !spellings.contains(spelling) { spellings.append(spelling) }
      let merged = Int32(spellings.firstIndex(of: spelling) ?? 0)
      merges.append(Merge(left: best.key[0], right: best.key[1], merged: merged))
      words = words.map { joined($0, best.key, merged) }
    }
    return merges
  }

  private func joined(_ word: [Int32], _ pair: [Int32], _ merged: Int32) -> [Int32] {
    guard word.count >= 2 else { return word }
    if Array(word.prefix(2)) == pair { return [merged] + joined(Array(word.dropFirst(2)), pair, merged) }
    return [word[0]] + joined(Array(word.dropFirst()), pair, merged)
  }

  @Test("a vocabulary stays smaller than asked for where nothing repeats")
  func stopsWhereNothingRepeats() throws {
    let trainer = try TokenizerTrainer(vocabularySize: 5000, specialTokens: [])
    #expect(try trainer.train(on: ["abcdefg"]).vocabularySize == 256)
    #expect(try trainer.train(on: [String]()).vocabularySize == 256)
  }

  @Test("merges never spell a special token, however often the text does")
  func neverSpellsSpecial() throws {
    let trainer = try TokenizerTrainer(vocabularySize: 400, specialTokens: ["stop"])
    let tokenizer = try trainer.train(on: [String(repeating: "stop nonstop ", count: 50)])
    #expect(!tokenizer.encodeOrdinary("stop nonstop").contains(0))
    #expect(tokenizer.encode("stop").contains(0))
    #expect(try TokenizerFile.read(TokenizerFile.canonical(of: tokenizer)).merges == tokenizer.merges)
  }

  @Test("a vocabulary without room, and special tokens that cannot be told apart, are refused")
  func refusesImpossible() {
    #expect(throws: TokenizerError.vocabularySize(258, least: 259)) {
      try TokenizerTrainer(vocabularySize: 258, specialTokens: ChatFormat.specialTokens)
    }
    for tokens in [[""], ["<a>", "<a>"], ["!"], ["é"]] {
      #expect(throws: TokenizerError.self) { try TokenizerTrainer(vocabularySize: 300, specialTokens: tokens) }
    }
  }
}
