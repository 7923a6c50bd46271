internal import Artifacts
internal import Foundation
internal import Recipes

/// Where a proposed recipe goes in its project, and the schema that an editor reads beside it.
struct RecipePlace {
  /// Relative to the root.
  let path: String
  let schemaPath: String
  private let root: URL

  init(name: String, in root: URL, mayExist: Bool) throws(RecipeIsThere) {
    let manager = FileManager.default
    func exists(_ path: String) -> Bool { manager.fileExists(atPath: root.appending(path: path).path) }
    self.root = root
    path = exists("recipes") || exists("soul.yaml") ? "recipes/\(name).yaml" : "soul.yaml"
    let own = path.hasPrefix("recipes/") ? "recipes/recipe.schema.json" : "recipe.schema.json"
    schemaPath = exists("docs/recipe.schema.json") ? "docs/recipe.schema.json" : own
    guard mayExist || !exists(path) else { throw RecipeIsThere(path: path) }
  }

  /// As the recipe's first line says it.
  var schemaFromRecipe: String {
    guard path.hasPrefix("recipes/") else { return schemaPath }
    return schemaPath.hasPrefix("recipes/") ? String(schemaPath.dropFirst("recipes/".count)) : "../" + schemaPath
  }

  /// What was written, relative to the root. A schema that is there stays.
  func write(_ text: String) throws -> [String] {
    let recipe = root.appending(path: path)
    try FileManager.default.createDirectory(at: recipe.deletingLastPathComponent(), withIntermediateDirectories: true)
    // EEXIST: somebody was quicker.
    guard try RecipePlace.create(recipe, Data(text.utf8)) else { throw RecipeIsThere(path: path) }
    let hasSchema = try RecipePlace.create(root.appending(path: schemaPath), Data(RecipeSchema.jsonSchema.pretty.utf8))
    return [path] + (hasSchema ? [schemaPath] : [])
  }

  /// False where something is there already.
  private static func create(_ file: URL, _ bytes: Data) throws -> Bool {
    do {
      try bytes.write(to: file, options: .withoutOverwriting)
      return true
    } catch CocoaError.fileWriteFileExists {
      return false
    }
  }
}

struct RecipeIsThere: ExplainedError {
  let path: String

  var message: String { "\(path): a recipe is there already" }
  var hint: String? { "--name gives the new one another name; --print only shows it" }
}

/// The folder holds the project: the lock and the archives would be read as data, and change it with every build.
