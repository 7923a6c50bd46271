package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// Objects up to this size lie in the database, so that a hundred thousand small files do not become as many loose ones.
package let inlineByteLimit = 16 * 1024

/// Bytes by their SHA-256. What comes out has been hashed again: a changed object is an error that names it, never an answer.
package struct ObjectStore<Access: StoreAccess>: Sendable {
  let layout: StoreLayout
  let database: StoreDatabase
  let calls: DiskCalls

  /// True where the object is there in its full size. Its bytes are not read.
  package func contains(_ digest: Digest) throws -> Bool { try byteCount(of: digest) != nil }

  /// Nil where the object is not there.
  package func byteCount(of digest: Digest) throws -> Int64? {
    guard let row = try database.read({ try ObjectRow.find(digest, in: $0) }), row.isPresent(in: layout) else { return nil }
    return row.byteCount
  }

  /// How many objects there are, and their bytes.
  package func totals() throws -> (count: Int, byteCount: Int64) {
    try database.read { database in
      let row = try Row.fetchOne(database, sql: "SELECT count(*) AS objects, coalesce(sum(byte_count), 0) AS bytes FROM object")
      return (row?["objects"] ?? 0, row?["bytes"] ?? 0)
    }
  }

  package func get(_ digest: Digest) throws -> Data { try get([digest])[0] }

  /// The bytes of each, in the order asked. Meant for many small ones: the rows come from one transaction.
  package func get(_ digests: [Digest]) throws -> [Data] {
    let rows = try database.read { database in try digests.map { try ObjectRow.find($0, withBytes: true, in: database) } }
    return try zip(digests, rows).map { digest, row in
      guard let row else { throw StoreError.objectMissing(digest) }
      if let bytes = row.bytes { return try verified(bytes, digest, place: layout.database) }
      let bytes = try openLoose(digest).read(atMost: Int(row.byteCount))
      return try verified(bytes, digest, place: layout.loose(digest))
    }
  }

  /// Writes the object's verified bytes to `target`, replacing what is there in one instant. With `durable` it outlives a power cut.
  package func export(_ digest: Digest, to target: URL, durable: Bool = true) throws {
    let written = target.path + ".\(UUID().uuidString.prefix(8)).partial"
    do {
      let file = try OpenFile(written, O_RDWR | O_CREAT | O_EXCL, operation: "write")
      try copy(digest, to: file)
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

  /// Throws unless the object is there and its bytes have its digest.
  package func verify(_ digest: Digest) throws {
    guard let row = try database.read({ try ObjectRow.find(digest, withBytes: true, in: $0) }) else {
      throw StoreError.objectMissing(digest)
    }
    if let bytes = row.bytes {
      _ = try verified(bytes, digest, place: layout.database)
    } else {
      let found = try openLoose(digest).hash().digest
      guard found == digest else { throw StoreError.objectChanged(digest, place: layout.loose(digest)) }
    }
  }

  private func copy(_ digest: Digest, to file: borrowing OpenFile) throws {
    let row = try database.read { try ObjectRow.find(digest, withBytes: true, in: $0) }
    guard let row else { throw StoreError.objectMissing(digest) }
    if let bytes = row.bytes {
      try verified(bytes, digest, place: layout.database).withUnsafeBytes { try file.write($0, calls: calls) }
    } else {
      let found = try file.copyHashing(from: try openLoose(digest), calls: calls).digest
      guard found == digest else { throw StoreError.objectChanged(digest, place: layout.loose(digest)) }
    }
  }

  private func verified(_ bytes: Data, _ digest: Digest, place: String) throws -> Data {
    guard Digest(hashing: bytes) == digest else { throw StoreError.objectChanged(digest, place: place) }
    return bytes
  }

  private func openLoose(_ digest: Digest) throws -> OpenFile {
    do {
      return try OpenFile(layout.loose(digest), O_RDONLY | O_NOFOLLOW)
    } catch StoreError.system(_, _, ENOENT) {
      throw StoreError.objectMissing(digest)
    }
  }
}

/// What the database knows of one object.
struct ObjectRow {
  let digest: Digest
  let byteCount: Int64
  let isLoose: Bool
  /// Nil for loose objects, and where the bytes were not asked for.
  let bytes: Data?

  static func find(_ digest: Digest, withBytes: Bool = false, in database: Database) throws -> ObjectRow? {
    let statement = try database.cachedStatement(
      sql: "SELECT byte_count, bytes IS NULL AS loose\(withBytes ? ", bytes" : "") FROM object WHERE digest = ?")
    guard let row = try Row.fetchOne(statement, arguments: [digest.blob]) else { return nil }
    return ObjectRow(digest: digest, byteCount: row["byte_count"], isLoose: row["loose"], bytes: withBytes ? row["bytes"] : nil)
  }

  func isPresent(in layout: StoreLayout) -> Bool {
    guard isLoose else { return true }
    let status = FileStatus(at: layout.loose(digest), followingLinks: false)
    return status?.kind == .regular && status?.byteCount == byteCount
  }
}
