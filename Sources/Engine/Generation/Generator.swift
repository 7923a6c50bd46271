internal import Artifacts
internal import CKernels

/// How the next token is chosen.
package struct Sampling: Hashable, Sendable {
  /// 0 takes the most likely token every time.
  package var temperature: Double
  /// The smallest set of likely tokens whose probabilities reach this much is drawn from.
  package var topP: Double
  package var seed: UInt64

  package init(temperature: Double = 0, topP: Double = 1, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
  }

  package static let greedy = Sampling()
}

/// Why a text cannot be generated.
package enum GenerationError: ExplainedError, Hashable {
  case emptyPrompt
  case promptTooLong(tokenCount: Int, positions: Int)
  case tokenOutsideVocabulary(Int32, vocabularySize: Int)
  case impossibleSampling(String)
  case notFinite(tokenCount: Int)

  package var message: String {
    switch self {
    case .emptyPrompt: "the prompt has no token"
    case .promptTooLong(let count, let positions): "the prompt's \(count) tokens leave no room in the base's \(positions) positions"
    case .tokenOutsideVocabulary(let token, let size): "token \(token) is outside the base's vocabulary of \(size)"
    case .impossibleSampling(let name): "tokens cannot be drawn with this value of \"\(name)\""
    case .notFinite(let count): "the logits after \(count) tokens are not finite numbers"
    }
  }

  package var hint: String? { nil }
}

/// Continues token ids: the same prompt, sampling and seed give the same tokens everywhere. It belongs to one thread at a time.
package final class Generator {
  private let transformer: Transformer
  private var order: [Int]
  private var probabilities: [Double]

  package init(base: ModelFolder, adapter: AdapterFolder? = nil, threads: Int) throws(ModelError) {
    transformer = try Transformer(base: base, adapter: adapter, purpose: .inference, pool: KernelPool(threads: threads))
    order = [Int](repeating: 0, count: base.configuration.vocabularySize)
    probabilities = [Double](repeating: 0, count: base.configuration.vocabularySize)
  }

  /// Up to `limit` new tokens, or fewer where one of `endTokens` comes (it is not given back), the positions run out, or `receive`,
  /// which sees each token as it is made, answers false.
  package func generate(
    after prompt: [Int32], limit: Int, endTokens: Set<Int32>, sampling: Sampling = .greedy, receive: (Int32) -> Bool = { _ in true }
  ) throws(GenerationError) -> [Int32] {
    try check(prompt, sampling)
    let room = transformer.configuration.maximumPositionCount - prompt.count
    let caches = makeCaches(capacity: prompt.count + min(limit, room))
    var generated: [Int32] = []
    var pending = prompt
    while generated.count < min(limit, room) {
      let logits = transformer.nextLogits(after: pending, caches: caches)
      guard ck_first_nonfinite(transformer.pool.handle, logits.count, start(of: logits)) < 0 else {
        throw .notFinite(tokenCount: prompt.count + generated.count)
      }
      let token = choose(logits, sampling, ordinal: generated.count)
      if endTokens.contains(token) { break }
      generated.append(token)
      guard receive(token) else { break }
      pending = [token]
    }
    return generated
  }

  private func check(_ prompt: [Int32], _ sampling: Sampling) throws(GenerationError) {
    let configuration = transformer.configuration
    guard !prompt.isEmpty else { throw .emptyPrompt }
    guard prompt.count < configuration.maximumPositionCount else {
      throw .promptTooLong(tokenCount: prompt.count, positions: configuration.maximumPositionCount)
    }
    if let token = prompt.first(where: { !(0..<configuration.vocabularySize).contains(Int($0)) }) {
      throw .tokenOutsideVocabulary(token, vocabularySize: configuration.vocabularySize)
    }
    guard sampling.temperature >= 0, sampling.temperature.isFinite else { throw .impossibleSampling("temperature") }
    guard sampling.topP > 0, sampling.topP <= 1 else { throw .impossibleSampling("top-p") }
  }

  private func makeCaches(capacity: Int) -> [KeyValueCache] {
    let width = transformer.configuration.keyValueHeadCount * transformer.configuration.headDimension
    return transformer.layers.map { _ in KeyValueCache(capacity: capacity, width: width) }
  }

  private func choose(_ logits: UnsafeBufferPointer<Float>, _ sampling: Sampling, ordinal: Int) -> Int32 {
    guard sampling.temperature > 0 else { return Int32(ck_argmax(logits.count, start(of: logits))) }
    var words: [UInt32] = [0, 0]
    ck_random_words(RandomStream.generation.at(seed: sampling.seed, step: ordinal), 0, 2, &words)
    return Int32(engine_sample(logits.count, start(of: logits), sampling.temperature, sampling.topP, words, &order, &probabilities))
  }

  private func start(of logits: UnsafeBufferPointer<Float>) -> UnsafePointer<Float> {
    logits.baseAddress.unsafelyUnwrapped  // A vocabulary has tokens.
  }
}
