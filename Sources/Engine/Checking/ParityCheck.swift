package import Foundation

/// Trains as a stored run of PEFT did, from the same start on the same batches, and says how far the two are apart.
package enum ParityCheck {
  /// `folder` is laid out as `ParityFolder` says.
  package static func run(_ folder: URL, threads: Int) throws -> ParityReport {
    let stored = try ParityFolder(folder)
    let trainer = try Trainer(
      base: stored.base, examples: stored.examples, parameters: stored.parameters, start: stored.start, baseName: nil, threads: threads,
      microBatchTokens: 4096, order: stored.order, fault: nil)
    var gradients: [Double] = []
    while trainer.completedSteps < trainer.totalSteps {
      _ = try trainer.step()
      guard trainer.completedSteps <= stored.gradients.count else { continue }
      gradients.append(ParityReport.largestDifference(trainer.gradientTensors, stored.gradients[trainer.completedSteps - 1]))
    }
    let adapter = trainer.parameterTensors
    let decided = ParityReport.decided(stored.final, gradients: stored.gradients)
    return ParityReport(
      stepCount: trainer.totalSteps,
      losses: ParityReport.largestDifference(trainer.trace.steps.map(\.lossNatsPerToken), stored.losses),
      gradientNorms: ParityReport.largestDifference(trainer.trace.steps.map(\.gradientNorm), stored.gradientNorms),
      adapter: ParityReport.largestDifference(adapter, stored.final),
      decidedAdapter: ParityReport.largestDifference(adapter, stored.final, isCounted: decided),
      undecidedElementCount: decided.joined().count { !$0 },
      elementCount: adapter.reduce(0) { $0 + $1.values.count },
      gradients: gradients.max())
  }
}
