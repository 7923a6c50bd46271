package import Artifacts
package import Recipes

/// The recipe that a Soul was made by, as its archive holds it (`recipe.json`, schema `soulpack.recipes/1`), with those of its bases: to be planned
/// again by somebody else.
package struct RecordedRecipe {
  package let recipe: Recipe
  /// Those that made its base, each followed by the one that made its own.
  package let bases: [Recipe]
  private let paths: [String]

  /// Throws where the document is none that this soulpack would have written: then it would plan something else than was built.
  package init(_ document: JSONValue) throws(UnplannableRecord) {
    guard let recipe = document["recipe"], let following = document["bases"]?.array else { throw UnplannableRecord(path: "recipe.json") }
    self.recipe = try RecordedRecipe.read(recipe, path: "recipe.json")
    var bases: [Recipe] = []
    var paths: [String] = []
    var current = self.recipe
    for document in following {
      guard case .recipe(let path, _) = current.base else { throw UnplannableRecord(path: "recipe.json") }
      current = try RecordedRecipe.read(document, path: path)
      bases.append(current)
      paths.append(path)
    }
    // Where those that made the base are left out, nobody knows under which terms they stood.
    if case .recipe(let path, _) = current.base { throw UnplannableRecord(path: path) }
    (self.bases, self.paths) = (bases, paths)
  }

  /// `consent`: as of today. Data that was retracted since is not learned from again.
  package func plan(consent: Consent) throws -> Plan {
    try Planner.plan(recipe, consent: consent) { path in
      guard let place = paths.firstIndex(of: path) else { throw UnplannableRecord(path: path) }
      return bases[place]
    }
  }

  private static func read(_ document: JSONValue, path: String) throws(UnplannableRecord) -> Recipe {
    // JSON is YAML.
    guard let recipe = try? Recipe(parsing: document.canonical, path: path), recipe.normalised == document else {  // Whose errors would speak of lines.
      throw UnplannableRecord(path: path)
    }
    return recipe
  }
}

package struct UnplannableRecord: ExplainedError, Hashable {
  package let path: String

  package var message: String { "the archive's recipe (\(path)) is none that this soulpack would have written" }
  package var hint: String? { "it was made by another version: take the one that made it" }
}
