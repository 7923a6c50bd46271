import Artifacts
import Foundation
import Planning
import Recipes
import Testing

@Suite("The reference and the shipped recipes")
struct ReferenceTests {
  private static func text(_ path: String) throws -> String {
    try String(contentsOf: RecipeFixture.repository.appending(path: path), encoding: .utf8)
  }

  private static func row(_ entry: RecipeSchema.Entry) -> String {
    "| `\(entry.path)` | \(entry.type) | \(["required", "optional", "depends"].contains(entry.presence) ? entry.presence : "`\(entry.presence)`") | \(entry.doc) |"
  }

  @Test("docs/recipe.md has a row for every key of the schema, and the schema has every key of docs/recipe.md")
  func referenceMatchesSchema() throws {
    let rows = try Self.text("docs/recipe.md").split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
    let expected = RecipeSchema.entries.map(Self.row)
    #expect(Set(rows).subtracting(expected) == [], "unknown to the schema")
    #expect(Set(expected).subtracting(rows) == [], "not in the reference")
    #expect(rows.count == expected.count)
  }

  @Test("docs/recipe.md lists what the schema refuses as not in this version")
  func laterIsListed() throws {
    let section = try #require(try Self.text("docs/recipe.md").components(separatedBy: "## Not in this version").dropFirst().first)
    for later in RecipeSchema.later { #expect(section.contains("`\(later)`"), "\(later)") }
  }

  @Test("the example in docs/recipe.md can be read and planned")
  func exampleIsARecipe() throws {
    let block = try #require(try Self.text("docs/recipe.md").components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
    #expect(try RecipeFixture.plan(block).goals[.build] == ["seal"])
  }

  @Test("every shipped recipe can be read and planned", arguments: ["kindling", "ember", "lamplighter", "jargon"])
  func shipped(name: String) throws {
    let load = { (path: String) throws -> Recipe in try RecipeFixture.read(Self.text(path), path: path) }
    let plan = try Planner.plan(load("recipes/\(name).yaml"), loader: load)
    #expect(plan.goals[.build] == ["seal"])
  }

  @Test("the JSON Schema knows the keys of the parser")
  func jsonSchema() {
    let schema = RecipeSchema.jsonSchema
    let train = schema["properties"]?["train"]?["additionalProperties"]
    #expect(train?["properties"]?["epochs"]?["maximum"] == 100_000 && train?["additionalProperties"] == false)
    #expect(train?["required"] == ["dataset"])
    let top = RecipeSchema.entries.filter { !$0.path.contains(".") }.map(\.path)
    #expect(schema["properties"]?.object.map { Set($0.keys) } == Set(top))
  }
}
