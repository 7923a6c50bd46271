import Engine
import Testing

/// How a model that only speaks or is measured is held in memory.
@Suite("Scoring and generating within the memory")
struct InferenceTests {
  /// Large enough that a copy of the matrices counts.
  private static let large = ModelConfiguration(
    vocabularySize: 32_000, hiddenSize: 1024, intermediateSize: 2048, layerCount: 8, headCount: 8, keyValueHeadCount: 4, maximumPositionCount: 8192)

  private static func examples(_ count: Int, length: Int) -> [EncodedExample] {
    (0..<count).map { SmallTraining.example($0, length: length) }
  }

  @Test("however matrices are held, whoever shares them, the scores and the words are the same", arguments: SmallTraining.Kind.allCases)
  func sameBits(kind: SmallTraining.Kind) throws {
    let base = try kind.base()
    let adapter = try GradientTests.startedAdapter(on: base.configuration, isRankStabilized: true)
    let (examples, prompt) = (SmallTraining.examples, SmallTraining.examples[1].tokens)
    let score = try Evaluator(base: base, adapter: adapter, threads: 1, layout: .packed).score(examples, maximumTokens: 64)
    let bare = try Evaluator(base: base, threads: 1, layout: .packed).score(examples, maximumTokens: 64)
    let words = try Generator(base: base, adapter: adapter, threads: 1).generate(after: prompt, limit: 12, endTokens: [])
    let bareWords = try Generator(base: base, threads: 1).generate(after: prompt, limit: 12, endTokens: [])
    for layout in FrozenLayout.allCases {
      let speaker = try Generator(base: base, adapter: adapter, threads: 2, layout: layout)
      let other = try Generator(base: base, threads: 1, sharing: speaker)
      for _ in 0..<2 {  // They take turns.
        #expect(try speaker.generate(after: prompt, limit: 12, endTokens: []) == words)
        #expect(try Evaluator(sharing: speaker, microBatchTokens: 16).score(examples, maximumTokens: 64) == score)
        #expect(try other.generate(after: prompt, limit: 12, endTokens: []) == bareWords)
        #expect(try Evaluator(sharing: other, microBatchTokens: 1).score(examples, maximumTokens: 64) == bare)
      }
      #expect(try Evaluator(base: base, adapter: adapter, threads: 2, layout: layout).score(examples, maximumTokens: 64) == score)
    }
    #expect(score != bare)
  }

  @Test("scoring takes no copy of a large base, and fewer rows at once where memory is short")
  func scoring() throws {
    let byteCount = 2 * Self.large.parameterCount
    func estimate(_ examples: [EncodedExample], fitting limit: Int = .max) -> InferenceEstimate {
      .scoring(examples, maximumTokens: 8192, base: Self.large, baseByteCount: byteCount, fitting: limit)
    }
    let short = estimate(Self.examples(1, length: 20))
    #expect(short.layout == .shared && short.peakByteCount > byteCount && short.peakByteCount < byteCount + byteCount / 4)
    let many = Self.examples(100, length: 100)
    let free = estimate(many)
    let least = estimate(many, fitting: 0)
    #expect(free.microBatchTokens == 4096 && free.peakByteCount > short.peakByteCount + 4 * 300 * Self.large.vocabularySize)
    #expect(least.microBatchTokens == 1 && least.peakByteCount < free.peakByteCount)
    #expect(estimate(many, fitting: free.peakByteCount - 1).microBatchTokens == 1024)
    let adapter = AdapterConfiguration(rank: 64, alpha: 64, targets: Projection.allCases)
    let adapted = InferenceEstimate.scoring(
      many, maximumTokens: 8192, base: Self.large, baseByteCount: byteCount, adapter: adapter, fitting: .max)
    #expect(adapted.peakByteCount - free.peakByteCount >= 12 * adapter.sizes(on: Self.large).numbers)
  }

  @Test("generating counts the copy that it makes for speed, and does without where that does not fit, or helps little")
  func generating() throws {
    let byteCount = 4 * Self.large.parameterCount
    func estimate(_ tokens: Int, adapters: [AdapterConfiguration?] = [nil], of byteCount: Int, fitting limit: Int = .max) -> InferenceEstimate {
      .generating(promptTokens: tokens, positions: tokens, base: Self.large, baseByteCount: byteCount, adapters: adapters, fitting: limit)
    }
    let packed = estimate(16, of: byteCount)
    #expect(packed.layout == .packed && packed.peakByteCount > 2 * byteCount - byteCount / 10)
    let shared = estimate(16, of: byteCount, fitting: packed.peakByteCount - 1)
    #expect(shared.layout == .shared && shared.peakByteCount < byteCount + byteCount / 8)
    let narrow = estimate(16, of: byteCount / 2)
    #expect(narrow.layout == .shared && narrow.peakByteCount < byteCount / 2 + byteCount / 8)
    let caches = 2 * 4 * Self.large.layerCount * 1000 * Self.large.keyValueHeadCount * Self.large.headDimension
    #expect(estimate(1016, of: byteCount).peakByteCount - packed.peakByteCount > caches)
    // Two who stand on one base hold its matrices once.
    #expect(estimate(16, adapters: [nil, nil], of: byteCount).peakByteCount < packed.peakByteCount + byteCount / 8)
  }
}
