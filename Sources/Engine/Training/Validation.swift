internal import Artifacts

/// The examples that a run is measured on and does not learn from, and how it fares on them. The losses are those of `Evaluator`, taken with the weights
/// that are being trained.
final class Validation {
  let tokenRoot: Digest
  /// Supervised.
  let tokenCount: Int
  /// The parameters at the least loss so far, of no value before there is one. Nil where the last ones are kept.
  let kept: FloatBuffer?
  private let settings: ValidationSettings
  /// After which steps one follows, counted from 1.
  private let due: Set<Int>
  private let stepCount: Int
  private let microBatches: [[EncodedExample]]
  private let transformer: Transformer
  private(set) var stopping: EarlyStopping?

  /// `stepCount`: of the whole plan. One always follows the last.
  init(
    _ settings: ValidationSettings, after due: Set<Int>, of stepCount: Int, examples: [EncodedExample], transformer: Transformer, microBatchTokens: Int
  ) throws(TrainingError) {
    tokenRoot = StateCommitment.tokenRoot(of: examples)
    tokenCount = examples.reduce(0) { $0 + $1.supervisedTokenCount }
    guard tokenCount > 0 else { throw .nothingToValidate(exampleCount: examples.count) }
    kept = settings.stopping.map { _ in FloatBuffer(uninitializedCount: transformer.parameters.values.count) }
    (self.settings, self.due, self.stepCount, self.transformer) = (settings, due, stepCount, transformer)
    microBatches = MicroBatches.split(examples, tokenBound: microBatchTokens)
    stopping = freshStopping
  }

  private var freshStopping: EarlyStopping? { settings.stopping.map { EarlyStopping($0, tokenCount: tokenCount) } }

  func isDue(after step: Int) -> Bool { due.contains(step) }

  /// Σ round(nll·2²⁰). Nil where it was cancelled. Throws where a record's loss is too large to be counted.
  func loss(isCancelled: () -> Bool) throws(TrainingError) -> Int64? {
    var sum: Int64 = 0
    for part in microBatches {
      guard !isCancelled() else { return nil }
      for score in try transformer.scores(of: part) {
        sum += score.scaledLoss
        // What a trace cannot hold could not be read again.
        guard sum <= TrainingTrace.Step.largestValidation else { throw .scoreOverflow(score.recordID) }
      }
    }
    return sum
  }

  /// Takes a loss into account, and the parameters with it where none was better.
  func note(_ loss: Int64, step: Int) {
    stopping?.note(loss, step: step)
    guard let kept, stopping?.best?.step == step else { return }
    kept.start.update(from: transformer.parameters.values.start, count: kept.count)
  }

  /// The parameters that are kept stay as they are.
  func resume(after steps: [TrainingTrace.Step]) { stopping = progress(after: steps) }

  func progress(after steps: [TrainingTrace.Step]) -> EarlyStopping? {
    var progress = freshStopping
    for (index, step) in steps.enumerated() where isDue(after: index + 1) { if let loss = step.validation { progress?.note(loss, step: index + 1) } }
    return progress
  }

  /// How many steps a run has whose validations came to these losses.
  func length(of steps: [TrainingTrace.Step]) -> Int {
    guard var progress = freshStopping else { return stepCount }
    for (index, step) in steps.enumerated() {
      guard isDue(after: index + 1), let loss = step.validation else { continue }
      progress.note(loss, step: index + 1)
      if progress.isOver { return index + 1 }
    }
    return stepCount
  }
}

/// What a validation came to.
package struct ValidationReport: Hashable, Sendable {
  package let completedSteps: Int
  package let totalSteps: Int
  package let lossNatsPerToken: Double
  /// The least so far. Nil where nothing follows from it.
  package let best: Best?

  package struct Best: Hashable, Sendable {
    package let step: Int
    package let lossNatsPerToken: Double
    /// Validations without progress, up to this one.
    package let waited: Int
    package let isOver: Bool
  }

  init(_ loss: Int64, after step: Int, of totalSteps: Int, tokenCount: Int, _ progress: EarlyStopping?) {
    let nats = { (loss: Int64) in Double(loss) / RecordScore.unitsPerNat / Double(tokenCount) }
    (completedSteps, self.totalSteps, lossNatsPerToken) = (step, totalSteps, nats(loss))
    best = progress.flatMap { progress in
      progress.best.map { Best(step: $0.step, lossNatsPerToken: nats($0.loss), waited: progress.waited, isOver: progress.isOver) }
    }
  }
}
