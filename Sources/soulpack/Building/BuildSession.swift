internal import Artifacts
internal import Foundation
internal import Identities
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// One build of a recipe from the command line: the lock compared, the plan carried out up to a goal.
struct BuildSession {
  typealias Result = ActionRun.Result

  let project: Project
  let goal: Plan.Goal
  let arguments: BuildArguments
  /// Stages of curation that alone are to run; none: all that the recipe has.
  private let onlyStages: [String]
  private let terminal: Terminal

  init(_ arguments: BuildArguments, goal: Plan.Goal) throws {
    self.init(try Project(arguments.recipe, arguments.common, isSmoke: arguments.smoke), arguments, goal: goal)
  }

  init(_ project: Project, _ arguments: BuildArguments, goal: Plan.Goal, onlyStages: [String] = []) {
    self.project = project
    self.arguments = arguments
    self.goal = goal
    self.onlyStages = onlyStages
    terminal = arguments.common.terminal
  }

  /// Builds, and throws the first failure. With `-n` it says what would run and gives nil.
  func run() async throws -> Result? { try await run(project.plan.actions(for: goal).map { $0.running(only: onlyStages) }) }

  /// The same for some of the goal's actions, with all that these need; `sources` where more is to be looked at than they read.
  func run(_ actions: [Action], reading sources: [Source]? = nil) async throws -> Result? {
    if goal != .curate, !arguments.smoke { try project.recipe.requireKnownTerms() }
    if arguments.dryRun {
      try showForecast(actions)
      return nil
    }
    if arguments.smoke, goal == .build, project.recipe.contributions != nil {
      terminal.remark("a smoke build leaves \"contributions\" out: its winner is not the one that they are of")
    }
    var lock = Lock()
    let needed = sources ?? project.plan.sources(for: actions)
    let result = try await ActionRun(subject, arguments).perform(actions, sources: needed) {
      lock = try Lock(readingFrom: project.rootFolder)
      try requirePinned(needed, lock)
      return lock.outsideModels(of: project.recipePath)
    } permit: { sources in
      try requireLock(lock, Lock.Pins(sources, actions: actions))
      try pinModels(sources)
    }
    try writeLock(Lock.Pins(result.sources, actions: actions))
    for line in try RetractionNotice(project, result).lines { terminal.remark(line) }
    return result
  }

  private var subject: ActionRun.Subject {
    ActionRun.Subject(
      rootFolder: project.rootFolder, storeFolder: project.storeFolder, path: project.recipePath, goal: goal.rawValue, isTrial: isTrial,
      wallBudget: project.recipe.wallBudget, memoryBudget: project.recipe.memoryBudget, recipe: project.recipe,
      consent: project.consent)
  }

  /// With something set for this once, it is not what the recipe means.
  private var isTrial: Bool { arguments.smoke || !arguments.recipe.set.isEmpty || !onlyStages.isEmpty }

  /// What would run, found without taking the store. The lock's word counts here too.
  private func showForecast(_ actions: [Action]) throws {
    let survey = try Survey(project, actions: actions)
    let lock = try Lock(readingFrom: project.rootFolder)
    try requirePinned(project.plan.sources(for: actions), lock)
    try requireLock(lock, Lock.Pins(survey.sources, actions: survey.actions))
    terminal.show(StatusReport(forecast: survey.forecast))
  }

  /// Where nothing but the lock may be built, nothing is fetched that it does not name.
  private func requirePinned(_ sources: [Source], _ lock: Lock) throws {
    guard arguments.locked else { return }
    guard let pins = lock.recipes[project.recipePath] else { throw LockDiffers(differences: [.notLocked(recipe: project.recipePath)]) }
    let unpinned = sources.filter { $0.kind == .hubModel && pins.revisions[$0.path] == nil }
    guard unpinned.isEmpty else { throw LockDiffers(differences: unpinned.map { .source(path: $0.path, locked: nil, found: nil) }) }
  }

  /// Semantics are enforced always; everything else only where the user asks for it.
  private func requireLock(_ lock: Lock, _ pins: Lock.Pins) throws {
    let meaning = lock.semanticsDifferences(from: pins, recipe: project.recipePath)
    let all = arguments.locked ? lock.differences(from: pins, recipe: project.recipePath, isComplete: goal == .build) : meaning
    guard all.isEmpty else { throw LockDiffers(differences: all) }
  }

  /// A trial is not locked.
  private var mayLock: Bool { goal == .build && !isTrial && !arguments.locked }

  /// Before anything is run: a build that is killed, and begun again when the branch has moved, goes on with the model that it began with.
  private func pinModels(_ taken: TakenSources) throws {
    guard mayLock, !taken.revisions.isEmpty else { return }
    try changeLock { $0[project.recipePath, default: Lock.Pins(sources: [:], actions: [])].noteModels(of: taken) }
  }

  private func writeLock(_ pins: Lock.Pins) throws {
    guard mayLock else { return }
    try changeLock { $0[project.recipePath] = pins }
  }

  /// Read again: a build takes hours, and other recipes' pins may have come in meanwhile.
  private func changeLock(_ change: (inout [String: Lock.Pins]) -> Void) throws {
    try ChangeLock.holding(folder: project.rootFolder) {
      var lock = try Lock(readingFrom: project.rootFolder)
      change(&lock.recipes)
      try lock.write(to: project.rootFolder)
    }
  }
}
