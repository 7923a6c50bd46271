/// Defects that a trainer of this kind could have, made on purpose: the self-check must notice each of them.
package enum Fault: String, CaseIterable, Sendable {
  /// Products run over k from the last to the first.
  case reversedProducts
  /// Products keep two accumulators, as an unrolled loop without this contract would.
  case splitAccumulators
  /// Shorter examples are padded in front to the longest of their micro-batch, and the padding is attended to.
  case paddedExamples
  /// Gradient chains start anew at every micro-batch and the parts are added.
  case restartedMicroBatches
}
