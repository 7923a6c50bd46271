package import Artifacts
internal import Foundation
package import Planning
internal import Store

/// Carries out the actions of a plan: each as soon as its inputs are known, none whose key has been seen.
///
/// It knows no domain: what an action does is the business of the `Step` for its kind.
package struct Build: Sendable {
  package struct Options: Sendable {
    /// Actions at once. The engine's steps take turns whatever this says: they use all the threads.
    package var jobs: Int
    /// Threads of the kernels.
    package var threads: Int
    /// After a failure, go on with what does not depend on it.
    package var keepsGoing: Bool
    /// When the wall budget is used up: nothing begins after it, and a long step that knows how stops by itself.
    package var deadline: ContinuousClock.Instant?
    /// The most memory that a step may take that can do with less. Nil: what the machine has.
    package var memoryByteCount: Int64?

    package init(jobs: Int, threads: Int, keepsGoing: Bool, deadline: ContinuousClock.Instant?, memoryByteCount: Int64? = nil) {
      self.jobs = jobs
      self.threads = threads
      self.keepsGoing = keepsGoing
      self.deadline = deadline
      self.memoryByteCount = memoryByteCount
    }
  }

  package let actions: [Action]
  package let sources: [Source: Digest]
  package let steps: [ActionKind: any Step]
  package let journal: Journal
  package let options: Options
  package let emit: @Sendable (BuildEvent) -> Void

  package init(
    actions: [Action], sources: [Source: Digest], steps: [ActionKind: any Step], journal: Journal, options: Options,
    emit: @escaping @Sendable (BuildEvent) -> Void
  ) {
    self.actions = actions
    self.sources = sources
    self.steps = steps
    self.journal = journal
    self.options = options
    self.emit = emit
  }

  /// Runs to the end, to the first failure, or until the task is cancelled. Failures are in the report, not thrown: with `-k` there can
  /// be several. What is thrown is the store's own trouble.
  package func run() async throws -> BuildReport {
    emit(.planned(actions: actions.count))
    Checkpoint.removeForgotten(in: checkpoints, now: Date())
    var state = BuildState(actions: actions, sources: sources)
    var foreseen: Set<ActionID> = []
    try await withThrowingTaskGroup(of: (ActionID, Result<Execution, any Error>).self) { group in
      while true {
        while let (action, inputs, key) = state.nextReady(jobs: options.jobs) {
          if let outputs = try reuse(action, key) {
            state.settle(action.id, as: .reused(key, outputs))
          } else if isOverDeadline {
            state.stop()
          } else {
            if !foreseen.contains(action.id) { foreseen.formUnion(try foresee(action.kind, state)) }
            state.start(action.id, key)
            group.addTask { (action.id, await execute(action, inputs: inputs, key: key)) }
          }
        }
        guard let (id, result) = try await group.next() else { break }
        try settle(id, result, in: &state)
      }
    }
    announceSkipped(state)
    return state.report()
  }

  private var isOverDeadline: Bool { options.deadline.map { ContinuousClock.now >= $0 } ?? false }

  private func reuse(_ action: Action, _ key: ActionKey) throws -> [String: Digest]? {
    guard let entry = try journal.store.actions.lookup(key.digest) else { return nil }
    try journal.reused(action, key)
    emit(.reused(action: action.id.name, key: key.digest))
    return entry.outputs
  }

  /// Lets the step look at every action of the kind that could begin now and would run. What it cannot foresee, the action itself will say.
  private func foresee(_ kind: ActionKind, _ state: BuildState) throws -> [ActionID] {
    guard let step = steps[kind] else { return [] }
    let contexts = try state.ready(kind).compactMap { action, inputs -> StepContext? in
      let key = ActionKey(action: action, inputs: inputs)
      guard try journal.store.actions.lookup(key.digest) == nil else { return nil }
      return context(action, inputs: inputs, key: key, workFolder: journal.store.root)
    }
    // A forecast that fails must not stop what it speaks of: the action meets the same trouble itself, and tells it in its own name.
    do { try step.foresee(contexts) } catch {}
    return contexts.map(\.action.id)
  }

  /// One action, from its work folder to its rows in the store. Durable before it is seen: the objects first, then the row.
  private func execute(_ action: Action, inputs: [String: Digest], key: ActionKey) async -> Result<Execution, any Error> {
    do {
      guard let step = steps[action.kind] else { throw MissingStep(kind: action.kind) }
      emit(.started(action: action.id.name, kind: action.kind.rawValue))
      let context = self.context(action, inputs: inputs, key: key, workFolder: try journal.store.makeWorkFolder(action.id.name))
      // Only once the outcome is settled: trouble with what is left over neither undoes a success nor hides a failure.
      defer { tidy(action, "its work folder") { try journal.store.removeWorkFolder(context.workFolder) } }
      let execution = try await carryOut(step, key, context)
      tidy(action, "its checkpoint") { try context.checkpoint.remove() }
      return .success(execution)
    } catch {
      return .failure(error)
    }
  }

  private func carryOut(_ step: any Step, _ key: ActionKey, _ context: StepContext) async throws -> Execution {
    let clock = ContinuousClock()
    let began = clock.now
    let outputs = try await step.run(context)
    let seconds = (clock.now - began) / .seconds(1)
    try journal.finished(context.action, key, inputs: context.inputs, outputs: outputs, seconds: seconds)
    return Execution(key: key, outputs: outputs, seconds: seconds)
  }

  /// What cannot be removed now is removed later: a work folder by the next writer of the store, a checkpoint once it is old.
  private func tidy(_ action: Action, _ what: String, _ remove: () throws -> Void) {
    do {
      try remove()
    } catch {
      let reason = (error as? any ExplainedError)?.message ?? (error as NSError).localizedDescription
      emit(.note(action: action.id.name, "\(what) could not be removed: \(reason)"))
    }
  }

  private var checkpoints: URL { journal.store.root.appending(path: "checkpoints") }

  private func context(_ action: Action, inputs: [String: Digest], key: ActionKey, workFolder: URL) -> StepContext {
    let name = action.id.name
    let emit = self.emit
    return StepContext(
      action: action, inputs: inputs, store: journal.store, threads: options.threads, deadline: options.deadline,
      memoryByteCount: options.memoryByteCount, workFolder: workFolder, checkpoint: Checkpoint(key: key.digest, folder: checkpoints),
      report: { emit(.progress(action: name, $0)) }, note: { emit(.note(action: name, $0)) })
  }

  private func settle(_ id: ActionID, _ result: Result<Execution, any Error>, in state: inout BuildState) throws {
    switch result {
    case .success(let execution):
      state.settle(id, as: .ran(execution))
      emit(.finished(action: id.name, key: execution.key.digest, seconds: execution.seconds))
    case .failure(is CancellationError):
      state.settle(id, as: .interrupted)
      state.stop()
    case .failure(let error):
      state.settle(id, as: .failed(error))
      try journal.failed(id)
      if !options.keepsGoing { state.stop() }
      emit(.failed(action: id.name, reason: (error as? any ExplainedError)?.message ?? String(describing: error)))
    }
    if Task.isCancelled { state.stop() }
  }

  private func announceSkipped(_ state: BuildState) {
    for row in state.report().rows {
      if case .skipped(let cause) = row.outcome { emit(.skipped(action: row.action.id.name, because: cause.name)) }
    }
  }
}

/// What a finished action left.
struct Execution: Sendable {
  let key: ActionKey
  let outputs: [String: Digest]
  let seconds: Double
}

/// A plan holds a kind of action that this build was given no step for: a defect of soulpack.
package struct MissingStep: ExplainedError {
  package let kind: ActionKind

  package var message: String { "no step is there for \"\(kind.rawValue)\"" }
  package var hint: String? { "this is a defect of soulpack: please report it with the recipe" }
}
