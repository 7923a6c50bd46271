internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
package import Planning
internal import Running
internal import Store

/// The embedded engine trains an adapter on a base, or every weight of a model. Stopped at any moment, it goes on from its last checkpoint
/// and comes to the same bytes.
struct TrainStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let settings = try TrainingSettings(context.action)
    let start = try start(context, settings)
    let examples = try start.encode(context, "train", contextLength: settings.contextLength)
    let trainer = try Trainer(
      base: start.model, examples: examples.examples, parameters: settings.training, baseName: "base", threads: context.threads)
    try announce(start, examples, settings, context)
    try resume(trainer, context)
    try train(trainer, context)
    var files = try trainer.files()
    if settings.training.method == .full { files.merge(start.textFiles) { own, _ in own } }
    let run = TrainingRun(trace: trainer.trace, counts: examples.counts)
    return ["files": try context.put(files: files), "trace": try context.store.objects.put(run.document.canonical)]
  }

  /// What the training starts from: the given base, or a new model of the plan's shape.
  private func start(_ context: StepContext, _ settings: TrainingSettings) throws -> BaseModel {
    guard let shape = settings.newModel else { return try BaseModel(context, "base") }
    let tokenizer = try context.input("tokenizer")
    return try BaseModel(new: shape, tokenizer: tokenizer, seed: settings.training.seed)
  }

  /// What the training will take, said before it begins.
  private func announce(_ start: BaseModel, _ examples: EncodedDataset, _ settings: TrainingSettings, _ context: StepContext) throws {
    let estimate = try TrainingEstimate(base: start.model.configuration, examples: examples.examples, parameters: settings.training)
    try Memory.require(byteCount: estimate.peakByteCount)
    let forecast = try TrainingForecast(estimate, threads: context.threads)
    forecast.tell(exampleCount: examples.counts.examples, deadline: context.deadline, context.note)
  }

  func foresee(_ actions: [StepContext]) throws { try TrainingForecast.tellTogether(actions) }

  private func resume(_ trainer: Trainer, _ context: StepContext) throws {
    guard let state = try context.checkpoint.load() else { return }
    do {
      try trainer.restore(state)
      context.note("going on from step \(trainer.completedSteps) of \(trainer.totalSteps)")
    } catch {
      // Damaged, or of an engine that computed otherwise: kept, it would stop every build from now on.
      guard error.isOfCheckpoint else { throw error }
      context.note("\(error.message): beginning anew")
      try context.checkpoint.remove()
    }
  }

  private func train(_ trainer: Trainer, _ context: StepContext) throws {
    var lastCheckpoint = ContinuousClock.now
    var isOverBudget = false
    do {
      try trainer.run(
        isCancelled: {
          isOverBudget = context.deadline.map { ContinuousClock.now >= $0 } ?? false
          return Task.isCancelled || isOverBudget
        },
        report: { step in
          context.report(StepProgress(done: Int64(step.completedSteps), total: Int64(step.totalSteps), unit: "steps", detail: words(step)))
          guard ContinuousClock.now - lastCheckpoint > TrainStep.checkpointInterval else { return }
          lastCheckpoint = .now
          saveInPassing(trainer, context)
        })
    } catch TrainingError.cancelled {
      try context.checkpoint.save(trainer.checkpoint())
      throw isOverBudget ? OverBudget(action: context.action.id, progress: .init(completed: trainer.completedSteps, total: trainer.totalSteps)) : CancellationError()
    }
  }

  /// A checkpoint that cannot be written costs time only if the process also dies: the training goes on, and the person is told.
  private func saveInPassing(_ trainer: Trainer, _ context: StepContext) {
    do {
      try context.checkpoint.save(trainer.checkpoint())
    } catch {
      context.note("could not save a checkpoint: \((error as? any ExplainedError)?.message ?? (error as NSError).localizedDescription)")
    }
  }

  /// How much work a kill can cost. A checkpoint of a compact model takes a hundredth of a second.
  private static let checkpointInterval = Duration.seconds(5)

  private func words(_ step: StepReport) -> String {
    String(format: "loss %.3f  %.0f tokens/s", step.lossNatsPerToken, step.tokensPerSecond)
  }
}

/// The wall budget is used up.
package struct OverBudget: ExplainedError {
  package struct Progress: Hashable, Sendable {
    package let completed: Int
    package let total: Int
  }

  package let action: ActionID
  /// What was done and is in a checkpoint. Nil for what has none, and begins anew.
  package let progress: Progress?

  package var message: String {
    guard let progress else { return "\(action): the wall budget is used up, and the command was ended" }
    return "\(action): the wall budget is used up after step \(progress.completed) of \(progress.total)"
  }

  package var hint: String? {
    progress == nil
      ? "raise \"budget: wall:\" in the recipe: a command begins anew each time"
      : "build again: it goes on from here; or raise \"budget: wall:\" in the recipe"
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
