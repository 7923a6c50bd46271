package import Artifacts
internal import Foundation
internal import GRDB

/// Giving back the space of what nothing needs any more.
package enum GarbageCollection {
  /// What a collection takes, or took.
  package struct Report: Hashable, Sendable {
    /// Objects that nothing reaches, and their bytes.
    package var objectCount = 0
    package var byteCount: Int64 = 0
    /// Packs that hold nothing, and files that no row names.
    package var fileCount = 0
    /// Of what steps remembered.
    package var memoByteCount: Int64 = 0
    /// What is left.
    package var keptCount = 0

    package init() {}
  }

  /// A value of the memo that nobody asked for in so many days goes.
  package static let memoDays: Int64 = 30
  /// So many builds are looked back at.
  package static let buildCount = 20
}

extension OpenStore {
  /// What would go. Reached, and so kept, is: `pinned` (what a lock names), what the last builds made and took, every version of a folder that
  /// was asked for by name, what any of these were made of, and what any of these hold.
  package func collectable(pinned: Set<Digest>) throws -> GarbageCollection.Report {
    try database.read { database in
      let doomed = try unreached(pinned: pinned, in: database)
      return try report(doomed, in: database)
    }
  }

  private func report(_ doomed: [Digest], in database: Database) throws -> GarbageCollection.Report {
    var report = GarbageCollection.Report()
    report.objectCount = doomed.count
    report.byteCount = try ObjectRow.find(any: doomed, in: database).reduce(0) { $0 + ($1?.byteCount ?? 0) }
    report.keptCount = (try Int.fetchOne(database, sql: "SELECT count(*) FROM object WHERE is_named") ?? 0) - doomed.count
    return report
  }

  fileprivate func unreached(pinned: Set<Digest>, in database: Database) throws -> [Digest] {
    let live = try reached(from: pinned.union(roots(in: database)), in: database)
    return try Row.fetchAll(database, sql: "SELECT digest FROM object WHERE is_named ORDER BY digest").compactMap { row in
      let digest = try Digest(column: row["digest"])
      return live.contains(digest) ? nil : digest
    }
  }

  private func roots(in database: Database) throws -> Set<Digest> {
    let builds = "SELECT id FROM build ORDER BY id DESC LIMIT \(GarbageCollection.buildCount)"
    let sql = """
      SELECT preimage AS digest FROM build_action WHERE build IN (\(builds))
      UNION SELECT digest FROM action_output WHERE key IN (SELECT key FROM build_action WHERE build IN (\(builds)))
      UNION SELECT digest FROM action_input WHERE key IN (SELECT key FROM build_action WHERE build IN (\(builds)))
      UNION SELECT digest FROM version WHERE is_kept
      """
    return Set(try Row.fetchAll(database, sql: sql).map { try Digest(column: $0["digest"]) })
  }

  /// Backwards through what things were made of, with the documents that say how, and down to what they hold.
  private func reached(from roots: Set<Digest>, in database: Database) throws -> Set<Digest> {
    let made = try RawStatement("SELECT key FROM action_output WHERE digest = ?1", in: database)
    let inputs = try RawStatement(
      "SELECT digest FROM action_input WHERE key = ?1 UNION SELECT digest FROM action_output WHERE key = ?1 UNION SELECT preimage FROM action WHERE key = ?1",
      in: database)
    var seen: Set<Digest> = []
    var keys: Set<Digest> = []
    var waiting = Array(roots)
    while let digest = waiting.popLast() {
      guard seen.insert(digest).inserted else { continue }
      waiting += try Holdings.members(of: digest, objects.stored, in: database)
      for key in try made.digests(of: digest) where keys.insert(key).inserted { waiting += try inputs.digests(of: key) }
    }
    return seen
  }
}

extension RawStatement {
  /// The first column of every row for one digest.
  fileprivate func digests(of digest: Digest) throws -> [Digest] {
    bind(digest, at: 1)
    defer { reset() }
    var digests: [Digest] = []
    while try step() { digests += try self.digest(0).map { [$0] } ?? [] }
    return digests
  }
}

extension OpenStore where Access == Writing {
  /// Takes out what nothing reaches, with the actions whose outputs go, and gives back space: in packs by holes, empty packs whole. Killed
  /// at any moment, the next collection finishes it. Not to be called while another task puts.
  package func collect(pinned: Set<Digest>) throws -> GarbageCollection.Report {
    var taken = try database.write { database in
      let doomed = try unreached(pinned: pinned, in: database)
      let taken = try report(doomed, in: database)
      let going = Set(doomed)
      let lists = try Holdings.lists(in: database).filter { going.contains($0.holder) }.map(\.list)
      try forgetActions(thatGave: doomed, in: database)
      for digest in doomed {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO removed (digest) VALUES (?)").execute(arguments: [digest.blob])
      }
      try objects.doom(doomed + lists, evenParts: false, in: database)
      try database.execute(sql: "DELETE FROM doomed WHERE form <> 1")  // The holes below are made by what is left, not by what went.
      return taken
    }
    try objects.finishRemoval()
    taken.fileCount = try releasePacks() + removeOrphans()
    taken.memoByteCount = try memo.collect(unusedSince: Memo<Writing>.today - GarbageCollection.memoDays)
    try shrink()
    return taken
  }

  /// What gave a collected object would otherwise be looked up for nothing for ever.
  private func forgetActions(thatGave doomed: [Digest], in database: Database) throws {
    let statement = try RawStatement("SELECT key FROM action_output WHERE digest = ?1", in: database)
    var keys: Set<Digest> = []
    for digest in doomed { keys.formUnion(try statement.digests(of: digest)) }
    for key in keys {
      for table in ["action", "action_input", "action_output"] {
        try database.cachedStatement(sql: "DELETE FROM \(table) WHERE key = ?").execute(arguments: [key.blob])
      }
    }
    for digest in doomed {
      try database.cachedStatement(sql: "DELETE FROM member WHERE holder = ?").execute(arguments: [digest.blob])
      try database.cachedStatement(sql: "DELETE FROM holder WHERE digest = ?").execute(arguments: [digest.blob])
      try database.cachedStatement(sql: "DELETE FROM version WHERE digest = ?").execute(arguments: [digest.blob])
    }
  }

  /// Packs of which nothing is left, and holes in the others. The rows say what is left, so that doing it twice does no harm.
  private func releasePacks() throws -> Int {
    objects.stored.shelf.closeAll()
    var count = 0
    for pack in try database.read({ try Row.fetchAll($0, sql: "SELECT id, byte_count FROM pack") }) {
      let (id, byteCount): (Int64, Int64) = (pack["id"], pack["byte_count"])
      let live = try database.read { database in
        try Row.fetchAll(database, sql: "SELECT place, byte_count FROM object WHERE form = 2 AND pack = ? ORDER BY place", arguments: [id]).map {
          ($0["place"] as Int64)..<(($0["place"] as Int64) + ($0["byte_count"] as Int64))
        }
      }
      if live.isEmpty {
        try database.write { try $0.execute(sql: "DELETE FROM pack WHERE id = ?", arguments: [id]) }
        try removeTree(layout.pack(id))
        count += 1
      } else {
        try Eraser(layout: layout, calls: .system).release(gaps(between: live, upTo: byteCount), in: layout.pack(id))
      }
    }
    return count
  }

  /// The head of a pack stays.
  private func gaps(between live: [Range<Int64>], upTo end: Int64) -> [Range<Int64>] {
    var gaps: [Range<Int64>] = []
    var last = Int64(PackWriter.head.count)
    for range in live {
      if range.lowerBound > last { gaps.append(last..<range.lowerBound) }
      last = max(last, range.upperBound)
    }
    if end > last { gaps.append(last..<end) }
    return gaps
  }

  private func removeOrphans() throws -> Int {
    let orphans = try orphans()
    for orphan in orphans { try removeTree(orphan) }
    return orphans.count
  }

  /// Where a quarter of the database is free pages, and that is worth the copy.
  private func shrink() throws {
    let (free, all, size) = try database.read { database in
      (
        try Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0, try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 1,
        try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
      )
    }
    if free * size > 4 << 20, free * 4 > all { try database.shrink() }
  }
}
