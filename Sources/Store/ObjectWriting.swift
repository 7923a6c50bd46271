package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// Putting objects: staged first, so that the bytes are durable, and named by a row after.
extension ObjectStore where Access == Writing {
  package func put(_ bytes: Data) throws -> Digest { try put([bytes])[0] }

  /// Many small objects in one transaction.
  package func put(_ contents: [Data]) throws -> [Digest] {
    let staged = try contents.map(stage)
    try commit(staged)
    return staged.map(\.digest)
  }

  /// Copies the file while hashing it; no pipe is waited for, and memory stays bounded. Throws `StoreError.changedWhileRead` where somebody
  /// wrote to it meanwhile.
  package func put(fileAt file: URL) throws -> Digest {
    let staged = try stage(try OpenFile(file.path, O_RDONLY | O_NONBLOCK, operation: "read")).object
    try commit([staged])
    return staged.digest
  }

  /// Takes objects out, for erasure, collection and repair. What needed them counts as not done. The rows go first: killed in between, a
  /// file without a row is left, which is never seen. Not to be called while another task puts.
  package func remove(_ digests: [Digest]) throws {
    try database.write { database in
      for digest in digests {
        try database.cachedStatement(sql: "DELETE FROM object WHERE digest = ?").execute(arguments: [digest.blob])
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO removed (digest) VALUES (?)").execute(arguments: [digest.blob])
      }
    }
    for digest in digests where unlink(layout.loose(digest)) != 0 && errno != ENOENT {
      throw StoreError.system(operation: "remove", path: layout.loose(digest), code: errno)
    }
  }

  func stage(_ bytes: Data) throws -> StagedObject {
    let digest = Digest(hashing: bytes)
    guard bytes.count > inlineByteLimit else { return .inline(digest, bytes) }
    if try !isIntact(digest) {
      try writeLoose { file in
        try bytes.withUnsafeBytes { try file.write($0, calls: calls) }
        return digest
      }
    }
    return .loose(digest, byteCount: Int64(bytes.count))
  }

  /// Also gives the status that holds for the bytes that were read. With `expecting`, other bytes are `StoreError.objectChanged`, and nothing
  /// of them is kept.
  func stage(_ source: borrowing OpenFile, expecting expected: Digest? = nil) throws -> (object: StagedObject, status: FileStatus) {
    let before = try source.status()
    guard before.kind == .regular else { throw StoreError.notAFile(path: source.path) }
    let object = before.byteCount <= inlineByteLimit ? try stageSmall(source) : try stageLarge(source, before, expecting: expected)
    if let expected, object.digest != expected { throw StoreError.objectChanged(expected, place: source.path) }
    guard try source.status() == before, object.byteCount == before.byteCount else {
      throw StoreError.changedWhileRead(path: source.path)
    }
    return (object, before)
  }

  private func stageSmall(_ source: borrowing OpenFile) throws -> StagedObject {
    let bytes = try source.read(atMost: inlineByteLimit + 1)
    return .inline(Digest(hashing: bytes), bytes)
  }

  private func stageLarge(_ source: borrowing OpenFile, _ status: FileStatus, expecting expected: Digest?) throws -> StagedObject {
    let digest = try writeLoose { file in
      let (digest, byteCount) = try file.copyHashing(from: source, calls: calls)
      if let expected, digest != expected { throw StoreError.objectChanged(expected, place: source.path) }
      guard byteCount == status.byteCount else { throw StoreError.changedWhileRead(path: source.path) }
      return digest
    }
    return .loose(digest, byteCount: status.byteCount)
  }

  /// Lets `fill` write a new file in tmp/, and moves it to the place of the digest that it gives.
  @discardableResult
  private func writeLoose(_ fill: (borrowing OpenFile) throws -> Digest) throws -> Digest {
    let written = layout.newTemporary()
    do {
      let file = try OpenFile(written, O_RDWR | O_CREAT | O_EXCL, mode: 0o444, operation: "write")
      let digest = try fill(file)
      try install(file, as: digest)
      return digest
    } catch {
      unlink(written)  // Best effort: the next writer empties tmp/ in any case.
      throw error
    }
  }

  /// Replaces what is there: the same bytes, or damaged ones.
  private func install(_ file: borrowing OpenFile, as digest: Digest) throws {
    try file.synchronize(calls: calls)
    try makeFolder(layout.shard(of: digest))
    guard calls.rename(file.path, layout.loose(digest)) == 0 else {
      throw StoreError.system(operation: "write", path: layout.loose(digest), code: errno)
    }
  }

  private func isIntact(_ digest: Digest) throws -> Bool {
    do {
      try verify(digest)
      return true
    } catch StoreError.objectMissing, StoreError.objectChanged {
      return false
    }
  }

  /// Names staged objects, and does what else belongs to the same transaction.
  func commit(_ staged: [StagedObject], with more: (Database) throws -> Void = { _ in }) throws {
    try synchronizeShards(of: staged)
    try database.write { database in
      for object in staged { try insert(object, in: database) }
      try more(database)
    }
  }

  /// The names of loose objects, and of shards that may be new, are durable before a row names them.
  private func synchronizeShards(of staged: [StagedObject]) throws {
    let shards = Set(
      staged.compactMap { object -> String? in
        guard case .loose(let digest, _) = object else { return nil }
        return layout.shard(of: digest)
      })
    for shard in shards { try synchronizeFolder(shard, calls: calls) }
    if !shards.isEmpty { try synchronizeFolder(layout.objects, calls: calls) }
  }

  /// A row that is there keeps its place, unless its bytes were damaged.
  private func insert(_ object: StagedObject, in database: Database) throws {
    try database.cachedStatement(sql: "DELETE FROM removed WHERE digest = ?").execute(arguments: [object.digest.blob])
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO object (digest, byte_count, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO UPDATE
        SET byte_count = ?2, bytes = ?3 WHERE byte_count <> ?2 OR bytes IS NOT ?3
        """)
    switch object {
    case .inline(let digest, let bytes): try statement.execute(arguments: [digest.blob, bytes.count, bytes])
    case .loose(let digest, let byteCount): try statement.execute(arguments: [digest.blob, byteCount, nil])
    }
  }
}

/// The bytes of an object, durable or in memory, before a row names it.
enum StagedObject {
  case inline(Digest, Data)
  case loose(Digest, byteCount: Int64)

  var digest: Digest {
    switch self {
    case .inline(let digest, _), .loose(let digest, _): digest
    }
  }

  var byteCount: Int64 {
    switch self {
    case .inline(_, let bytes): Int64(bytes.count)
    case .loose(_, let byteCount): byteCount
    }
  }
}
