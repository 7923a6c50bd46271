internal import ArgumentParser
internal import Artifacts
internal import Planning
internal import Recipes

/// `soulpack plan`: what a recipe means, as a graph of actions. Reads the recipe and nothing else.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Print the actions that a recipe means, in order; build nothing.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() throws {
    common.terminal.show(PlanReport(project: try Project(recipe, common)))
  }
}

struct PlanReport: Report {
  let project: Project

  let schema = "soulpack.plan/1"

  var members: [String: JSONValue] {
    let members: [String: JSONValue] = ["recipe": .string(project.recipePath), "root": .string(project.root.folder)]
    return members.merging(project.plan.json.object ?? [:]) { own, _ in own }
  }

  var lines: [String] {
    ["root    \(project.root.folder) (\(reason))", "recipe  \(project.recipePath)", ""]
      + project.plan.description.split(separator: "\n").map(String.init)
  }

  private var reason: String {
    switch project.root.reason {
    case .asked: "given by -C"
    case .marked(let marker): "it holds \(marker.rawValue)"
    case .recipeFolder: "where the recipe is"
    }
  }
}
