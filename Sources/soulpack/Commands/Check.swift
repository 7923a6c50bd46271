internal import ArgumentParser
internal import Artifacts
internal import Recipes

/// `soulpack check`: is the recipe in order? Reads the recipe and nothing else.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Validate a recipe; build nothing.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() throws {
    let project = try Project(recipe, common)
    common.terminal.show(CheckReport(recipe: project.recipePath, soul: project.recipe.soul, version: project.recipe.version))
  }
}

struct CheckReport: Report {
  let recipe: String
  let soul: String
  let version: String

  let schema = "soulpack.check/1"
  var members: [String: JSONValue] { ["recipe": .string(recipe), "soul": .string(soul), "version": .string(version)] }
  var lines: [String] { ["\(recipe): in order (\(soul) \(version))"] }
}
