package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc

/// Putting objects: the bytes first, durable, and then the rows that name them.
extension ObjectStore where Access == Writing {
  package func put(_ bytes: Data) throws -> Digest { try put([bytes])[0] }

  /// Any number of objects of any size, all or none of them.
  package func put(_ contents: [Data]) throws -> [Digest] { try withBatch { batch in try contents.map { try batch.add($0) } } }

  /// An object that holds others, all of which must be there: the first that is not is thrown as `StoreError.objectMissing`.
  package func put(_ bytes: Data, holding members: [Digest]) throws -> Digest { try withBatch { try $0.add(bytes, holding: members) } }

  /// Copies the file while hashing it; no pipe is waited for, and memory stays bounded. Throws `StoreError.changedWhileRead` where somebody
  /// wrote to it meanwhile.
  package func put(fileAt file: URL) throws -> Digest {
    try withBatch { try $0.add(try OpenFile(file.path, O_RDONLY | O_NONBLOCK, operation: "read")).digest }
  }

  /// Lets `body` add objects, and commits them when it returns: all are durable and can be read, or, where anything was thrown, none is. Any
  /// number of batches and puts may run at the same time, each batch on one thread. Without `isReadSoon`, much is written past the page cache.
  package func withBatch<Result>(isReadSoon: Bool = true, _ body: (ObjectBatch) throws -> Result) throws -> Result {
    try withBatch(isReadSoon: isReadSoon, body) { _, _ in }
  }

  /// The same; `more` is part of the transaction.
  func withBatch<Result>(
    isReadSoon: Bool, _ body: (ObjectBatch) throws -> Result, committing more: (Result, Database) throws -> Void
  ) throws -> Result {
    let batch = ObjectBatch(stored, calls: calls, isReadSoon: isReadSoon)
    let result = try body(batch)
    try commit([batch]) { try more(result, $0) }
    return result
  }

  /// Makes what batches wrote durable, names it in one transaction, and does what else belongs to that.
  func commit(_ batches: [ObjectBatch], with more: (Database) throws -> Void = { _ in }) throws {
    for batch in batches { try batch.finish() }
    let packs = batches.flatMap(\.packs)
    do {
      for pack in packs { try pack.synchronize() }
      for pack in packs { try pack.place() }
      if !packs.isEmpty { try synchronizeFolder(layout.packs, calls: calls) }
      var loose: [Digest] = []
      try database.write { database in
        loose = try batches.flatMap { try replacedFiles(by: $0, in: database) }
        try insert(packs, in: database)
        for batch in batches { try insert(batch, in: database) }
        for batch in batches { try requireMembers(of: batch, in: database) }
        try more(database)
      }
      for digest in loose { unlink(layout.loose(digest)) }  // Best effort: an orphan does no harm, and `gc` takes it.
    } catch {
      for pack in packs { pack.discard() }
      throw error
    }
  }

  /// Objects in files of their own that are in a pack from now on.
  private func replacedFiles(by batch: ObjectBatch, in database: Database) throws -> [Digest] {
    let digests = batch.rows.filter(\.replaces).map(\.digest)
    return try ObjectRow.find(any: digests, in: database).compactMap { $0?.place == .loose ? $0?.digest : nil }
  }

  private func insert(_ packs: [PackWriter], in database: Database) throws {
    let statement = try database.cachedStatement(sql: "INSERT INTO pack (id, byte_count) VALUES (?, ?)")
    for pack in packs { try statement.execute(arguments: [pack.id, pack.byteCount]) }
  }

  /// A row that is there keeps its place, unless its bytes were damaged.
  private func insert(_ batch: ObjectBatch, in database: Database) throws {
    let columns = "INSERT INTO object (digest, byte_count, form, pack, place, list, is_named) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    let adding = try RawStatement(columns + " ON CONFLICT DO UPDATE SET is_named = 1 WHERE excluded.is_named AND NOT is_named", in: database)
    let replacing = try RawStatement(
      columns + " ON CONFLICT DO UPDATE SET byte_count = ?2, form = ?3, pack = ?4, place = ?5, list = ?6, is_named = max(is_named, ?7)",
      in: database)
    // In the order of digests: neighbours in the table are then written together.
    for row in batch.rows.sorted(by: { $0.digest < $1.digest }) {
      if row.replaces { try insert(row, with: replacing) } else { try insert(row, with: adding) }
    }
    for (row, bytes) in batch.inline {
      try insert(row, with: replacing)
      try database.cachedStatement(
        sql: "INSERT INTO inline_object (digest, byte_count, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET byte_count = ?2, bytes = ?3"
      ).execute(arguments: [row.digest.blob, row.byteCount, bytes])
    }
    let naming = try RawStatement("UPDATE object SET is_named = 1 WHERE digest = ?1 AND NOT is_named", in: database)
    for digest in batch.names {
      naming.bind(digest, at: 1)
      try naming.run()
    }
    try forgetRemoval(of: batch, in: database)
    for holding in batch.holdings { try Holdings.insert(holding, in: database) }
  }

  private func insert(_ row: ObjectBatch.NewRow, with statement: borrowing RawStatement) throws {
    let (form, pack, offset) = row.place.columns
    statement.bind(row.digest, at: 1)
    statement.bind(row.byteCount, at: 2)
    statement.bind(form, at: 3)
    statement.bind(pack, at: 4)
    statement.bind(offset, at: 5)
    if case .chunked(let list) = row.place { statement.bind(list, at: 6) } else { statement.bindNull(at: 6) }
    statement.bind(row.isNamed ? 1 : 0, at: 7)
    try statement.run()
  }

  /// What is put is no longer taken out. There are mostly no such rows.
  private func forgetRemoval(of batch: ObjectBatch, in database: Database) throws {
    guard try Row.fetchOne(database, sql: "SELECT 1 FROM removed LIMIT 1") != nil else { return }
    let statement = try RawStatement("DELETE FROM removed WHERE digest = ?1", in: database)
    for digest in batch.taken {
      statement.bind(digest, at: 1)
      try statement.run()
    }
  }

  private func requireMembers(of batch: ObjectBatch, in database: Database) throws {
    var presence = Presence(stored, database)
    for holding in batch.holdings where !holding.areKnown {
      let others = holding.members.filter { !batch.taken.contains($0) }
      if let missing = try presence.firstMissing(of: others) { throw StoreError.objectMissing(missing) }
    }
  }
}
