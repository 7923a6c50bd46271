package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// Objects up to this size that come alone lie in the database: a pack for each would be a file and two flushes for a few bytes.
package let inlineByteLimit = 16 * 1024

/// Bytes by their SHA-256. What comes out has been hashed again: a changed object is an error that names it, never an answer.
///
/// docs/store.md says where they lie. Begin with `put` and `get`; `withBatch` takes very many, and `open` reads parts of large ones.
package struct ObjectStore<Access: StoreAccess>: Sendable {
  let layout: StoreLayout
  let database: StoreDatabase
  let calls: DiskCalls
  let stored: StoredBytes

  init(layout: StoreLayout, database: StoreDatabase, shelf: PackShelf, calls: DiskCalls) {
    self.layout = layout
    self.database = database
    self.calls = calls
    stored = StoredBytes(layout: layout, database: database, shelf: shelf)
  }

  /// True where the object is there in its full size. Its bytes are not read.
  package func contains(_ digest: Digest) throws -> Bool { try byteCount(of: digest) != nil }

  /// Nil where the object is not there.
  package func byteCount(of digest: Digest) throws -> Int64? {
    try database.read { database in
      guard let row = try ObjectRow.find(digest, in: database) else { return nil }
      var presence = Presence(stored, database)
      return try presence.isThere(row) ? row.byteCount : nil
    }
  }

  /// Those of `digests` that are not there, in their order.
  package func missing(_ digests: [Digest]) throws -> [Digest] {
    try database.read { database in
      var presence = Presence(stored, database)
      let rows = try ObjectRow.find(any: digests, in: database)
      return zip(digests, zip(rows, try presence.areThere(rows))).compactMap { $1.1 && $1.0?.isNamed == true ? nil : $0 }
    }
  }

  /// How many objects there are, and their bytes.
  package func totals() throws -> (count: Int, byteCount: Int64) {
    try database.read { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT count(*) AS objects, coalesce(sum(byte_count), 0) AS bytes FROM object WHERE is_named")
      return (row?["objects"] ?? 0, row?["bytes"] ?? 0)
    }
  }

  package func get(_ digest: Digest) throws -> Data { try get([digest])[0] }

  /// The bytes of each, in the order asked. Meant for many small ones: the rows come from one transaction.
  package func get(_ digests: [Digest]) throws -> [Data] {
    try database.read { database in
      try zip(digests, try ObjectRow.find(any: digests, in: database)).map { digest, row in
        guard let row, row.isNamed else { throw StoreError.objectMissing(digest) }
        return try stored.bytes(of: row, in: database)
      }
    }
  }

  /// Writes the object's verified bytes to `target`, replacing what is there in one instant. With `durable` it outlives a power cut.
  package func export(_ digest: Digest, to target: URL, durable: Bool = true) throws {
    let written = target.path + ".\(UUID().uuidString.prefix(8)).partial"
    do {
      let file = try OpenFile(written, O_RDWR | O_CREAT | O_EXCL, operation: "write")
      try stored.stream(try row(digest)) { try file.write($0, calls: calls) }
      if durable { try file.synchronize(calls: calls) }
      guard calls.rename(written, target.path) == 0 else {
        throw StoreError.system(operation: "write", path: target.path, code: errno)
      }
    } catch {
      unlink(written)  // Best effort: the error at hand says more than that this failed too.
      throw error
    }
    if durable { try synchronizeFolder(target.deletingLastPathComponent().path, calls: calls) }
  }

  /// Throws unless the object is there and its bytes, all of them together, have its digest.
  package func verify(_ digest: Digest) throws { try verify(try row(digest)) }

  func verify(_ row: ObjectRow) throws {
    var hasher = SHA256()
    try stored.stream(row) { hasher.update($0) }
    guard hasher.finalize() == row.digest else { throw StoreError.objectChanged(row.digest, place: layout.database) }
  }

  func row(_ digest: Digest) throws -> ObjectRow {
    guard let row = try database.read({ try ObjectRow.find(digest, in: $0) }) else { throw StoreError.objectMissing(digest) }
    return row
  }
}
