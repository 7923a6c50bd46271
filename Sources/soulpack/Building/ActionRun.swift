internal import Artifacts
internal import Foundation
internal import Identities
internal import Planning
internal import Recipes
internal import Running
internal import Steps
internal import Store

/// Actions carried out from the command line: the store taken, the sources read, the steps run, and everything said on the way.
struct ActionRun {
  /// What the actions are for, and where that is.
  struct Subject {
    let rootFolder: URL
    let storeFolder: URL
    /// The recipe's path from its root; that of the folder where there is no recipe.
    let path: String
    /// What the history calls the goal.
    let goal: String
    /// What is done is not what the recipe means.
    let isTrial: Bool
    /// The store is thrown away afterwards: nobody will ask it anything.
    var isPassing = false
    var wallBudget: Period?
    var memoryBudget: ByteSize?
    /// What is made: the terms of a Soul that is its base bind it. Nil where nothing is made that anybody gets.
    var recipe: Recipe?
    /// That the actions were planned by.
    var consent: ProjectConsent?
  }

  /// What is there afterwards. The store stays open, and its lock taken, until this value goes.
  struct Result {
    let report: BuildReport
    let sources: TakenSources
    let store: WritableStore
    fileprivate let subject: Subject

    /// Lets `body` give something out while nobody can take anything back. Throws where somebody has since the actions were planned.
    func givingOut<Value>(_ body: () throws -> Value) throws -> Value {
      try ChangeLock.holding(folder: subject.rootFolder) {
        try subject.consent?.requireUnchanged()
        return try body()
      }
    }
  }

  let subject: Subject
  let arguments: BuildArguments
  private let terminal: Terminal
  private let renderer: BuildRenderer

  init(_ subject: Subject, _ arguments: BuildArguments) {
    self.subject = subject
    self.arguments = arguments
    terminal = arguments.common.terminal
    renderer = BuildRenderer(terminal: terminal)
  }

  /// Throws the first failure. `permit` is asked when the sources are known and nothing has been run.
  /// `pins` says which commits of models of a hub are meant, and is asked once the store is ours.
  func perform(
    _ actions: [Action], sources needed: [Source], pins: () throws -> [String: OutsideModels.Pin] = { [:] }, permit: (TakenSources) throws -> Void
  ) async throws -> Result {
    let store = try await openStore()
    // Who held the store may have had it for hours.
    try subject.consent?.requireUnchanged()
    let outside = HubModels { renderer.show($0) }.outside(pins: try pins(), parents: try ParentSouls(child: subject.recipe, root: subject.rootFolder))
    let reader = SourceReader(root: subject.rootFolder, store: store, outside: outside, tellDisguised: terminal.tellDisguised)
    defer { renderer.finish() }
    let sources = try await reader.read(needed)
    try permit(sources)
    let report = try await build(actions, sources.digests, reader, store)
    if !subject.isPassing { noteLogHead(store) }
    try subject.consent?.requireUnchanged()
    warnOfChanges(reader, sources.digests)
    return Result(report: report, sources: sources, store: store, subject: subject)
  }

  private func openStore() async throws -> WritableStore {
    let command = "soulpack \(subject.goal) \(subject.path)"
    guard !arguments.noWait else { return try WritableStore.open(at: subject.storeFolder, command: command) }
    return try await WritableStore.waitAndOpen(at: subject.storeFolder, command: command) { holder in
      renderer.show(.waiting(processID: holder?.processID ?? 0, command: holder?.command ?? "another soulpack"))
    }
  }

  private func journal(in store: WritableStore) throws -> Journal {
    try Journal(store: store, goal: subject.goal, recipe: subject.path, isTrial: subject.isTrial, clock: { Date() })
  }

  private func build(_ actions: [Action], _ sources: [Source: Digest], _ reader: SourceReader, _ store: WritableStore) async throws -> BuildReport {
    let approval = CommandApproval(isAllowedByFlag: arguments.allowRun, terminal: terminal, renderer: renderer)
    let steps = allSteps(
      approve: approval.approve, changedSources: { try reader.changes(since: sources, of: $0) }, showLastWords: showLastWords)
    let deadline = subject.wallBudget.map { ContinuousClock.now + .seconds($0.seconds) }
    let build = Build(
      actions: actions, sources: sources, steps: steps, journal: try journal(in: store),
      options: .init(jobs: arguments.jobs, threads: arguments.threads, keepsGoing: arguments.keepGoing, deadline: deadline,
        memoryByteCount: subject.memoryBudget?.byteCount),
      emit: { renderer.show($0) })
    defer { renderer.finish() }
    let report = try await build.run()
    renderer.finish()
    try requireSuccess(report, deadline: deadline)
    return report
  }

  /// For a person's eyes. JSON lines are made to be kept, and what a command prints may hold record text.
  private func showLastWords(_ command: ForeignCommand, _ lines: [String]) {
    guard !terminal.isJSON else { return }
    for line in lines { renderer.show(.note(action: command.action, line)) }
  }

  /// Tells every failure (with `-k` there can be several); the first decides the exit code.
  private func requireSuccess(_ report: BuildReport, deadline: ContinuousClock.Instant?) throws {
    let failures = report.failures.map { FailedAction(action: $0.action.name, error: $0.error) }
    if failures.count > 1 { failures.forEach { terminal.show($0) } }
    if let first = failures.first { throw failures.count == 1 ? first : EndsWith(code: Exit(for: first)) as any Error }
    guard !report.isComplete else { return }
    try Task.checkCancellation()
    guard let deadline, ContinuousClock.now >= deadline else { throw CancellationError() }
    throw BudgetUsedUp(left: report.rows.count - report.ranCount - report.reusedCount)
  }

  /// The result is right for what was read; but the person should know that the folder has moved on. A
  /// finished build does not fail over it.
  private func warnOfChanges(_ reader: SourceReader, _ sources: [Source: Digest]) {
    for source in sources.keys.sorted(by: { $0.path < $1.path }) {
      do {
        guard try !reader.changes(since: sources, of: [source]).isEmpty else { continue }
        terminal.warn("\(source.path) changed while this was built; the result is of what it was before")
      } catch {
        let reason = (error as? any ExplainedError ?? SystemError(error)).message
        terminal.warn("\(source.path) cannot be read any more (\(reason)); the result is of what it was before")
      }
    }
  }

  /// Notes where the log ends, for the next build and `soulpack fsck` to find there. What was built is there without it.
  private func noteLogHead(_ store: WritableStore) {
    do {
      guard let head = try store.log.head() else { return }
      var heads = try LogHeads()
      // A store may be deleted at any time, and begun anew: that is no error, but nobody should do it unseen.
      if let seen = heads.head(ofStore: subject.storeFolder), try store.log.verify(pinned: seen).problems.contains(.headMissing(seen)) {
        terminal.warn("the event log of this store is not the one seen before (deleted, or rolled back)")
      }
      try heads.note(head, ofStore: subject.storeFolder)
    } catch {
      let error = error as? any ExplainedError ?? SystemError(error)
      let reason = [error.message, error.hint].compactMap { $0 }.joined(separator: "; ")
      terminal.warn("where the event log ends could not be noted, so that nobody would see it cut: \(reason)")
    }
  }
}

/// An action's failure, under the action's name: a room below knows its input, and not in which action of the plan it was at work.
struct FailedAction: ExplainedError {
  let action: String
  let cause: any ExplainedError

  init(action: String, error: any Error) {
    self.action = action
    cause = error as? any ExplainedError ?? SystemError(error)
  }

  var message: String { cause.message.hasPrefix(action + ":") ? cause.message : "\(action): \(cause.message)" }
  var hint: String? { cause.hint }
}

/// The wall budget was used up between two actions.
struct BudgetUsedUp: ExplainedError {
  let left: Int

  var message: String { "the wall budget is used up with \(left) \(left == 1 ? "action" : "actions") to go" }
  var hint: String? { "build again: it goes on from here; or raise \"budget: wall:\" in the recipe" }
}
