import Recipes
import Testing

@Suite("Finding the recipe and its root")
struct RecipeLocatorTests {
  @Test("soul.yaml comes first, then the only recipe of the folder")
  func defaultRecipe() throws {
    #expect(try RecipeLocator.recipe(chosen: [], listing: ["recipes/a.yaml", "soul.yaml", "recipes/b.yaml"]) == "soul.yaml")
    #expect(try RecipeLocator.recipe(chosen: [], listing: ["README.md", "recipes/a.yaml", "recipes/old/b.yaml", "recipes/.c.yaml", "a.yaml"]) == "recipes/a.yaml")
    #expect(try RecipeLocator.recipe(chosen: ["x.yaml"], listing: ["soul.yaml"]) == "x.yaml")
  }

  @Test("several recipes are listed, none is said to be missing, two at once are refused")
  func noDefault() {
    #expect(throws: LocationError.several(["recipes/a.yaml", "recipes/b.yaml"])) {
      try RecipeLocator.recipe(chosen: [], listing: ["recipes/b.yaml", "recipes/a.yaml"])
    }
    #expect(throws: LocationError.none) { try RecipeLocator.recipe(chosen: [], listing: ["recipes/a.yml"]) }
    #expect(throws: LocationError.severalChosen(["a.yaml", "b.yaml"])) { try RecipeLocator.recipe(chosen: ["a.yaml", "b.yaml"], listing: []) }
  }

  @Test("the root is what was asked, else the nearest lock or store, else the nearest git, else the recipe's folder")
  func root() {
    let recipe = "/home/me/work/recipes/a.yaml"
    let folders = ["/home/me/work/recipes", "/home/me/work", "/home/me", "/home", "/"]
    #expect(RecipeLocator.ancestors(ofRecipe: recipe) == folders)
    func root(_ markers: [String: Set<RecipeLocator.Marker>], asked: String? = nil) -> RecipeLocator.Root {
      RecipeLocator.root(asked: asked, recipe: recipe, markers: markers)
    }
    #expect(root([:]) == .init(folder: "/home/me/work", reason: .recipeFolder))
    #expect(RecipeLocator.root(asked: nil, recipe: "/home/me/soul.yaml", markers: [:]) == .init(folder: "/home/me", reason: .recipeFolder))
    #expect(RecipeLocator.root(asked: nil, recipe: "/recipes/a.yaml", markers: [:]) == .init(folder: "/", reason: .recipeFolder))
    #expect(root(["/home/me/work": [.git], "/home": [.git]]) == .init(folder: "/home/me/work", reason: .marked(.git)))
    #expect(root(["/home/me/work": [.git], "/home/me": [.store]]) == .init(folder: "/home/me", reason: .marked(.store)))
    #expect(root(["/home/me/work": [.store, .lock]]) == .init(folder: "/home/me/work", reason: .marked(.lock)))
    #expect(root(["/home/me/work": [.lock]], asked: "/tmp") == .init(folder: "/tmp", reason: .asked))
  }
}
