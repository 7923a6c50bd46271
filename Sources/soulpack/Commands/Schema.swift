internal import ArgumentParser
internal import Artifacts
internal import Recipes

/// `soulpack schema`: the JSON Schema of recipes, for editors.
struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the JSON Schema of recipes, for editors.",
    discussion: "In a recipe's first line, for editors that speak the YAML language server: # yaml-language-server: $schema=../docs/recipe.schema.json")

  func run() {
    // The document ends its last line itself.
    Terminal().print(String(RecipeSchema.jsonSchema.pretty.dropLast()))
  }
}
