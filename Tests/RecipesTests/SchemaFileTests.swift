import Artifacts
import Foundation
import Recipes
import Testing

@Suite("docs/recipe.schema.json")
struct SchemaFileTests {
  @Test("the file for editors is what the parser's definitions give: write it anew with `soulpack schema > docs/recipe.schema.json`")
  func isUpToDate() throws {
    let file = try String(contentsOf: RecipeFixture.repository.appending(path: "docs/recipe.schema.json"), encoding: .utf8)
    #expect(file == RecipeSchema.jsonSchema.pretty, "write it anew: soulpack schema > docs/recipe.schema.json")
  }
}
