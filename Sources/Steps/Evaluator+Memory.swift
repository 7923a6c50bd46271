internal import Engine
internal import Substrates

extension Evaluator {
  /// One that scores these examples within the machine's memory, with as many tokens at once as fit. Throws `NotEnoughMemory` where none do.
  static func fitting(
    _ examples: [EncodedExample], contextLength: Int, base: ModelFolder, adapter: AdapterFolder?, threads: Int
  ) throws -> Evaluator {
    let estimate = InferenceEstimate.scoring(
      examples, maximumTokens: contextLength, base: base.configuration, baseByteCount: base.byteCount, adapter: adapter?.configuration,
      fitting: Memory.allowed(nil))
    try Memory.require(byteCount: estimate.peakByteCount, for: .scoring)
    return try Evaluator(base: base, adapter: adapter, threads: threads, microBatchTokens: estimate.microBatchTokens, layout: estimate.layout)
  }
}
