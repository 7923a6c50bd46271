internal import Artifacts

/// Which recipe is meant and which folder is its root. Pure: the caller lists folders and says what it found.
package enum RecipeLocator {
  /// The recipe to read. `listing` holds paths relative to where the command was given; only `soul.yaml` and `recipes/*.yaml` count.
  package static func recipe(chosen: [String], listing: [String]) throws(LocationError) -> String {
    if chosen.count > 1 { throw .severalChosen(chosen) }
    if let only = chosen.first { return only }
    if listing.contains("soul.yaml") { return "soul.yaml" }
    let candidates = listing.filter(isInRecipesFolder).sorted()
    switch candidates.count {
    case 0: throw .none
    case 1: return candidates[0]
    default: throw .several(candidates)
    }
  }

  private static func isInRecipesFolder(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0] == "recipes" && parts[1].hasSuffix(".yaml") && !parts[1].hasPrefix(".") && parts[1] != ".yaml"
  }

  /// What marks a folder as a root, if it is there.
  package enum Marker: String, CaseIterable, Hashable, Sendable {
    case lock = "soul.lock"
    case store = ".soulpack"
    /// A folder, or the file that stands for it in a worktree.
    case git = ".git"
  }

  package struct Root: Hashable, Sendable {
    package enum Reason: Hashable, Sendable { case asked, marked(Marker), recipeFolder }

    package let folder: String
    package let reason: Reason

    package init(folder: String, reason: Reason) {
      self.folder = folder
      self.reason = reason
    }
  }

  /// The folders to look for markers in: the recipe's own and all above, nearest first. The path is absolute.
  package static func ancestors(ofRecipe path: String) -> [String] {
    let parts = path.split(separator: "/").dropLast()
    return (0...parts.count).reversed().map { "/" + parts.prefix($0).joined(separator: "/") }
  }

  /// `-C`, else the nearest ancestor with a lock or a store, else the nearest with `.git`, else the recipe's folder, or
  /// the one that holds it where it is called `recipes`: there its paths mean the same with and without git.
  package static func root(asked: String?, recipe path: String, markers: [String: Set<Marker>]) -> Root {
    if let asked { return Root(folder: asked, reason: .asked) }
    let ancestors = ancestors(ofRecipe: path)
    for folder in ancestors {
      if let marker = [Marker.lock, .store].first(where: { markers[folder]?.contains($0) == true }) {
        return Root(folder: folder, reason: .marked(marker))
      }
    }
    if let folder = ancestors.first(where: { markers[$0]?.contains(.git) == true }) { return Root(folder: folder, reason: .marked(.git)) }
    let isAmongRecipes = ancestors.count > 1 && ancestors[0].split(separator: "/").last == "recipes"
    return Root(folder: ancestors[isAmongRecipes ? 1 : 0], reason: .recipeFolder)
  }
}

/// No recipe, or more than one.
package enum LocationError: ExplainedError, Hashable {
  case none
  case several([String])
  case severalChosen([String])

  package var message: String {
    switch self {
    case .none: "no recipe: neither \"soul.yaml\" nor \"recipes/*.yaml\" is here"
    case .several(let paths): "several recipes and none chosen: \(paths.joined(separator: ", "))"
    case .severalChosen(let paths): "one recipe at a time, found \(paths.joined(separator: ", "))"
    }
  }

  package var hint: String? {
    switch self {
    case .none: "write one: docs/recipe.md says how, and recipes/lamplighter.yaml is an example"
    case .several(let paths): "name one: \(paths[0])"
    case .severalChosen: nil
    }
  }
}
