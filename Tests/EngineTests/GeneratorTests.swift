import Engine
import Testing

@Suite("Generation")
struct GeneratorTests {
  @Test("a model that learnt a sequence goes on with it, greedily")
  func memory() throws {
    let sequence: [Int32] = [3, 17, 5, 29, 11, 8, 23, 2, 31, 14]
    let example = EncodedExample(recordID: SmallTraining.id(0), tokens: sequence, supervised: sequence.map { _ in true })
    let parameters = TrainingParameters(
      method: .full, length: .steps(80), learningRate: 1e-2, schedule: .constant, examplesPerBatch: 1, maximumTokens: 64, seed: 1)
    let trainer = try Trainer(base: SmallTraining.base(), examples: [example], parameters: parameters, threads: 2)
    try trainer.run()
    let generator = try Generator(base: #require(try trainer.model()), threads: 1)
    #expect(try generator.generate(after: [3], limit: 9, endTokens: []) == Array(sequence.dropFirst()))
    #expect(try generator.generate(after: [3, 17, 5], limit: 9, endTokens: [23]) == [29, 11, 8])
    var seen: [Int32] = []
    _ = try generator.generate(after: [3], limit: 9, endTokens: []) { seen.append($0); return seen.count < 4 }
    #expect(seen == [17, 5, 29, 11])
  }

  @Test("the cache gives what a pass over everything gives", arguments: [0.0, 1.1])
  func cache(temperature: Double) throws {
    let base = try SmallTraining.base()
    let generator = try Generator(base: base, threads: 2)
    let sampling = Sampling(temperature: temperature, topP: 0.95, seed: 4)
    let prompt = SmallTraining.examples[1].tokens
    let tokens = try generator.generate(after: prompt, limit: 12, endTokens: [], sampling: sampling)
    #expect(tokens.count == 12)
    guard temperature == 0 else {
      #expect(try Generator(base: base, threads: 1).generate(after: prompt, limit: 12, endTokens: [], sampling: sampling) == tokens)
      return
    }
    for count in tokens.indices {
      #expect(try generator.generate(after: prompt + tokens.prefix(count), limit: 1, endTokens: []) == [tokens[count]])
    }
  }

  @Test("on the other kinds of model too, with an adapter", arguments: SmallTraining.Kind.allCases)
  func cacheOfKinds(kind: SmallTraining.Kind) throws {
    let base = try kind.base()
    let adapter = try GradientTests.startedAdapter(on: base.configuration, isRankStabilized: true)
    let generator = try Generator(base: base, adapter: adapter, threads: 2)
    let prompt = SmallTraining.examples[1].tokens
    let tokens = try generator.generate(after: prompt, limit: 12, endTokens: [])
    for count in tokens.indices {
      #expect(try generator.generate(after: prompt + tokens.prefix(count), limit: 1, endTokens: []) == [tokens[count]])
    }
    let bare = try Evaluator(base: base, threads: 1).score(SmallTraining.examples, maximumTokens: 64)
    let adapted = try Evaluator(base: base, adapter: adapter, threads: 1).score(SmallTraining.examples, maximumTokens: 64)
    let other = try Evaluator(base: base, adapter: adapter, threads: 3, microBatchTokens: 1).score(SmallTraining.examples, maximumTokens: 64)
    #expect(adapted != bare && other == adapted)
  }

  @Test("seeds differ, a tiny top-p is greedy, and draws follow the probabilities")
  func sampling() throws {
    let generator = try Generator(base: SmallTraining.base(), threads: 1)
    func draw(_ temperature: Double, _ topP: Double, _ seed: UInt64) throws -> [Int32] {
      try generator.generate(after: [1, 2], limit: 10, endTokens: [], sampling: Sampling(temperature: temperature, topP: topP, seed: seed))
    }
    let greedy = try generator.generate(after: [1, 2], limit: 10, endTokens: [])
    #expect(try draw(1, 1e-9, 1) == greedy)
    #expect(try draw(1e-3, 1, 1) == greedy)
    #expect(try draw(1.5, 1, 1) != draw(1.5, 1, 2))
    #expect(try draw(1.5, 1, 1) == draw(1.5, 1, 1))
    let firsts = Set(try (0..<40).map { try draw(50, 1, $0)[0] })
    #expect(firsts.count > 15)  // At this temperature all 37 are about equally likely.
  }

  @Test("generation ends with the positions, and refuses what it cannot read")
  func limits() throws {
    let generator = try Generator(base: SmallTraining.base(), threads: 1)
    #expect(try generator.generate(after: [Int32](repeating: 1, count: 60), limit: 100, endTokens: []).count == 4)
    #expect(throws: GenerationError.emptyPrompt) { try generator.generate(after: [], limit: 1, endTokens: []) }
    #expect(throws: GenerationError.promptTooLong(tokenCount: 64, positions: 64)) {
      try generator.generate(after: [Int32](repeating: 1, count: 64), limit: 1, endTokens: [])
    }
    #expect(throws: GenerationError.tokenOutsideVocabulary(37, vocabularySize: 37)) { try generator.generate(after: [37], limit: 1, endTokens: []) }
    #expect(throws: GenerationError.impossibleSampling("top-p")) {
      try generator.generate(after: [1], limit: 1, endTokens: [], sampling: Sampling(temperature: 1, topP: 0))
    }
  }
}
