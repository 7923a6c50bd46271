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
    project = try Project(arguments.recipe, arguments.common)
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
    let store = try await openStore()
    let actions = project.plan.actions(for: goal)
    let reader = SourceReader(root: project.rootFolder, store: store)
    let sources = try await reader.read(project.plan.sources(for: actions))
    let lock = try Lock(readingFrom: project.rootFolder)
    let pins = Lock.Pins(sources: sources, actions: actions)
    try requireLock(lock, pins)
    if arguments.dryRun {
      terminal.show(StatusReport(forecast: try Forecast(actions: actions, sources: sources, store: store.reading)))
      return nil
    }
    let report = try await build(actions, sources, reader, store)
    try warnOfChanges(reader, sources)
    try writeLock(lock, pins)
    try noteLogHead(store)
    return Result(report: report, store: store)
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

  private func build(_ actions: [Action], _ sources: [Source: Digest], _ reader: SourceReader, _ store: WritableStore) async throws -> BuildReport {
    let approval = CommandApproval(isAllowedByFlag: arguments.allowRun, terminal: terminal, renderer: renderer)
    let steps = allSteps(approve: approval.approve, changedSources: { try reader.changes(since: sources, of: $0) })
    let deadline = project.recipe.wallBudget.map { ContinuousClock.now + .seconds($0.seconds) }
    let build = Build(
      actions: actions, sources: sources, steps: steps, journal: try Journal(store: store, goal: goal.rawValue, clock: { Date() }),
      options: .init(jobs: arguments.jobs, threads: arguments.threads, keepsGoing: arguments.keepGoing, deadline: deadline),
      emit: { renderer.show($0) })
    let report = try await build.run()
    renderer.finish()
    if let failure = report.failure { throw failure.error }
    guard report.isComplete else { throw CancellationError() }
    return report
  }

  /// The result is right for what was read; but the person should know that the folder has moved on.
  private func warnOfChanges(_ reader: SourceReader, _ sources: [Source: Digest]) throws {
    for path in try reader.changes(since: sources, of: sources.keys.sorted { $0.path < $1.path }) {
      terminal.say("soulpack: warning: \(path) changed while this was built; the result is of what it was before")
    }
  }

  /// A recipe with `--set` is a trial: it is not what the recipe means, so it is not locked.
  private func writeLock(_ lock: Lock, _ pins: Lock.Pins) throws {
    guard goal == .build, arguments.recipe.set.isEmpty, !arguments.locked else { return }
    var lock = lock
    lock.recipes[project.recipePath] = pins
    try lock.write(to: project.rootFolder)
  }

  private func noteLogHead(_ store: WritableStore) throws {
    guard let head = try store.log.head() else { return }
    var heads = try LogHeads()
    try heads.note(head, ofStore: project.storeFolder)
  }
}
