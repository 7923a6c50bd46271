package import Foundation

extension Recipe {
  /// Reads a recipe: bytes of YAML, the file's name for errors, and what `--set` changes. Reports everything that one pass can find.
  package init(parsing bytes: Data, path: String, overrides: [Override] = []) throws(InvalidRecipe) {
    var document = try Recipe.document(bytes, path: path)
    var failures: [RecipeError] = []
    for override in overrides {
      do { try override.apply(to: &document) } catch { failures.append(error) }
    }
    var check = SchemaCheck()
    var settings = check.check(document, .record(RecipeSchema.recipe), key: "the recipe")
    if let read = settings {
      let completed = RecipeCompletion.complete(read)
      settings = completed
      failures += RecipeRules.errors(in: completed)
    }
    failures += check.errors
    guard failures.isEmpty, let settings else { throw InvalidRecipe(failures) }
    self.init(settings, path: path, overrides: overrides.map(\.text))
  }

  private static func document(_ bytes: Data, path: String) throws(InvalidRecipe) -> DocumentNode {
    do {
      return try DocumentReader.read(bytes, file: path)
    } catch {
      throw InvalidRecipe([error])
    }
  }
}
