package import Artifacts
internal import GRDB

/// Looking over everything that was done in a store, whichever build did it: for what must be found wherever it is.
extension ActionCache {
  /// Every action of a kind that was done, by its key. Some of what it gave may be gone from the store since.
  package func all(ofKind kind: String) throws -> [ActionEntry] {
    try database.read { database in
      let keys = try Row.fetchAll(database.cachedStatement(sql: "SELECT key FROM action WHERE kind = ? ORDER BY key"), arguments: [kind])
      return try keys.compactMap { try ActionEntry.find(try Digest(column: $0["key"]), in: database) }
    }
  }
}

extension BuildHistory {
  /// A name that an action had in a recipe.
  package struct ActionName: Hashable, Sendable {
    /// From its root; of a folder that was curated without a recipe, the folder's path. Nil where the build did not say.
    package let recipe: String?
    package let action: String
  }

  /// What the action of this key was called, in every recipe that had it.
  package func names(ofKey key: Digest) throws -> [ActionName] {
    try database.read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT DISTINCT recipe, action FROM build_action JOIN build ON build.id = build_action.build WHERE key = ? ORDER BY recipe, action
          """)
      return try Row.fetchAll(statement, arguments: [key.blob]).map { ActionName(recipe: $0["recipe"], action: $0["action"]) }
    }
  }

  /// Every key that the action of this name had in builds of the recipe.
  package func keys(of action: String, recipe: String) throws -> [Digest] {
    try database.read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT DISTINCT key FROM build_action JOIN build ON build.id = build_action.build WHERE action = ? AND recipe = ? ORDER BY key
          """)
      return try Row.fetchAll(statement, arguments: [action, recipe]).map { try Digest(column: $0["key"]) }
    }
  }
}

extension ObjectStore {
  /// Every object that there is, by its digest.
  package func digests() throws -> [Digest] {
    try database.read { database in
      try Row.fetchAll(database, sql: "SELECT digest FROM object ORDER BY digest").map { try Digest(column: $0["digest"]) }
    }
  }
}
