package import Artifacts
package import Foundation
internal import GRDB

/// A build, by its place in the order of builds of this store.
package struct BuildID: Hashable, Sendable, Comparable {
  package let number: Int64
  package static func < (left: BuildID, right: BuildID) -> Bool { left.number < right.number }
}

package struct BuildEntry: Hashable, Sendable {
  package let id: BuildID
  /// RFC 3339, UTC.
  package let started: String
  package let goal: String
  /// The recipe's path from its root; nil where the build did not say.
  package let recipe: String?
  /// Whether values of the recipe were set for this build only: what it did is not what the recipe means.
  package let isTrial: Bool
}

/// One action in one build.
package struct BuildAction: Hashable, Sendable {
  package enum Outcome: String, Sendable {
    case reused, ran, failed
  }

  package let build: BuildID
  package let action: String
  package let key: Digest
  /// The object that says what the key is made of.
  package let preimage: Digest
  package let outcome: Outcome
  package let seconds: Double

  package init(build: BuildID, action: String, key: Digest, preimage: Digest, outcome: Outcome, seconds: Double) {
    self.build = build
    self.action = action
    self.key = key
    self.preimage = preimage
    self.outcome = outcome
    self.seconds = seconds
  }
}

/// Which key each action had in each build, so that a later one can say why something ran again.
package struct BuildHistory<Access: StoreAccess>: Sendable {
  let database: StoreDatabase

  /// The last builds, the newest first.
  package func last(_ count: Int) throws -> [BuildEntry] {
    try database.read { database in
      let statement = try database.cachedStatement(sql: "SELECT id, started, goal, recipe, is_trial FROM build ORDER BY id DESC LIMIT ?")
      return try Row.fetchAll(statement, arguments: [count]).map {
        BuildEntry(id: BuildID(number: $0["id"]), started: $0["started"], goal: $0["goal"], recipe: $0["recipe"], isTrial: $0["is_trial"])
      }
    }
  }

  /// What happened to the action of this name in the last builds of the recipe that had it, the newest first. Trials are left out, and so
  /// are builds that gave the action the key `otherThan`.
  package func history(of action: String, recipe: String, otherThan key: Digest? = nil, last count: Int) throws -> [BuildAction] {
    try actions(
      """
      SELECT build_action.* FROM build_action JOIN build ON build.id = build_action.build
      WHERE action = :action AND recipe = :recipe AND NOT is_trial AND (:key IS NULL OR key <> :key) ORDER BY build DESC LIMIT :count
      """, ["action": action, "recipe": recipe, "key": key?.blob, "count": count])
  }

  /// What happened in one build, by the names of actions.
  package func actions(in build: BuildID) throws -> [BuildAction] {
    try actions("SELECT * FROM build_action WHERE build = ? ORDER BY action", [build.number])
  }

  private func actions(_ sql: String, _ arguments: StatementArguments) throws -> [BuildAction] {
    try database.read { database in
      try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments).map(BuildAction.init(row:))
    }
  }
}

extension BuildHistory where Access == Writing {
  /// `recipe` is its path from its root; a trial is a build with values set for it only.
  package func begin(goal: String, recipe: String? = nil, isTrial: Bool = false, at time: Date) throws -> BuildID {
    try database.write { database in
      try database.cachedStatement(sql: "INSERT INTO build (started, goal, recipe, is_trial) VALUES (?, ?, ?, ?)")
        .execute(arguments: [time.formatted(.iso8601), goal, recipe, isTrial])
      return BuildID(number: database.lastInsertedRowID)
    }
  }

  /// Says what happened to an action. Saying it again replaces what was said.
  package func record(_ item: BuildAction) throws {
    try database.write { database in
      try database.cachedStatement(
        sql: "INSERT OR REPLACE INTO build_action (build, action, key, preimage, outcome, seconds) VALUES (?, ?, ?, ?, ?, ?)"
      ).execute(
        arguments: [item.build.number, item.action, item.key.blob, item.preimage.blob, item.outcome.rawValue, item.seconds])
    }
  }
}

extension BuildAction {
  fileprivate init(row: Row) throws {
    let name: String = row["outcome"]
    guard let outcome = Outcome(rawValue: name) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a column does not hold an outcome")
    }
    self.init(
      build: BuildID(number: row["build"]), action: row["action"], key: try Digest(column: row["key"]),
      preimage: try Digest(column: row["preimage"]), outcome: outcome, seconds: row["seconds"])
  }
}
