/// What a training keeps of its forward passes for the backward passes. It decides memory and time, and no byte of a result.
package enum Activations: String, CaseIterable, Hashable, Sendable {
  /// All that the backward pass reads.
  case kept
  /// Of each layer its input; the rest is computed again when the backward pass comes to the layer, by the same operators over the same rows
  /// (gradient checkpointing: Chen, Xu, Zhang, Guestrin, arXiv 1604.06174, with a segment a layer).
  case recomputed
}

/// How a training fits into memory. Every way gives the same bytes, so that none is part of a key.
package struct TrainingEconomy: Hashable, Sendable {
  package let activations: Activations
  /// Rows computed at once; an example that is longer is a part of its own.
  package let microBatchTokens: Int

  package init(activations: Activations, microBatchTokens: Int) {
    self.activations = activations
    self.microBatchTokens = microBatchTokens
  }

  /// From the fastest to the one that takes the least memory. Fewer rows at once cost a few hundredths of the time, as long as a product has
  /// hundreds of them; computing layers twice is a third more work where all weights are trained, and half where an adapter is.
  package static let all = [
    TrainingEconomy(activations: .kept, microBatchTokens: 4096), TrainingEconomy(activations: .kept, microBatchTokens: 1024),
    TrainingEconomy(activations: .kept, microBatchTokens: 256), TrainingEconomy(activations: .recomputed, microBatchTokens: 1024),
    TrainingEconomy(activations: .recomputed, microBatchTokens: 256), TrainingEconomy(activations: .recomputed, microBatchTokens: 1),
  ]
}
