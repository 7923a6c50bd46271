internal import ArgumentParser
internal import Artifacts
internal import Fetching
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// `soulpack plan`: what a recipe means, as a graph of actions. Reads the recipe, and asks the hub what of a base there is not here yet.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Print the actions that a recipe means, in order; build nothing.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() throws {
    let project = try Project(recipe, common)
    common.terminal.show(PlanReport(project: project, models: try models(of: project)))
  }

  /// A plan is good without a network: then what it would fetch is not known. What is locked and in the store is asked of nobody.
  private func models(of project: Project) throws -> [PlannedModel] {
    let references = project.plan.sources(for: project.plan.actions).filter { $0.kind == .hubModel }.compactMap { HubReference($0.path) }
    guard !references.isEmpty else { return [] }
    let pins = try Lock(readingFrom: project.rootFolder).outsideModels(of: project.recipePath)
    let store = try ReadableStore.openIfThere(at: project.storeFolder)
    return try references.compactMap { reference in
      let pin = pins[reference.description]
      if let pin, let digest = pin.digest, let store, try store.objects.holdsAll(ofListing: digest) {
        return PlannedModel(origin: HubOrigin(reference, commit: pin.commit), stored: try store.objects.snapshot(digest))
      }
      do {
        return PlannedModel(try ModelFetcher(.ofUser()).survey(reference, commit: pin?.commit))
      } catch let error as FetchError {
        common.terminal.remark("what would be fetched is not known: \(error.message)")
        return nil
      }
    }
  }
}

/// A base of a hub, and what of it a build would have to fetch.
struct PlannedModel {
  let origin: HubOrigin
  let files: [FetchSurvey.File]

  init(_ survey: FetchSurvey) { (origin, files) = (survey.origin, survey.files) }

  init(origin: HubOrigin, stored: Snapshot) {
    self.origin = origin
    files = stored.entries.map { FetchSurvey.File(name: $0.path, byteCount: $0.byteCount, isHere: true) }
  }

  var missing: [FetchSurvey.File] { files.filter { !$0.isHere } }
  var missingByteCount: Int64 { missing.reduce(0) { $0 + $1.byteCount } }
}

struct PlanReport: Report {
  let project: Project
  let models: [PlannedModel]

  let schema = "soulpack.plan/1"

  var members: [String: JSONValue] {
    var members: [String: JSONValue] = ["recipe": .string(project.recipePath), "root": .string(project.root.folder)]
    if !models.isEmpty { members["models"] = .array(models.map(json)) }
    return members.merging(project.plan.json.object ?? [:]) { own, _ in own }
  }

  var lines: [String] {
    ["root    \(project.root.folder) (\(reason))", "recipe  \(project.recipePath)"] + models.map(line) + [""]
      + project.plan.description.split(separator: "\n").map(String.init)
  }

  private func json(_ model: PlannedModel) -> JSONValue {
    let files = model.files.map { file -> JSONValue in
      ["name": .string(file.name), "bytes": .integer(file.byteCount), "here": .bool(file.isHere)]
    }
    return ["model": .string(model.origin.reference), "files": .array(files), "bytesToFetch": .integer(model.missingByteCount)]
  }

  private func line(_ model: PlannedModel) -> String {
    let missing = model.missing.count
    let rest = missing == 0 ? "nothing to fetch" : "\(missing) to fetch, \(Quantity.bytes(model.missingByteCount))"
    return "base    \(model.origin.reference): \(Quantity.counted(model.files.count, "file")), \(rest)"
  }

  private var reason: String {
    switch project.root.reason {
    case .asked: "given by -C"
    case .marked(let marker): "it holds \(marker.rawValue)"
    case .recipeFolder: "where the recipe is"
    }
  }
}
