internal import Artifacts
internal import Engine
internal import Foundation

/// The engine of this program. Stopped at any moment, it goes on from its last checkpoint and comes to the same bytes.
package struct EmbeddedSubstrate: Substrate {
  package init() {}

  package var capabilities: Capabilities { Capabilities(methods: [.adapter, .full], isReproducible: true, resumes: true) }

  package func train(_ job: TrainingJob, at bench: Workbench) async throws -> TrainingOutcome {
    let economy = try announce(job, bench)
    let trainer = try Trainer(
      base: job.base, examples: job.train.examples, validation: job.validation?.examples ?? [], parameters: job.parameters,
      baseName: TrainingJob.baseName, threads: bench.threads, microBatchTokens: economy.microBatchTokens, activations: economy.activations)
    try resume(trainer, bench)
    do {
      try train(trainer, bench)
    } catch TrainingError.notFinite(let what, let step) {
      return .diverged(Divergence(step: Int64(step), reason: "\(what) is not a finite number"))
    }
    var files = try trainer.files()
    if job.parameters.method == .full { files.merge(job.textFiles) { own, _ in own } }
    tellEnd(trainer, bench)
    return .trained(TrainedCandidate(files: files, account: EmbeddedRun(trainer, counts: job.train.counts).document))
  }

  /// What the training will take, said before it begins, and how it fits into memory.
  private func announce(_ job: TrainingJob, _ bench: Workbench) throws -> TrainingEconomy {
    let estimate = try TrainingEstimate.fitting(
      Memory.allowed(bench.memoryByteCount), base: job.base.configuration, baseByteCount: job.base.byteCount, examples: job.train.examples,
      validation: job.validation?.examples ?? [], parameters: job.parameters)
    try Memory.require(byteCount: estimate.peakByteCount, allowed: bench.memoryByteCount)
    let forecast = try TrainingForecast(estimate, threads: bench.threads)
    forecast.tell(exampleCount: job.train.counts.examples, deadline: bench.deadline, bench.note)
    if let stopping = job.parameters.validation?.stopping {
      let patience = TrainingForecast.spelled(stopping.patience, "validation")
      bench.note("it may end before that: after \(patience) in a row without progress; what did best is kept")
    }
    return estimate.economy
  }

  private func resume(_ trainer: Trainer, _ bench: Workbench) throws {
    guard let state = try bench.state.load() else { return }
    do {
      try trainer.restore(state)
      bench.note("going on from step \(trainer.completedSteps) of \(trainer.totalSteps)")
    } catch {
      // Damaged, or of an engine that computed otherwise: kept, it would stop every build from now on.
      guard error.isOfCheckpoint else { throw error }
      bench.note("\(error.message): beginning anew")
      try bench.state.remove()
    }
  }

  private func train(_ trainer: Trainer, _ bench: Workbench) throws {
    var pace = CheckpointPace(from: .now)
    var isOverdue = false
    var validated: ValidationReport?
    do {
      try trainer.run(
        isCancelled: {
          isOverdue = bench.deadline.map { ContinuousClock.now >= $0 } ?? false
          return Task.isCancelled || isOverdue
        },
        report: { step in
          bench.report(
            StepProgress(
              done: Int64(step.completedSteps), total: Int64(step.totalSteps), unit: "steps", detail: words(step, validated), metrics: step.metrics))
          let began = ContinuousClock.now
          guard pace.isDue(at: began) else { return }
          saveInPassing(trainer, bench)
          pace.saved(from: began, to: .now)
        },
        validated: { report in
          validated = report
          bench.report(
            StepProgress(
              done: Int64(report.completedSteps), total: Int64(report.totalSteps), unit: "steps", detail: words(report), metrics: report.metrics))
        })
    } catch TrainingError.cancelled {
      try bench.state.save(trainer.writeCheckpoint)
      throw isOverdue ? DeadlinePassed(kept: .init(completed: trainer.completedSteps, total: trainer.totalSteps)) : CancellationError()
    }
  }

  /// A checkpoint that cannot be written costs time only if the process also dies: the training goes on, and the person is told.
  private func saveInPassing(_ trainer: Trainer, _ bench: Workbench) {
    do {
      try bench.state.save(trainer.writeCheckpoint)
    } catch {
      bench.note("could not save a checkpoint: \((error as? any ExplainedError)?.message ?? (error as NSError).localizedDescription)")
    }
  }

  private func words(_ step: StepReport, _ validated: ValidationReport?) -> String {
    let loss = String(format: "loss %.3f", step.lossNatsPerToken)
    let speed = String(format: "%.0f tokens/s", step.tokensPerSecond)
    return ([loss] + (validated.map { [words($0)] } ?? []) + [speed]).joined(separator: "  ")
  }

  private func words(_ report: ValidationReport) -> String {
    let loss = String(format: "validation %.3f", report.lossNatsPerToken)
    guard let best = report.best, best.step != report.completedSteps else { return loss }
    return loss + String(format: " (best %.3f, step %d)", best.lossNatsPerToken, best.step)
  }

  /// What the validations have decided.
  private func tellEnd(_ trainer: Trainer, _ bench: Workbench) {
    guard trainer.isStopped || trainer.keptStep < trainer.completedSteps else { return }
    let end = trainer.isStopped ? "ended early, after step \(trainer.completedSteps) of \(trainer.totalSteps)" : "all \(trainer.totalSteps) steps are done"
    bench.note("\(end); what it was after step \(trainer.keptStep) is kept, which did best on the validation part")
  }
}

extension StepReport {
  /// Loss and norm are those of the trace, digit by digit.
  fileprivate var metrics: [String: Double] {
    [
      "lossNatsPerToken": lossNatsPerToken, "gradientNorm": gradientNorm, "learningRate": learningRate, "tokensPerSecond": tokensPerSecond,
      "supervisedTokens": Double(supervisedTokenCount),
    ]
  }
}

extension ValidationReport {
  fileprivate var metrics: [String: Double] {
    var metrics = ["validationLossNatsPerToken": lossNatsPerToken]
    if let best {
      metrics["bestValidationLossNatsPerToken"] = best.lossNatsPerToken
      metrics["bestStep"] = Double(best.step)
      metrics["validationsWithoutProgress"] = Double(best.waited)
    }
    return metrics
  }
}

extension TrainingError {
  fileprivate var isOfCheckpoint: Bool {
    switch self {
    case .checkpointDamaged, .checkpointOfAnotherRun: true
    default: false
    }
  }
}
