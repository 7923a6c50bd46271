import Artifacts
import Foundation
import Hashing
import Planning
import Recipes
import Testing

@Suite("A recipe as an archive holds it")
struct RecordedRecipeTests {
  /// `recipes/` of this repository, by path.
  private static let paths = ["recipes/kindling.yaml", "recipes/ember.yaml", "recipes/lamplighter.yaml", "recipes/jargon.yaml"]

  private static func read(_ path: String) throws -> Recipe {
    try Recipe(parsing: try Data(contentsOf: RecipeFixture.repository.appending(path: path)), path: path)
  }

  @Test("read again it is the same recipe, and means the same plan but for the name of its file", arguments: paths)
  func again(path: String) throws {
    let recipe = try Self.read(path)
    let plan = try Planner.plan(recipe) { try Self.read($0) }
    let seal = try #require(plan[ActionID("seal")])
    let record = try RecordedRecipe(["recipe": seal.parameters["recipe"] ?? .null, "bases": seal.parameters["bases"] ?? .null])
    #expect(record.recipe.normalised == recipe.normalised)
    let planned = try record.plan(consent: .unbroken)
    #expect(planned.actions.filter { $0.kind != .seal } == plan.actions.filter { $0.kind != .seal })
  }

  @Test("models/ember is of the recipes that lie here: whoever has a clone can make it again")
  func ember() throws {
    let folder = RecipeFixture.repository.appending(path: "models/ember")
    let document = try JSONValue(parsing: Data(contentsOf: folder.appending(path: "recipe.json")))
    let record = try RecordedRecipe(document)
    #expect(record.recipe.normalised == (try Self.read("recipes/ember.yaml").normalised))
    #expect(record.bases.map(\.normalised) == [try Self.read("recipes/kindling.yaml").normalised])
    let manifest = try JSONValue(parsing: Data(contentsOf: folder.appending(path: "soul.json")))
    #expect(manifest["recipe"] == .digest(Digest(hashing: record.recipe.normalised)) && document["overrides"] == [])
  }

  @Test("a document with a member more, or a base fewer, is refused")
  func refused() throws {
    let recipe = try Self.read("recipes/ember.yaml").normalised
    #expect(throws: UnplannableRecord.self) { try RecordedRecipe(["recipe": recipe]) }
    #expect(throws: UnplannableRecord.self) {
      try RecordedRecipe(["recipe": .object((recipe.object ?? [:]).merging(["mood": "blue"]) { own, _ in own }), "bases": []])
    }
    let baseless = #expect(throws: UnplannableRecord.self) { try RecordedRecipe(["recipe": recipe, "bases": []]) }
    #expect(baseless?.path == "recipes/kindling.yaml")
  }
}
