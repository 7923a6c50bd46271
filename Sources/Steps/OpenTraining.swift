package import Engine
package import Running
internal import Substrates

/// A training of the engine for who wants to take its steps one by one, and not as a build does.
package enum OpenTraining {
  /// Before its first step. Refuses an action that another program trains.
  package static func trainer(_ context: StepContext) throws -> Trainer {
    let job = try TrainStep.job(context, try TrainingSettings(context.action))
    let estimate = try TrainingEstimate.fitting(
      Memory.allowed(nil), base: job.base.configuration, baseByteCount: job.base.byteCount, examples: job.train.examples,
      validation: job.validation?.examples ?? [], parameters: job.parameters)
    try Memory.require(byteCount: estimate.peakByteCount)
    return try Trainer(
      base: job.base, examples: job.train.examples, validation: job.validation?.examples ?? [], parameters: job.parameters,
      baseName: TrainingJob.baseName, threads: context.threads, microBatchTokens: estimate.economy.microBatchTokens, activations: estimate.economy.activations)
  }
}
