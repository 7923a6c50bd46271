internal import Artifacts
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Steps
internal import Store

/// One build from the command line: the store taken, the sources read, the lock compared, the plan carried out.
struct BuildSession {
  let project: Project
  let goal: Plan.Goal
  let arguments: BuildArguments
  private let terminal: Terminal
  private let renderer: BuildRenderer

  init(_ arguments: BuildArguments, goal: Plan.Goal) throws {
    self.arguments = arguments
    self.goal = goal
    project = try Project(arguments.recipe, arguments.common, isSmoke: arguments.smoke)
    terminal = arguments.common.terminal
    renderer = BuildRenderer(terminal: terminal)
  }

  /// What is there once a goal is reached. The store stays open, and its lock taken, until this value goes.
  struct Result {
    let report: BuildReport
    let store: WritableStore
  }

  /// Builds, and throws the first failure. With `-n` it says what would run and gives nil.
  func run() async throws -> Result? {
    if arguments.dryRun {
      try showForecast()
      return nil
    }
    let store = try await openStore()
    let actions = project.plan.actions(for: goal)
    let reader = SourceReader(root: project.rootFolder, store: store)
    let sources = try await reader.read(project.plan.sources(for: actions))
    let lock = try Lock(readingFrom: project.rootFolder)
    let pins = Lock.Pins(sources: sources, actions: actions)
    try requireLock(lock, pins)
    let report = try await build(actions, sources, reader, store)
    warnOfChanges(reader, sources)
    try writeLock(lock, pins)
    try noteLogHead(store)
    return Result(report: report, store: store)
  }

  /// What would run, found without taking the store. The lock's word counts here too.
  private func showForecast() throws {
    let survey = try Survey(project, goal: goal)
    try requireLock(try Lock(readingFrom: project.rootFolder), Lock.Pins(sources: survey.sources, actions: survey.actions))
    terminal.show(StatusReport(forecast: survey.forecast))
  }

  private func openStore() async throws -> WritableStore {
    let command = "soulpack \(goal.rawValue) \(project.recipePath)"
    guard !arguments.noWait else { return try WritableStore.open(at: project.storeFolder, command: command) }
    return try await WritableStore.waitAndOpen(at: project.storeFolder, command: command) { holder in
      renderer.show(.waiting(processID: holder?.processID ?? 0, command: holder?.command ?? "another soulpack"))
    }
  }

  /// Semantics are enforced always; everything else only where the user asks for it.
  private func requireLock(_ lock: Lock, _ pins: Lock.Pins) throws {
    let meaning = lock.semanticsDifferences(from: pins, recipe: project.recipePath)
    let all = arguments.locked ? lock.differences(from: pins, recipe: project.recipePath, isComplete: goal == .build) : meaning
    guard all.isEmpty else { throw LockDiffers(differences: all) }
  }

  private func journal(in store: WritableStore) throws -> Journal {
    try Journal(store: store, goal: goal.rawValue, recipe: project.recipePath, isTrial: isTrial, clock: { Date() })
  }

  /// What is built is not what the recipe means: it is not locked, and later builds are not compared with it.
  private var isTrial: Bool { arguments.smoke || !arguments.recipe.set.isEmpty }

  private func build(_ actions: [Action], _ sources: [Source: Digest], _ reader: SourceReader, _ store: WritableStore) async throws -> BuildReport {
    let approval = CommandApproval(isAllowedByFlag: arguments.allowRun, terminal: terminal, renderer: renderer)
    let steps = allSteps(
      approve: approval.approve, changedSources: { try reader.changes(since: sources, of: $0) }, showLastWords: showLastWords)
    let deadline = project.recipe.wallBudget.map { ContinuousClock.now + .seconds($0.seconds) }
    let build = Build(
      actions: actions, sources: sources, steps: steps, journal: try journal(in: store),
      options: .init(jobs: arguments.jobs, threads: arguments.threads, keepsGoing: arguments.keepGoing, deadline: deadline),
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
        terminal.remark("warning: \(source.path) changed while this was built; the result is of what it was before")
      } catch {
        let reason = (error as? any ExplainedError ?? SystemError(error)).message
        terminal.remark("warning: \(source.path) cannot be read any more (\(reason)); the result is of what it was before")
      }
    }
  }

  private func writeLock(_ lock: Lock, _ pins: Lock.Pins) throws {
    guard goal == .build, !isTrial, !arguments.locked else { return }
    var lock = lock
    lock.recipes[project.recipePath] = pins
    try lock.write(to: project.rootFolder)
  }

  /// Notes where the log ends, for the next build and `soulpack fsck` to find there.
  private func noteLogHead(_ store: WritableStore) throws {
    guard let head = try store.log.head() else { return }
    var heads = try LogHeads()
    // A store may be deleted at any time, and begun anew: that is no error, but nobody should do it unseen.
    if let seen = heads.head(ofStore: project.storeFolder), try store.log.verify(pinned: seen).problems.contains(.headMissing(seen)) {
      terminal.remark("warning: the event log of this store is not the one seen before (deleted, or rolled back)")
    }
    try heads.note(head, ofStore: project.storeFolder)
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
