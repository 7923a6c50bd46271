internal import ArgumentParser
internal import Artifacts
internal import Recipes

/// `soulpack check`: is the recipe in order? Reads the recipes and the file of retractions, and nothing else.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Validate a recipe; build nothing.")

  @OptionGroup var recipe: RecipeArguments
  @OptionGroup var common: CommonArguments

  func run() throws {
    let project = try Project(recipe, common)
    let questions = project.recipe.openQuestions
    common.terminal.show(
      CheckReport(recipe: project.recipePath, soul: project.recipe.soul, version: project.recipe.version, openQuestions: questions))
    guard !questions.isEmpty, !common.json else { return }
    common.terminal.remark(
      """
      still to answer: \(questions.joined(separator: ", "))
        NOASSERTION says that nobody has named a licence: whoever gets the Soul cannot
        know what they may do with it, nor whether its texts were given for this.
        Nothing is built on texts without one; for your own, LicenseRef-own will do
      """)
  }
}

struct CheckReport: Report {
  let recipe: String
  let soul: String
  let version: String
  /// Keys that hold no answer yet.
  let openQuestions: [String]

  let schema = "soulpack.check/1"

  var members: [String: JSONValue] {
    [
      "recipe": .string(recipe), "soul": .string(soul), "version": .string(version),
      "openQuestions": .array(openQuestions.map { .string($0) }),
    ]
  }

  var lines: [String] { ["\(recipe): in order (\(soul) \(version))"] }
}
