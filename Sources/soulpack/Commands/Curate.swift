internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// `soulpack curate`: a folder without a recipe, or the datasets of one, with a table of what became of the records.
struct Curate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Curate a folder or a recipe's datasets; say what became of every record.",
    discussion: """
      A folder, a file or an archive needs no recipe: it runs through every stage as it is by default. Nothing is written into it; what is \
      found is kept in the project's store, so that `soulpack why FILE:LINE` can answer, and a second time nothing runs.

      An export holds one JSON object a line, and `source`, the file and line that it comes from. FILE may be -, for standard output; the \
      table then goes to standard error.
      """)

  @OptionGroup var arguments: BuildArguments

  @Option(help: ArgumentHelp("Run this stage alone; repeatable. One of: \(CurationStage.names.joined(separator: ", ")).", valueName: "stage"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Drop what holds text of this evaluation file or folder; repeatable. A recipe names its own.", valueName: "file"))
  var against: [String] = []
  @OptionGroup var reading: ReadingArguments

  @Option(help: ArgumentHelp("Which of the recipe's datasets.", valueName: "name")) var dataset: String?
  @Option(help: ArgumentHelp("Write what was kept.", valueName: "file")) var export: String?
  @Option(help: ArgumentHelp("Write what became of every record.", valueName: "file")) var exportLedger: String?

  func validate() throws {
    guard !arguments.smoke else { throw ValidationError("--smoke is for train and build: their data is curated as always") }
  }

  func run() async throws {
    for stage in only { try CurationStage.requireKnown(stage) }
    let exports = try Exports(records: export, fates: exportLedger, arguments.common)
    let folder = try folder()
    guard let (report, curated, result) = try await curate(folder, exports) else { return }
    if exports.areWanted { try result.givingOut { try exports.write(curated, arguments.common.terminal) } }
    exports.useStandardOutput ? arguments.common.terminal.tell(report) : arguments.common.terminal.show(report)
    if let folder { sayNext(folder, report) }
  }

  /// Nil where nothing was done, but only said.
  private func curate(_ folder: FolderToCurate?, _ exports: Exports) async throws -> (CurateReport, [Curated], ActionRun.Result)? {
    guard let folder else {
      guard against.isEmpty else { throw ValidationError("--against is about a folder; a recipe names evaluation files in its stage \"decontaminate\"") }
      guard !reading.areGiven else { throw ValidationError("--format and --speaker are for a folder; of a recipe, \"format\" and \"speaker\" say it") }
      return try await curateRecipe(exports)
    }
    return try await curateFolder(folder, exports)
  }

  /// What was named, where it is not a recipe.
  private func folder() throws -> FolderToCurate? {
    guard let path = arguments.recipe.recipe else { return nil }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: arguments.common.place(path).path, isDirectory: &isFolder)
    let isRecipe = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
    guard isFolder.boolValue || !isRecipe else { return nil }
    let folder = try FolderToCurate(path, arguments.common, reading: reading.settings)
    try refuseRecipeOptions(path)
    try folder.refuseStoreInside()
    return folder
  }

  private func refuseRecipeOptions(_ path: String) throws {
    let options = [("--set", !arguments.recipe.set.isEmpty), ("--locked", arguments.locked), ("--dataset", dataset != nil)]
    guard let option = options.first(where: \.1)?.0 else { return }
    throw ValidationError("\(option) is about a recipe, and \"\(path)\" is none")
  }
}

// MARK: - A folder

extension Curate {
  private func curateFolder(_ folder: FolderToCurate, _ exports: Exports) async throws -> (CurateReport, [Curated], ActionRun.Result)? {
    try exports.refusePlaces(in: folder.place)
    try exports.refuseOwnFiles(root: Project.rootFolder(arguments.common), store: folder.storeFolder)
    let files = try against.map { try FolderToCurate($0, arguments.common).path }
    let consent = try folder.consent()
    let action = folder.action(consent).decontaminating(against: files).running(only: only)
    try requireStages(of: [action])
    let plan = Plan(actions: [action], goals: [.curate: [action.id]])
    let sources = plan.sources(for: plan.actions)
    if arguments.dryRun {
      let survey = try Survey(rootFolder: folder.rootFolder, storeFolder: folder.storeFolder, plan.actions, sources)
      arguments.common.terminal.show(StatusReport(forecast: survey.forecast))
      return nil
    }
    let subject = ActionRun.Subject(
      rootFolder: folder.rootFolder, storeFolder: folder.storeFolder, path: folder.path, goal: FolderToCurate.goal, isTrial: false,
      consent: consent)
    let result = try await ActionRun(subject, arguments).perform(plan.actions, sources: sources, permit: { _ in })
    let curated = [try Curated(action.id, result)]
    return (try CurateReport(curated, ActionCounts(result.report)), curated, result)
  }

  /// Where a person may go from here.
  private func sayNext(_ folder: FolderToCurate, _ report: CurateReport) {
    let terminal = arguments.common.terminal
    guard !terminal.isJSON, let path = arguments.recipe.recipe else { return }
    let example = report.datasets.first?.overview.summary.examples.first.map { "\($0.file):\($0.line)" }
    // A name that begins with a hyphen would be taken for an option.
    let isLikeOption = example?.hasPrefix("-") ?? false
    var steps = [("soulpack why \(isLikeOption ? "-- " : "")\((example ?? "FILE:LINE").asShellWord)", "tells the story of one record")]
    if !folder.isRoot { steps.append(("soulpack init \(path.asShellWord)", "writes this down as a recipe")) }
    var table = Table()
    for (command, effect) in steps { table.add("  " + command, effect) }
    // A command is never broken: it is there to be copied.
    let isTooWide = table.lines.contains { $0.count > Wrapping.tableWidth }
    for line in [""] + (isTooWide ? steps.flatMap { ["  " + $0.0, "    " + $0.1] } : table.lines) { terminal.say(line.harmless) }
  }
}

// MARK: - A recipe

extension Curate {
  private func curateRecipe(_ exports: Exports) async throws -> (CurateReport, [Curated], ActionRun.Result)? {
    let session = BuildSession(try Project(arguments.recipe, arguments.common), arguments, goal: .curate, onlyStages: only)
    let ids = try chosen(session.project.plan.goals[.curate] ?? [], isForExport: exports.areWanted)
    for id in ids { try refuseExport(exports, intoSourceOf: id, session.project) }
    try exports.refuseOwnFiles(root: session.project.rootFolder, store: session.project.storeFolder, recipe: session.project.recipePath)
    let plan = Plan(actions: session.project.plan.actions.map { $0.running(only: only) }, goals: [.curate: ids])
    try requireStages(of: ids.compactMap { plan[$0] })
    guard let result = try await session.run(plan.actions(for: .curate)) else { return nil }
    let curated = try ids.map { try Curated($0, result) }
    let report = try CurateReport(curated, ActionCounts(result.report))
    return (report.counting(try await tokens(of: curated, session.project)), curated, result)
  }

  /// The engine may not be able to read the base: that is for `train` to fail over.
  private func tokens(of curated: [Curated], _ project: Project) async throws -> [TokenCount?] {
    do {
      var counts: [TokenCount?] = []
      for part in curated { counts.append(try await TokenCount.of(part.dataset, base: project.recipe.base, in: project.rootFolder)) }
      return counts
    } catch let error as TokenizerError {
      arguments.common.terminal.remark("tokens were not counted: \(error.message)")
      return curated.map { _ in nil }
    }
  }

  /// Every stage that was asked for by its name can be run with no more than that.
  private func requireStages(of actions: [Action]) throws(StageNeedsMore) {
    for name in only where actions.contains(where: { !$0.hasStage(name) }) { throw StageNeedsMore(stage: name) }
  }

  private func chosen(_ ids: [ActionID], isForExport: Bool) throws -> [ActionID] {
    let names = ids.map { String($0.name.dropFirst(ActionKind.curate.rawValue.count + 1)) }
    guard let dataset else {
      guard !isForExport || ids.count == 1 else { throw ChooseDataset(asked: nil, names: names) }
      return ids
    }
    guard let index = names.firstIndex(of: dataset) else { throw ChooseDataset(asked: dataset, names: names) }
    return [ids[index]]
  }

  private func refuseExport(_ exports: Exports, intoSourceOf id: ActionID, _ project: Project) throws {
    guard case .source(let source)? = project.plan[id]?.inputs["source"] else { return }
    try exports.refusePlaces(in: URL(filePath: source.path, relativeTo: project.rootFolder))
  }
}

/// A stage that nobody can run by its name alone.
struct StageNeedsMore: ExplainedError {
  let stage: String

  var message: String { "the stage \"\(stage)\" needs to be told what to run with" }
  var hint: String? { stage == "decontaminate" ? "name the evaluation files: --against FILE for a folder, \"against\" in a recipe" : nil }
}

/// One dataset has to be named.
struct ChooseDataset: ExplainedError {
  let asked: String?
  let names: [String]

  var message: String {
    asked.map { "there is no dataset \"\($0)\"" } ?? "an export is of one dataset, and the recipe has \(names.count)"
  }
  var hint: String? { "name one with --dataset: \(names.joined(separator: ", "))" }
}

/// What a curation left in the store.
struct Curated {
  let name: String
  let digest: Digest
  let dataset: StoredDataset
  let ledger: LedgerQuery

  init(_ id: ActionID, _ result: ActionRun.Result) throws {
    guard let ledger = result.report.output("ledger", of: id), let dataset = result.report.output("dataset", of: id) else {
      throw MissingInput(action: id, input: "ledger")
    }
    name = id.name
    digest = dataset
    let objects = result.store.objects
    self.dataset = try StoredDataset(dataset) { try objects.get($0) }
    self.ledger = LedgerQuery(try StoredLedger(ledger) { try objects.get($0) })
  }
}
