internal import ArgumentParser
internal import Artifacts
internal import Fetching
internal import Planning
internal import Recipes
internal import Running

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

  /// A plan is good without a network: then what it would fetch is not known.
  private func models(of project: Project) throws -> [FetchSurvey] {
    let references = project.plan.sources(for: project.plan.actions).filter { $0.kind == .hubModel }.compactMap { HubReference($0.path) }
    guard !references.isEmpty else { return [] }
    let pins = try Lock(readingFrom: project.rootFolder).recipes[project.recipePath]?.revisions ?? [:]
    return try references.compactMap { reference in
      do {
        return try ModelFetcher(HubSettings()).survey(reference, commit: pins[reference.description])
      } catch let error as FetchError {
        common.terminal.remark("what would be fetched is not known: \(error.message)")
        return nil
      }
    }
  }
}

struct PlanReport: Report {
  let project: Project
  /// The bases that a hub has.
  let models: [FetchSurvey]

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

  private func json(_ model: FetchSurvey) -> JSONValue {
    let files = model.files.map { file -> JSONValue in
      ["name": .string(file.name), "bytes": .integer(file.byteCount), "here": .bool(file.isHere)]
    }
    return ["model": .string(model.origin.reference), "files": .array(files), "bytesToFetch": .integer(model.missingByteCount)]
  }

  private func line(_ model: FetchSurvey) -> String {
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
