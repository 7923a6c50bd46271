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

  let database: StoreDatabase

  /// The actions that gave this object: several where different inputs led to the same bytes.
  package func derivations(of output: Digest) throws -> [Derivation] {
    try derivations("SELECT DISTINCT key FROM action_output WHERE digest = ? ORDER BY key", output)
  }

  /// The actions that took this object as an input.
  package func uses(of input: Digest) throws -> [Derivation] {
    try derivations("SELECT DISTINCT key FROM action_input WHERE digest = ? ORDER BY key", input)
  }

  /// The snapshots that hold this object.
  package func holders(of object: Digest) throws -> [Digest] {
    try digests("SELECT holder AS digest FROM member WHERE digest = ? ORDER BY holder", object)
  }

  /// Everything that the object was made of, through any number of actions, and the files of the snapshots on the way; sorted, without
  /// the object itself.
  package func ancestors(of object: Digest) throws -> [Digest] {
    try digests(
      """
      WITH RECURSIVE ancestor (digest) AS (
        VALUES (?1)
        UNION SELECT i.digest FROM ancestor JOIN action_output o ON o.digest = ancestor.digest JOIN action_input i ON i.key = o.key
        UNION SELECT member.digest FROM ancestor JOIN member ON member.holder = ancestor.digest)
      SELECT digest FROM ancestor WHERE digest <> ?1 ORDER BY digest
      """, object)
  }

  /// Everything that was made of the object: the snapshots that hold it and what came out of actions that took one or the other; sorted,
  /// without the object itself.
  package func descendants(of object: Digest) throws -> [Digest] {
    try digests(
      """
      WITH RECURSIVE descendant (digest) AS (
        VALUES (?1)
        UNION SELECT o.digest FROM descendant JOIN action_input i ON i.digest = descendant.digest JOIN action_output o ON o.key = i.key
        UNION SELECT member.holder FROM descendant JOIN member ON member.digest = descendant.digest)
      SELECT digest FROM descendant WHERE digest <> ?1 ORDER BY digest
      """, object)
  }

  private func digests(_ sql: String, _ object: Digest) throws -> [Digest] {
    try database.read { database in
      try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [object.blob]).map { try Digest(column: $0["digest"]) }
    }
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
