package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc

/// What steps remember of what they computed: values by keys, some MiB each at most. A cache and nothing else: any value may be gone the next
/// time, a damaged one is not given, and no result depends on it.
///
/// The values of one call lie one after another in a file of memo/, so that many come back at the speed of memory. They are not flushed: a
/// value that a power cut tore does not have its checksum.
package struct Memo<Access: StoreAccess>: Sendable {
  let layout: StoreLayout
  let database: StoreDatabase
  let shelf: PackShelf
  let calls: DiskCalls

  fileprivate struct Entry {
    let file, place, byteCount, checksum, usedDay: Int64
  }

  /// The value of each key, in the order asked; nil where there is none.
  fileprivate func values(_ keys: [Digest]) throws -> [(value: Data, entry: Entry)?] {
    try zip(keys, try entries(keys)).map { key, entry in
      guard let entry, let bytes = try shelf.read(Int(entry.byteCount), at: entry.place, ofPack: entry.file) else { return nil }
      let checksum = bytes.withUnsafeBytes { Checksum.of($0, seed: key) }
      return checksum == entry.checksum ? (bytes, entry) : nil
    }
  }

  private func entries(_ keys: [Digest]) throws -> [Entry?] {
    try database.read { database in
      let statement = try RawStatement("SELECT file, place, byte_count, checksum, used_day FROM memo WHERE key = ?1", in: database)
      return try keys.map { key in
        statement.bind(key, at: 1)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return Entry(
          file: statement.integer(0), place: statement.integer(1), byteCount: statement.integer(2), checksum: statement.integer(3),
          usedDay: statement.integer(4))
      }
    }
  }

  static var today: Int64 { Int64(time(nil)) / 86_400 }
}

extension Memo where Access == Reading {
  /// The value of each key, in the order asked; nil where there is none.
  package func lookup(_ keys: [Digest]) throws -> [Data?] { try values(keys).map { $0?.value } }
}

extension Memo where Access == Writing {
  /// The value of each key, in the order asked; nil where there is none. Notes, once a day, that they were of use.
  package func lookup(_ keys: [Digest]) throws -> [Data?] {
    let found = try values(keys)
    let today = Self.today
    let stale = zip(keys, found).filter { $0.1.map { $0.entry.usedDay != today } ?? false }.map(\.0)
    if !stale.isEmpty {
      try database.write { database in
        let statement = try RawStatement("UPDATE memo SET used_day = ?2 WHERE key = ?1", in: database)
        for key in stale {
          statement.bind(key, at: 1)
          statement.bind(today, at: 2)
          try statement.run()
        }
      }
    }
    return found.map { $0?.value }
  }

  /// Remembers values, each in the place of what its key had. A file of which nothing is left is given back.
  package func keep(_ values: [(key: Digest, value: Data)]) throws {
    guard !values.isEmpty else { return }
    var emptied: [Int64] = []
    let file = try PackWriter(in: layout.memo, layout: layout, calls: calls)
    let places = try values.map { try $0.value.withUnsafeBytes { try file.append($0) } }
    try file.place()
    do {
      try database.write { database in
        let replaced = try files(of: values.map(\.key), in: database)
        let statement = try RawStatement("INSERT OR REPLACE INTO memo VALUES (?1, ?2, ?3, ?4, ?5, ?6)", in: database)
        for ((key, value), place) in zip(values, places) {
          statement.bind(key, at: 1)
          statement.bind(file.id, at: 2)
          statement.bind(place, at: 3)
          statement.bind(Int64(value.count), at: 4)
          statement.bind(value.withUnsafeBytes { Checksum.of($0, seed: key) }, at: 5)
          statement.bind(Self.today, at: 6)
          try statement.run()
        }
        emptied = try replaced.filter { try isEmpty($0, in: database) }
      }
    } catch {
      file.discard()
      throw error
    }
    // Best effort: no row names it any more, and `collect` takes what is left.
    for file in emptied { unlink(shelf.path(file)) }
  }

  private func files(of keys: [Digest], in database: Database) throws -> Set<Int64> {
    let statement = try RawStatement("SELECT file FROM memo WHERE key = ?1", in: database)
    var files: Set<Int64> = []
    for key in keys {
      statement.bind(key, at: 1)
      if try statement.step() { files.insert(statement.integer(0)) }
      statement.reset()
    }
    return files
  }

  private func isEmpty(_ file: Int64, in database: Database) throws -> Bool {
    let statement = try RawStatement("SELECT 1 FROM memo WHERE file = ?1 LIMIT 1", in: database)
    statement.bind(file, at: 1)
    return try !statement.step()
  }

  /// Forgets every value, and destroys its bytes: for erasure, since nobody knows what a step remembered.
  package func removeAll() throws {
    try database.write { try $0.execute(sql: "DELETE FROM memo") }
    shelf.closeAll()
    for name in try layout.contents(of: layout.memo) { try Eraser(layout: layout, calls: calls).destroyFile(layout.memo + "/" + name) }
  }

  /// Forgets what was not used since `day`, and gives back the space of that and of what was replaced. Gives the bytes that are free now.
  @discardableResult
  func collect(unusedSince day: Int64) throws -> Int64 {
    try database.write { try $0.execute(sql: "DELETE FROM memo WHERE used_day < ?", arguments: [day]) }
    let used = try database.read { try Row.fetchAll($0, sql: "SELECT file, sum(byte_count) AS bytes FROM memo GROUP BY file") }
    let live = Dictionary(uniqueKeysWithValues: used.map { ($0["file"] as Int64, $0["bytes"] as Int64) })
    shelf.closeAll()
    var freed: Int64 = 0
    for name in try layout.contents(of: layout.memo) {
      let path = layout.memo + "/" + name
      guard StoreLayout.id(name).map({ live[$0] == nil }) ?? true else { continue }
      freed += FileStatus(at: path, followingLinks: false)?.byteCount ?? 0
      try removeTree(path)
    }
    return freed
  }
}
