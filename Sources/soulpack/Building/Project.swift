internal import Artifacts
internal import Foundation
internal import Packaging
internal import Planning
internal import Recipes

/// A recipe in its root, read and planned. Making one reads the recipe files and `retractions`, and nothing else.
struct Project {
  let root: RecipeLocator.Root
  /// Relative to the root, as the lock names it.
  let recipePath: String
  let recipe: Recipe
  let plan: Plan
  /// That the plan was made by.
  let consent: ProjectConsent

  var rootFolder: URL { URL(filePath: root.folder, directoryHint: .isDirectory) }
  var storeFolder: URL { Project.storeFolder(in: rootFolder) }

  /// `SOULPACK_STORE`, which may be shared between worktrees, or `.soulpack` in the root.
  static func storeFolder(in root: URL) -> URL {
    if let path = ProcessInfo.processInfo.environment["SOULPACK_STORE"], !path.isEmpty {
      return URL(filePath: path, directoryHint: .isDirectory, relativeTo: root).absoluteURL
    }
    return root.appending(path: ".soulpack", directoryHint: .isDirectory)
  }

  /// With `isSmoke`, what a smoke build makes of the recipe: under a version of its own, by a plan of its own.
  init(_ arguments: RecipeArguments, _ common: CommonArguments, isSmoke: Bool = false) throws {
    let overrides = try Project.overrides(arguments.set)
    let folder = common.folder.standardizedFileURL
    let chosen = try RecipeLocator.recipe(
      chosen: arguments.recipe.map { [$0] } ?? [], listing: arguments.recipe == nil ? Project.recipeFiles(in: folder) : [])
    let file = URL(filePath: CommonArguments.literal(chosen), relativeTo: folder).standardizedFileURL
    root = Project.root(ofRecipe: file.path, asked: common.directory == nil ? nil : folder.path)
    let rootFolder = URL(filePath: root.folder, directoryHint: .isDirectory)
    recipePath = Project.path(of: file, in: rootFolder)
    try RecipeFileProblem.refuse(recipePath, at: file, spelled: recipePath + ": ")
    consent = try ProjectConsent(in: rootFolder)
    let meant = try Project.read(file, path: recipePath, overrides: overrides)
    guard isSmoke else {
      recipe = meant
      plan = try Project.plan(meant, in: rootFolder, consent.consent)
      return
    }
    let version = try Override(parsing: "version=" + SmokeVersion.of(meant.version))
    recipe = try Project.read(file, path: recipePath, overrides: overrides + [version])
    plan = try Project.plan(recipe, in: rootFolder, consent.consent).asSmoke
  }

  /// For commands whose recipe is an option, and not what they are given.
  init(option recipe: String?, set: [String] = [], _ common: CommonArguments) throws {
    var chosen = RecipeArguments()
    chosen.recipe = recipe
    chosen.set = set
    do {
      try self.init(chosen, common)
    } catch LocationError.several(let paths) {
      throw SeveralRecipes(paths: paths)
    }
  }

  /// What the recipe at a path relative to the root means: `soul.lock` names recipes so.
  static func plan(ofLocked path: String, in rootFolder: URL) throws -> Plan {
    let file = URL(filePath: path, relativeTo: rootFolder)
    try RecipeFileProblem.refuse(path, at: file, spelled: path + ": ")
    // The file of retractions travels in git, not with the data.
    let consent = try ProjectConsent(in: rootFolder).consent.withoutFile
    return try plan(try read(file, path: path, overrides: []), in: rootFolder, consent)
  }

  private static func plan(_ recipe: Recipe, in rootFolder: URL, _ consent: Consent) throws -> Plan {
    try Planner.plan(recipe, consent: consent) { path in
      let file = URL(filePath: path, relativeTo: rootFolder)
      try RecipeFileProblem.refuse(path, at: file, spelled: "")  // The planner says which, and where it is asked for.
      return try read(file, path: path, overrides: [])
    }
  }

  /// The root alone, for commands that look at the store and need no recipe.
  static func rootFolder(_ common: CommonArguments) -> URL {
    let folder = common.folder.standardizedFileURL
    let root = root(ofRecipe: folder.appending(path: "soul.yaml").path, asked: common.directory == nil ? nil : folder.path)
    return URL(filePath: root.folder, directoryHint: .isDirectory)
  }

  private static func overrides(_ texts: [String]) throws(InvalidRecipe) -> [Override] {
    var failures: [RecipeError] = []
    var overrides: [Override] = []
    for text in texts {
      do { overrides.append(try Override(parsing: text)) } catch { failures.append(error) }
    }
    guard failures.isEmpty else { throw InvalidRecipe(failures) }
    return overrides
  }

  private static func read(_ file: URL, path: String, overrides: [Override]) throws -> Recipe {
    try Recipe(parsing: try Data(contentsOf: file), path: path, overrides: overrides)
  }

  /// What a folder offers as recipes: itself and its `recipes/`.
  private static func recipeFiles(in folder: URL) throws -> [String] {
    let manager = FileManager.default
    let own = try manager.contentsOfDirectory(atPath: folder.path)
    guard own.contains("recipes") else { return own }
    let recipes = folder.appending(path: "recipes").path
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: recipes, isDirectory: &isFolder), isFolder.boolValue else { return own }
    return own + (try manager.contentsOfDirectory(atPath: recipes).map { "recipes/" + $0 })
  }

  private static func root(ofRecipe path: String, asked: String?) -> RecipeLocator.Root {
    var markers: [String: Set<RecipeLocator.Marker>] = [:]
    for folder in RecipeLocator.ancestors(ofRecipe: path) {
      markers[folder] = Set(
        RecipeLocator.Marker.allCases.filter { marker in
          FileManager.default.fileExists(atPath: (folder as NSString).appendingPathComponent(marker.rawValue))
        })
    }
    return RecipeLocator.root(asked: asked, recipe: path, markers: markers)
  }

  /// Relative to the root where the file is inside it.
  static func path(of file: URL, in root: URL) -> String {
    let prefix = root.standardizedFileURL.path.hasSuffix("/") ? root.standardizedFileURL.path : root.standardizedFileURL.path + "/"
    return file.path.hasPrefix(prefix) ? String(file.path.dropFirst(prefix.count)) : file.path
  }
}

/// Several recipes, where one is chosen by `--recipe`.
struct SeveralRecipes: ExplainedError {
  let paths: [String]

  var message: String { LocationError.several(paths).message }
  var hint: String? { paths.first.map { "name one: --recipe \($0.asShellWord)" } }
}

/// What was named as a recipe is not a file.
struct RecipeFileProblem: ExplainedError {
  let message: String
  let hint: String?

  static func refuse(_ path: String, at file: URL, spelled prefix: String) throws(RecipeFileProblem) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) else {
      let hint = "a recipe is found from the folder where you are, or from that of -C; one that is a base, from the root"
      throw RecipeFileProblem(message: prefix + "there is no such file", hint: hint)
    }
    guard isFolder.boolValue else { return }
    throw RecipeFileProblem(message: prefix + "a folder, where a recipe is asked for", hint: "name the file in it, or work there: -C \(path)")
  }
}
