internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
package import Planning
internal import Running
internal import Store
internal import Substrates

/// A candidate is trained by the substrate that the recipe names: an adapter on a base, or every weight of a model.
///
/// One whose numbers ran away leaves no files and says where; the selection passes over it.
struct TrainStep: Step {
  let supervision: Supervision

  func run(_ context: StepContext) async throws -> [String: Digest] {
    let settings = try TrainingSettings(context.action)
    let outcome: TrainingOutcome
    switch settings.trainer {
    case .embedded: outcome = try await train(try Self.job(context, settings), by: EmbeddedSubstrate(), context)
    case .command(let line): outcome = try await train(try Self.job(context, settings), by: line, context)
    }
    return try put(outcome, context)
  }

  static func job(_ context: StepContext, _ settings: TrainingSettings) throws -> TrainingJob {
    let start = try start(context, settings)
    let lesson = try Lesson(context, settings) { try start.encode(context, $0, contextLength: settings.contextLength) }
    let records = { try context.dataset("train").records() }
    if let endless = try EndlessExamples(lesson.train, of: records, start.format, contextLength: settings.contextLength) { throw endless }
    return TrainingJob(
      base: start.model, baseDigest: context.inputs["base"], textFiles: start.textFiles, train: lesson.train, validation: lesson.validation,
      parameters: lesson.parameters)
  }

  /// What the training starts from: the given base, or a new model of the plan's shape.
  private static func start(_ context: StepContext, _ settings: TrainingSettings) throws -> BaseModel {
    guard let shape = settings.newModel else { return try BaseModel(context, "base") }
    let tokenizer = try context.input("tokenizer")
    return try BaseModel(new: shape, tokenizer: tokenizer, seed: settings.training.seed)
  }

  func foresee(_ actions: [StepContext]) throws { try TrainingsTogether(actions).tell() }

  private func train(_ job: TrainingJob, by substrate: some Substrate, _ context: StepContext) async throws -> TrainingOutcome {
    do {
      return try await substrate.train(job, at: Workbench(context))
    } catch let passed as DeadlinePassed {
      throw OverBudget(action: context.action.id, progress: passed.kept.map { .init(completed: $0.completed, total: $0.total) })
    }
  }

  private func train(_ job: TrainingJob, by line: [String], _ context: StepContext) async throws -> TrainingOutcome {
    let programs = context.programs
    let command = ForeignCommand(action: context.action.id, command: line, inputs: programs)
    try supervision.approve(command)
    let substrate = CommandSubstrate(
      command: line, programs: programs,
      layOut: { folder in
        try context.layOut("base", at: TrainingJob.baseName, in: folder)
        for name in programs.keys { try context.layOut(StepContext.programPrefix + name, at: "inputs/\(name)", in: folder) }
      },
      showWords: { [supervision] in supervision.showLastWords(command, $0) })
    let outcome = try await train(job, by: substrate, context)
    try supervision.requireUnchanged(context.action.inputs.keys, command, context)
    return outcome
  }

  private func put(_ outcome: TrainingOutcome, _ context: StepContext) throws -> [String: Digest] {
    switch outcome {
    case .trained(let candidate):
      return ["files": try context.put(files: candidate.files), "trace": try context.store.objects.put(candidate.account.canonical)]
    case .diverged(let divergence):
      context.note("diverged after \(divergence.step) steps: \(divergence.reason); this candidate is out of the choice")
      return ["files": try context.put(files: [:]), "trace": try context.store.objects.put(divergence.document.canonical)]
    }
  }
}

extension StepContext {
  fileprivate static let programPrefix = "program."

  /// The digests of a command's programs, by the names that its arguments know them under.
  fileprivate var programs: [String: Digest] {
    let named = inputs.filter { $0.key.hasPrefix(Self.programPrefix) }
    return Dictionary(uniqueKeysWithValues: named.map { (String($0.key.dropFirst(Self.programPrefix.count)), $0.value) })
  }
}

extension Workbench {
  fileprivate init(_ context: StepContext) {
    let checkpoint = context.checkpoint
    self.init(
      threads: context.threads, deadline: context.deadline, memoryByteCount: context.memoryByteCount, folder: context.workFolder,
      state: State(load: { try checkpoint.load() }, save: { try checkpoint.save(byWriting: $0) }, remove: { try checkpoint.remove() }), report: context.report,
      note: context.note)
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
