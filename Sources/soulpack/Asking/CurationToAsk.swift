internal import Artifacts
internal import Curation
internal import Foundation
internal import Planning
internal import Running
internal import Store

/// A curation that `why` can ask: that of a recipe's datasets, or of a folder that has no recipe.
enum CurationToAsk {
  case recipe(Project)
  /// The key is that of its last curation, whatever stages it ran.
  case folder(path: String, key: Digest, common: CommonArguments)

  /// So many builds are looked through for curations of folders.
  private static let mostBuilds = 1_000

  /// Every folder that was curated in this store, and every recipe, the one that was at work last first. The recipe that is found here comes last
  /// where it never was.
  static func newestFirst(_ common: CommonArguments, recipe: Project?) throws -> [CurationToAsk] {
    let store = try ReadableStore.openIfThere(common)
    var found: [CurationToAsk] = []
    var seen: Set<String> = []
    for build in try store?.builds.last(mostBuilds) ?? [] {
      guard let path = build.recipe, let store else { continue }
      if build.goal == FolderToCurate.goal {
        guard !seen.contains(path), let action = try store.builds.actions(in: build.id).first else { continue }
        seen.insert(path)
        found.append(.folder(path: path, key: action.key, common: common))
      } else if seen.insert("recipe \(path)").inserted, let project = path == recipe?.recipePath ? recipe : CurationToAsk.project(path, common) {
        found.append(.recipe(project))
      }
    }
    if let recipe, !seen.contains("recipe \(recipe.recipePath)") { found.append(.recipe(recipe)) }
    return found
  }

  /// Nil for a recipe that is no longer there or no longer in order: it has nothing to say, and others may.
  private static func project(_ path: String, _ common: CommonArguments) -> Project? {
    let root = Project.rootFolder(common)
    var chosen = RecipeArguments()
    chosen.recipe = root.appending(path: path).path
    chosen.set = []
    guard let project = try? Project(chosen, common), project.rootFolder.standardizedFileURL.path == root.standardizedFileURL.path else { return nil }
    return project
  }

  func ledgers() throws -> [AskedLedger] {
    switch self {
    case .recipe(let project): try CurationToAsk.ledgers(of: project)
    case .folder(let path, let key, let common): [try CurationToAsk.ledger(ofFolder: path, key, root: Project.rootFolder(common))]
    }
  }

  private static func ledgers(of project: Project) throws -> [AskedLedger] {
    let own = project.plan.goals[.curate] ?? []
    return try ledgers(of: project, own, isRequired: true) + ledgersOfBases(of: project, besides: own)
  }

  /// The data of a base that another recipe makes are asked after the recipe's own, where they were curated and still lie there.
  private static func ledgersOfBases(of project: Project, besides own: [ActionID]) throws -> [AskedLedger] {
    let others = project.plan.actions.filter { $0.kind == .curate && !own.contains($0.id) }.map(\.id)
    guard !others.isEmpty else { return [] }
    do {
      return try ledgers(of: project, others, isRequired: false)
    } catch is SourceProblem {
      return []
    }
  }

  private static func ledgers(of project: Project, _ curations: [ActionID], isRequired: Bool) throws -> [AskedLedger] {
    let plan = Plan(actions: project.plan.actions, goals: [.curate: curations])
    let survey = try Survey(project, actions: plan.actions(for: .curate))
    return try survey.forecast.rows.filter { curations.contains($0.action.id) }.compactMap { row in
      guard let store = survey.store, let key = row.key, let ledger = try store.actions.lookup(key.digest)?.outputs["ledger"] else {
        guard isRequired else { return nil }
        throw NotCurated(subject: row.action.id.name, command: "soulpack curate \(project.recipePath.asShellWord)")
      }
      let query = LedgerQuery(try StoredLedger(ledger) { try store.objects.get($0) })
      guard case .source(let source)? = row.action.inputs["source"] else { return AskedLedger(dataset: row.action.id.name, source: nil, root: nil, query: query) }
      return AskedLedger(dataset: row.action.id.name, source: source.place(below: project.rootFolder), root: project.rootFolder, query: query)
    }
  }

  private static func ledger(ofFolder path: String, _ key: Digest, root: URL) throws -> AskedLedger {
    let storeFolder = Project.storeFolder(in: root)
    let source = Source(kind: .fileOrFolder, path: path)
    let store = try ReadableStore.openIfThere(at: storeFolder)
    let now = try SourceProbe(root: root, store: store, storeRoot: storeFolder).read([source])
    guard let store, let entry = try store.actions.lookup(key), let ledger = entry.outputs["ledger"], entry.inputs["source"] == now[source] else {
      throw NotCurated(subject: path, command: "soulpack curate \(path.asShellWord)")
    }
    return AskedLedger(dataset: path, source: source.place(below: root), root: root, query: LedgerQuery(try StoredLedger(ledger) { try store.objects.get($0) }))
  }
}

/// The ledger of one dataset, and where its files are.
struct AskedLedger {
  let dataset: String
  /// Nil where a step made the files.
  let source: URL?
  let root: URL?
  let query: LedgerQuery

  /// What the ledger calls a file that a person named from where they are, from the root or from the source; as it was named, where it is none
  /// of the ledger's.
  func name(of file: String, from folder: URL) -> String {
    let inSource = [folder, root].compactMap { $0 }.compactMap { start -> String? in
      guard let source, let path = URL(filePath: file, relativeTo: start).path(below: source) else { return nil }
      return path == "." ? source.lastPathComponent : path
    }
    let known = Set(query.files.map(\.path))
    return (inSource + [file]).first(where: known.contains) ?? inSource.first ?? file
  }
}

extension Source {
  fileprivate func place(below root: URL) -> URL { URL(filePath: path, relativeTo: root).standardizedFileURL }
}

struct NotCurated: ExplainedError {
  let subject: String
  let command: String

  var message: String { "\(subject): not curated yet, or its source, or what is retracted, has changed since" }
  var hint: String? { command }
}

struct NothingCurated: ExplainedError {
  var message: String { "nothing has been curated here" }
  var hint: String? { "soulpack curate FOLDER" }
}
