import Artifacts
import Foundation
import Planning
import Recipes

/// A small recipe whose lines the tests replace, so that a case shows only what matters to it.
enum RecipeFixture {
  static let lines = """
    soul: lamplighter
    version: 1.0.0
    intent: Speaks as the keeper would.
    description: A lighthouse keeper.
    license: CC-BY-4.0
    base: { path: models/ember }
    datasets:
      letters: { from: datasets/letters, license: CC-BY-4.0 }
    train:
      letters-lora: { dataset: letters }
    """

  /// With the first line that starts with each key replaced; an empty text removes it.
  static func replacing(_ replacements: KeyValuePairs<String, String>) -> String {
    var text = lines
    for (start, replacement) in replacements {
      var rows = text.components(separatedBy: "\n")
      guard let index = rows.firstIndex(where: { $0.hasPrefix(start) }) else { preconditionFailure("no line starts with \(start)") }
      rows.replaceSubrange(index...index, with: replacement.isEmpty ? [] : [replacement])
      text = rows.joined(separator: "\n")
    }
    return text
  }

  static func read(_ text: String, path: String = "recipes/x.yaml", set overrides: [String] = []) throws -> Recipe {
    try Recipe(parsing: Data(text.utf8), path: path, overrides: overrides.map { try Override(parsing: $0) })
  }

  static func errors(in text: String, set overrides: [String] = []) throws -> [RecipeError] {
    try errors(in: Data(text.utf8), set: overrides)
  }

  static func errors(in bytes: Data, set overrides: [String] = []) throws -> [RecipeError] {
    let parsed = try overrides.map { try Override(parsing: $0) }
    do throws(InvalidRecipe) {
      _ = try Recipe(parsing: bytes, path: "recipes/x.yaml", overrides: parsed)
      return []
    } catch {
      return error.errors
    }
  }

  static func plan(_ text: String) throws -> Plan {
    try Planner.plan(read(text)) { path in throw UnexpectedLoad(path: path) }
  }

  struct UnexpectedLoad: Error { let path: String }

  /// The folder of the package, found from this file.
  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
