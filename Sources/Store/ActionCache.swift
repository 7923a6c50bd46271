package import Artifacts
internal import GRDB

/// One action that was done.
package struct ActionEntry: Hashable, Sendable {
  package let key: Digest
  package let kind: String
  /// The object whose digest, by the runner's rule, makes the key.
  package let preimage: Digest
  package let inputs: [String: Digest]
  package let outputs: [String: Digest]
  package let seconds: Double

  package init(key: Digest, kind: String, preimage: Digest, inputs: [String: Digest], outputs: [String: Digest], seconds: Double) {
    self.key = key
    self.kind = kind
    self.preimage = preimage
    self.inputs = inputs
    self.outputs = outputs
    self.seconds = seconds
  }
}

/// What each action gave, by its key. An entry counts only while everything that it gave is in the store.
package struct ActionCache<Access: StoreAccess>: Sendable {
  let stored: StoredBytes
  let database: StoreDatabase

  /// The entry for `key`, unless one of its outputs, or a file of a snapshot among them, is no longer there. Sizes are looked at, bytes are not.
  package func lookup(_ key: Digest) throws -> ActionEntry? {
    try database.read { database in
      guard let entry = try ActionEntry.find(key, in: database), try firstMissing(of: key, in: database) == nil else { return nil }
      return entry
    }
  }

  /// The first object that the outputs of `key` need and that is not in the store.
  private func firstMissing(of key: Digest, in database: Database) throws -> Digest? {
    var presence = Presence(stored, database)
    var seen: Set<Digest> = []
    var waiting = Array(try namedDigests(of: key, table: .outputs, in: database).values)
    while !waiting.isEmpty {
      waiting = Array(Set(waiting).subtracting(seen)).sorted()
      seen.formUnion(waiting)
      if let missing = try presence.firstMissing(of: waiting) { return missing }
      waiting = try waiting.flatMap { try Holdings.members(of: $0, stored, in: database) }
    }
    return nil
  }
}

extension ActionCache where Access == Writing {
  /// Remembers what an action gave, replacing what its key gave before. Throws `StoreError.objectMissing`, and remembers nothing, where an
  /// output was not put first.
  package func record(_ entry: ActionEntry) throws {
    try database.write { database in
      try entry.insert(in: database)
      if let missing = try firstMissing(of: entry.key, in: database) { throw StoreError.objectMissing(missing) }
    }
  }
}

extension ActionEntry {
  static func find(_ key: Digest, in database: Database) throws -> ActionEntry? {
    let statement = try database.cachedStatement(sql: "SELECT kind, preimage, seconds FROM action WHERE key = ?")
    guard let row = try Row.fetchOne(statement, arguments: [key.blob]) else { return nil }
    return ActionEntry(
      key: key, kind: row["kind"], preimage: try Digest(column: row["preimage"]),
      inputs: try namedDigests(of: key, table: .inputs, in: database),
      outputs: try namedDigests(of: key, table: .outputs, in: database), seconds: row["seconds"])
  }

  fileprivate func insert(in database: Database) throws {
    for table in NamedDigests.allCases {
      try database.cachedStatement(sql: "DELETE FROM \(table.rawValue) WHERE key = ?").execute(arguments: [key.blob])
    }
    try database.cachedStatement(sql: "INSERT OR REPLACE INTO action (key, kind, preimage, seconds) VALUES (?, ?, ?, ?)")
      .execute(arguments: [key.blob, kind, preimage.blob, seconds])
    for (table, digests) in [(NamedDigests.inputs, inputs), (.outputs, outputs)] {
      let statement = try database.cachedStatement(sql: "INSERT INTO \(table.rawValue) (key, name, digest) VALUES (?, ?, ?)")
      for (name, digest) in digests { try statement.execute(arguments: [key.blob, name, digest.blob]) }
    }
  }
}

/// The two tables that give an action's digests by name.
enum NamedDigests: String, CaseIterable {
  case inputs = "action_input"
  case outputs = "action_output"
}

func namedDigests(of key: Digest, table: NamedDigests, in database: Database) throws -> [String: Digest] {
  let statement = try database.cachedStatement(sql: "SELECT name, digest FROM \(table.rawValue) WHERE key = ?")
  var digests: [String: Digest] = [:]
  let rows = try Row.fetchCursor(statement, arguments: [key.blob])
  while let row = try rows.next() { digests[row["name"]] = try Digest(column: row["digest"]) }
  return digests
}
