internal import Artifacts
internal import Explaining
internal import Foundation
internal import Recipes
internal import Store

/// The datasets of a contributor: those of recipes as they are today, and those that sealed recipes named.
struct ContributedDatasets {
  let digests: Set<Digest>

  init(of contributor: String, root: URL, store: ReadableStore) throws {
    var digests = try Downstream.sealedDatasets(ofContributor: contributor, in: store)
    var recipes: [String: Recipe] = [:]
    for entry in try store.actions.all(ofKind: "curate") {
      for name in try store.builds.names(ofKey: entry.key) {
        guard let path = name.recipe, Self.dataset(called: name.action, in: path, root, &recipes)?.contributor == contributor else { continue }
        if let dataset = entry.outputs["dataset"] { digests.insert(dataset) }
      }
    }
    self.digests = digests
  }

  /// `base/curate.texts` is of the recipe that makes the base. Nil where a recipe is no longer there or has no such dataset.
  private static func dataset(called action: String, in path: String, _ root: URL, _ recipes: inout [String: Recipe]) -> Dataset? {
    let recipe: Recipe
    if let known = recipes[path] {
      recipe = known
    } else {
      guard let bytes = FileManager.default.contents(atPath: root.appending(path: path).path), let read = try? Recipe(parsing: bytes, path: path) else {
        return nil  // Of a folder, or of a recipe that is no longer in order: who gave the data, a sealed recipe says.
      }
      recipe = read
      recipes[path] = read
    }
    guard action.hasPrefix("base/") else { return recipe.dataset(String(action.dropFirst("curate.".count))) }
    guard case .recipe(let base, _) = recipe.base else { return nil }
    return dataset(called: String(action.dropFirst("base/".count)), in: base, root, &recipes)
  }
}
