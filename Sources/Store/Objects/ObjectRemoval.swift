package import Artifacts
internal import Foundation
internal import GRDB
internal import Glibc

/// Taking objects out, so that their bytes are nowhere in the store any more.
extension ObjectStore where Access == Writing {
  /// Takes objects out, for erasure, collection and repair, and destroys their bytes: in packs they are overwritten with zeros and their
  /// blocks given back, in the database SQLite overwrites them (secure_delete) and its log is emptied. Chunks that another object shares stay
  /// with that object. What needed a removed object counts as not done.
  ///
  /// Killed at any moment, the next writer finishes what was begun. Not to be called while another task puts. What a file system or a disk
  /// keeps of overwritten blocks (snapshots, copy on write, spare blocks of flash) is beyond any program's reach.
  package func remove(_ digests: [Digest]) throws { try remove(digests, evenParts: false) }

  /// With `evenParts`, also what is a part of another object: a damaged part must go, so that it is written anew.
  func remove(_ digests: [Digest], evenParts: Bool) throws {
    guard !digests.isEmpty else { return }
    try database.write { database in
      for digest in digests {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO removed (digest) VALUES (?)").execute(arguments: [digest.blob])
      }
      try doom(digests, evenParts: evenParts, in: database)
    }
    try finishRemoval()
  }

  /// Destroys the bytes of what was taken out. Does nothing where nothing is left to do.
  func finishRemoval() throws {
    let doomed = try database.read { try DoomedBytes.all(in: $0) }
    guard !doomed.isEmpty else { return }
    stored.shelf.closeAll()
    try Eraser(layout: layout, calls: calls).destroy(doomed)
    try emptyLog()
    try database.write { try $0.execute(sql: "DELETE FROM doomed") }
  }

  /// Leaves no deleted byte in the database's log. A reader that is at work needs a moment; one that stays is another process, and an error.
  func emptyLog() throws {
    for _ in 0..<100 {
      if try database.emptyLog() { return }
      usleep(20_000)
    }
    throw StoreError.logInUse(path: layout.path)
  }

  /// Deletes rows, and notes where the bytes are.
  func doom(_ digests: [Digest], evenParts: Bool, in database: Database) throws {
    try database.execute(sql: "UPDATE removal SET count = count + 1")
    let rows = try ObjectRow.find(any: digests, in: database).compactMap { $0 }
    let used = evenParts ? [] : try parts(of: try otherLists(than: Set(digests), in: database), in: database)
    var going: [Digest: ObjectRow] = [:]
    for row in rows {
      if used.contains(row.digest) {
        try database.cachedStatement(sql: "UPDATE object SET is_named = 0 WHERE digest = ?").execute(arguments: [row.digest.blob])
      } else {
        going[row.digest] = row
      }
    }
    for part in try orphanedParts(of: rows, used: used, in: database) { going[part.digest] = part }
    for row in going.values { try delete(row, in: database) }
  }

  /// Lists of what stays: of large objects, and of holders.
  private func otherLists(than digests: Set<Digest>, in database: Database) throws -> (chunks: [Digest], members: [Digest]) {
    let rows = try Row.fetchAll(database, sql: "SELECT digest, list FROM object WHERE form = 3")
    let chunks = try rows.compactMap { row in digests.contains(try Digest(column: row["digest"])) ? nil : try Digest(column: row["list"]) }
    return (chunks, try Holdings.lists(in: database).map(\.list))
  }

  private func parts(of lists: (chunks: [Digest], members: [Digest]), in database: Database) throws -> Set<Digest> {
    var parts = Set(lists.chunks + lists.members)
    for list in lists.chunks {
      do {
        parts.formUnion(try stored.chunkList(list, in: database).chunks.map(\.digest))
      } catch StoreError.objectMissing, StoreError.objectChanged {
        continue  // What it listed cannot be read in any case.
      }
    }
    return parts
  }

  private func orphanedParts(of rows: [ObjectRow], used: Set<Digest>, in database: Database) throws -> [ObjectRow] {
    let lists = rows.compactMap { row in if case .chunked(let list) = row.place { list } else { nil } }
    let parts = try parts(of: (lists, []), in: database).subtracting(used)
    return try ObjectRow.find(any: parts.sorted(), in: database).compactMap { row in row.flatMap { $0.isNamed ? nil : $0 } }
  }

  private func delete(_ row: ObjectRow, in database: Database) throws {
    let (form, pack, offset) = row.place.columns
    try database.cachedStatement(sql: "DELETE FROM object WHERE digest = ?").execute(arguments: [row.digest.blob])
    if row.place == .inline {
      try database.cachedStatement(sql: "DELETE FROM inline_object WHERE digest = ?").execute(arguments: [row.digest.blob])
    }
    try database.cachedStatement(sql: "INSERT INTO doomed (digest, form, pack, place, byte_count) VALUES (?, ?, ?, ?, ?)")
      .execute(arguments: [row.digest.blob, form, pack, offset, row.byteCount])
  }
}

/// Where bytes lie whose rows are gone.
struct DoomedBytes {
  enum Place { case loose(Digest), packed(pack: Int64, range: Range<Int64>) }

  let places: [Place]
  let isEmpty: Bool

  static func all(in database: Database) throws -> DoomedBytes {
    let rows = try Row.fetchAll(database, sql: "SELECT * FROM doomed ORDER BY pack, place")
    let places = try rows.compactMap { row -> Place? in
      switch row["form"] as Int64 {
      case 1: return .loose(try Digest(column: row["digest"]))
      case 2:
        let start: Int64 = row["place"]
        return .packed(pack: row["pack"], range: start..<(start + (row["byte_count"] as Int64)))
      default: return nil
      }
    }
    return DoomedBytes(places: places, isEmpty: rows.isEmpty)
  }
}
