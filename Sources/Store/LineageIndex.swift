package import Artifacts
internal import GRDB

/// What was made of what. Read from what the action cache recorded and from what snapshots hold: there is no second truth to keep in step.
package struct LineageIndex: Sendable {
  /// One action, seen as an edge: its outputs were made of its inputs.
  package struct Derivation: Hashable, Sendable {
    package let key: Digest
    package let kind: String
    package let inputs: [String: Digest]
    package let outputs: [String: Digest]
  }

  let stored: StoredBytes
  let database: StoreDatabase

  /// The actions that gave this object: several where different inputs led to the same bytes.
  package func derivations(of output: Digest) throws -> [Derivation] {
    try derivations("SELECT DISTINCT key FROM action_output WHERE digest = ? ORDER BY key", output)
  }

  /// The actions that took this object as an input.
  package func uses(of input: Digest) throws -> [Derivation] {
    try derivations("SELECT DISTINCT key FROM action_input WHERE digest = ? ORDER BY key", input)
  }

  /// The objects that hold this one: snapshots, and what else names its parts. Sorted.
  package func holders(of object: Digest) throws -> [Digest] {
    try database.read { try Holdings.holders(of: [object], stored, in: $0) }
  }

  /// Everything that the object was made of, through any number of actions, and the files of the snapshots on the way; sorted, without
  /// the object itself.
  package func ancestors(of object: Digest) throws -> [Digest] {
    try reached(from: object) { found, database in
      try made("SELECT i.digest FROM action_output o JOIN action_input i ON i.key = o.key WHERE o.digest = ?1", found, database)
        + found.flatMap { try Holdings.members(of: $0, stored, in: database) }
    }
  }

  /// Everything that was made of the object: the snapshots that hold it and what came out of actions that took one or the other; sorted,
  /// without the object itself.
  package func descendants(of object: Digest) throws -> [Digest] {
    try reached(from: object) { found, database in
      try made("SELECT o.digest FROM action_input i JOIN action_output o ON o.key = i.key WHERE i.digest = ?1", found, database)
        + Holdings.holders(of: found, stored, in: database)
    }
  }

  /// Step by step: `onward` gives what is next to all that the last step found.
  private func reached(from object: Digest, onward: (Set<Digest>, Database) throws -> [Digest]) throws -> [Digest] {
    try database.read { database in
      var seen: Set<Digest> = [object]
      var found = seen
      while !found.isEmpty {
        found = Set(try onward(found, database)).subtracting(seen)
        seen.formUnion(found)
      }
      return seen.subtracting([object]).sorted()
    }
  }

  private func made(_ sql: String, _ objects: Set<Digest>, _ database: Database) throws -> [Digest] {
    let statement = try RawStatement(sql, in: database)
    var digests: [Digest] = []
    for object in objects {
      statement.bind(object, at: 1)
      while try statement.step() { digests += try statement.digest(0).map { [$0] } ?? [] }
      statement.reset()
    }
    return digests
  }

  private func derivations(_ sql: String, _ object: Digest) throws -> [Derivation] {
    try database.read { database in
      let keys = try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [object.blob]).map { try Digest(column: $0["key"]) }
      return try keys.compactMap { key in
        try ActionEntry.find(key, in: database).map {
          Derivation(key: key, kind: $0.kind, inputs: $0.inputs, outputs: $0.outputs)
        }
      }
    }
  }
}
