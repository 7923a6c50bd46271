internal import CKernels

/// Continues token ids: the same prompt, sampling and seed give the same tokens everywhere. It belongs to one thread at a time.
package final class Generator {
  let transformer: Transformer
  private var order: [Int]
  private var probabilities: [Double]

  /// Packed matrices take a copy of the base in float32 and are read at once for each token, others are laid out for each token anew.
  /// `sharing`: a generator on the same base, whose matrices are used; the two take turns.
  package init(
    base: ModelFolder, adapter: AdapterFolder? = nil, threads: Int, layout: FrozenLayout = .packed, sharing other: Generator? = nil
  ) throws(ModelError) {
    transformer = try Transformer(
      base: base, adapter: adapter, purpose: .inference, frozen: other?.transformer.frozen ?? FrozenMatrices(layout), pool: KernelPool(threads: threads))
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
