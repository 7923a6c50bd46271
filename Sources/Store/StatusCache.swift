internal import Artifacts
internal import GRDB

/// What a file's digest was when its status was last seen, so that a scan reads only what may have changed.
///
/// A file whose time lies within two seconds before the scan that recorded it, or after it, may have been changed again within one tick
/// of the file system's clock: such a row is not believed ("racy git": git's Documentation/technical/racy-git). Two seconds is the
/// coarsest clock in use (FAT). The time of change is compared too, so that setting the time of modification back hides nothing.
struct StatusCache: Sendable {
  static let racyNanoseconds: Int64 = 2_000_000_000

  let database: StoreDatabase

  /// What is believed of each file, in their order; nil where the file must be read.
  func digests(of files: [FoundFile]) throws -> [Digest?] {
    try database.read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT digest FROM file_status WHERE path = ? AND byte_count = ? AND modified_ns = ? AND changed_ns = ? AND device = ?
          AND inode = ? AND max(modified_ns, changed_ns) < scanned_ns - \(Self.racyNanoseconds)
          """)
      return try files.map { file in
        let arguments = StatementArguments([file.place]) + file.status.columns
        return try Row.fetchOne(statement, arguments: arguments).map { try Digest(column: $0["digest"]) }
      }
    }
  }

  /// Remembers what was read by a scan that began at `scannedNanoseconds`.
  static func record(_ file: FoundFile, _ digest: Digest, scannedNanoseconds: Int64, in database: Database) throws {
    let statement = try database.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO file_status (path, byte_count, modified_ns, changed_ns, device, inode, scanned_ns, digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: StatementArguments([file.place]) + file.status.columns + [scannedNanoseconds, digest.blob])
  }
}

extension FileStatus {
  /// In the order of the columns. Device and inode are opaque 64 bits.
  fileprivate var columns: StatementArguments {
    [byteCount, modifiedNanoseconds, changedNanoseconds, Int64(bitPattern: device), Int64(bitPattern: inode)]
  }
}
