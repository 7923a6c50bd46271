package import Artifacts
package import Foundation
internal import GRDB

/// One state of a folder that was taken in.
package struct FolderVersion: Hashable, Sendable {
  /// The folder, links resolved.
  package let folder: String
  /// The object that holds the listing.
  package let digest: Digest
  /// Nanoseconds since 1970.
  package let takenNanoseconds: Int64
  /// Asked for by name, and not only taken in on the way of a build: no collection takes it.
  package let isKept: Bool
}

/// Which states each folder was taken in, in their order: what `checkout` brings back.
package struct FolderVersions<Access: StoreAccess>: Sendable {
  let database: StoreDatabase

  /// The newest first. A digest stands once, where it was last seen.
  package func all(of folder: URL) throws -> [FolderVersion] {
    try database.read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT folder, digest, taken_ns, is_kept FROM version WHERE folder = ? ORDER BY id DESC",
        arguments: [FolderWalk.resolve(folder.path) ?? folder.path])
      var seen: Set<Digest> = []
      return try rows.map(FolderVersion.init(row:)).filter { seen.insert($0.digest).inserted }
    }
  }
}

extension FolderVersions where Access == Writing {
  /// Says that the folder has this state now. Seen again at once, it is the same version, which can only become one that is kept.
  func note(_ digest: Digest, of folder: String, isKept: Bool) throws {
    let last = try database.read { try Self.last(of: folder, in: $0)?.version }
    guard last?.digest != digest || isKept && last?.isKept == false else { return }
    try database.write { try Self.note(digest, of: folder, isKept: isKept, in: $0) }
  }

  /// The same, within a transaction.
  static func note(_ digest: Digest, of folder: String, isKept: Bool, in database: Database) throws {
    if let (last, id) = try last(of: folder, in: database), last.digest == digest {
      if isKept && !last.isKept { try database.execute(sql: "UPDATE version SET is_kept = 1 WHERE id = ?", arguments: [id]) }
      return
    }
    try database.execute(
      sql: "INSERT INTO version (folder, digest, taken_ns, is_kept) VALUES (?, ?, ?, ?)",
      arguments: [folder, digest.blob, FolderScanner.systemClock(), isKept])
  }

  private static func last(of folder: String, in database: Database) throws -> (version: FolderVersion, id: Int64)? {
    try Row.fetchOne(
      database, sql: "SELECT folder, digest, taken_ns, is_kept, id FROM version WHERE folder = ? ORDER BY id DESC LIMIT 1", arguments: [folder]
    ).map { (try FolderVersion(row: $0), $0["id"]) }
  }
}

extension FolderVersion {
  fileprivate init(row: Row) throws {
    self.init(folder: row["folder"], digest: try Digest(column: row["digest"]), takenNanoseconds: row["taken_ns"], isKept: row["is_kept"])
  }
}
