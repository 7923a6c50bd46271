internal import Artifacts
internal import Foundation
internal import GRDB
internal import Glibc

/// The SQLite database of a store: its schema, and errors as `StoreError`.
///
/// WAL, so that readers never wait for the writer, with `synchronous = FULL`, so that what was committed survives a power cut
/// (https://www.sqlite.org/pragma.html#pragma_synchronous).
struct StoreDatabase: Sendable {
  static let version = migrations.count
  /// The four letters `soul`, by which file(1) and we know our database.
  private static let applicationID = 0x736F_756C

  let path: String
  private let pool: DatabasePool

  /// Opens, makes or brings up to date. A database of a newer soulpack is refused before anything in it changes.
  static func writing(at path: String) throws -> StoreDatabase {
    try mapping(path) {
      if isHalfMade(path) { try rollBack(path) }
      let exists = FileStatus(at: path, followingLinks: true).map { $0.byteCount > 0 } ?? false
      let found = exists ? try foundVersion(at: path) : 0
      guard found <= version else { throw StoreError.newer(path: path, found: found, supported: version) }
      let pool = try DatabasePool(path: path, configuration: patient())
      // GRDB sets NORMAL when it opens. What is deleted is overwritten with zeros (https://www.sqlite.org/pragma.html#pragma_secure_delete).
      // Rows of digests lie all over a table: a page that changes in each of several versions is carried from the log into the table once, after 16 MiB.
      try pool.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4096")
      }
      try pool.write { try migrate($0, from: found) }
      return StoreDatabase(path: path, pool: pool)
    }
  }

  /// Whoever opens a WAL database first, or closes it last, has it for itself for a moment
  /// (https://www.sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode):
  /// others wait. The writer lock, which is waited for elsewhere, does not keep readers and those who are only opening it apart.
  private static func patient(readOnly: Bool = false) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(30)
    return configuration
  }

  static func reading(at path: String) throws -> StoreDatabase {
    try mapping(path) {
      guard !isHalfMade(path) else { throw StoreError.older(path: path, found: 0, supported: version) }
      let found = try foundVersion(at: path)
      guard found <= version else { throw StoreError.newer(path: path, found: found, supported: version) }
      guard found == version else { throw StoreError.older(path: path, found: found, supported: version) }
      return StoreDatabase(path: path, pool: try DatabasePool(path: readingName(path), configuration: patient(readOnly: true)))
    }
  }

  /// SQLite cannot read a WAL database without its `-wal` file where it may not make one, unless it is told that nobody writes
  /// (https://www.sqlite.org/wal.html#readonly). Nobody does: a writer would have made that file.
  private static func readingName(_ path: String) -> String {
    guard FileStatus(at: path + "-wal", followingLinks: false) == nil, access((path as NSString).deletingLastPathComponent, W_OK) != 0,
      let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
    else { return path }
    return "file:\(escaped)?immutable=1"
  }

  /// What `body` reads is of one moment.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.mapping(path) { try pool.read(body) }
  }

  /// One transaction: all of it is committed and durable when this returns, or none of it. Writes of several threads run one after another.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try Self.mapping(path) { try pool.write(body) }
  }

  /// Moves everything out of the write-ahead log and empties it, so that no deleted byte is left there. False where a reader, here or in
  /// another process, still needs it.
  func emptyLog() throws -> Bool {
    try Self.mapping(path) {
      try pool.writeWithoutTransaction { database in
        // One row: whether it was blocked, and two counts (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
        try Int.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
      }
    }
  }

  /// Gives back the space of what was deleted.
  func shrink() throws { try Self.mapping(path) { try pool.vacuum() } }

  func close() throws { try Self.mapping(path) { try pool.close() } }

  /// A rollback journal exists only until a new database is in WAL mode: whoever made it was killed there. SQLite cannot look into such a
  /// database without writing to it (SQLITE_READONLY_ROLLBACK, https://www.sqlite.org/rescode.html#readonly_rollback).
  private static func isHalfMade(_ path: String) -> Bool { FileStatus(at: path + "-journal", followingLinks: false) != nil }

  private static func rollBack(_ path: String) throws {
    _ = try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
  }

  /// 0 for a database whose making was cut short.
  private static func foundVersion(at path: String) throws -> Int {
    return try DatabaseQueue(path: readingName(path), configuration: patient(readOnly: true)).read { database in
      let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
      let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
      guard application == applicationID || (application == 0 && version == 0) else { throw StoreError.notAStore(path: path) }
      return version
    }
  }

  private static func migrate(_ database: Database, from found: Int) throws {
    for (index, migration) in migrations.enumerated().dropFirst(found) {
      try database.execute(sql: migration)
      try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(index + 1)")
    }
  }

  private static func mapping<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      let reason = error.message ?? error.resultCode.description
      throw StoreError.database(path: path, code: error.extendedResultCode.rawValue, reason: reason)
    }
  }

  /// Each brings a database from version n to n + 1. One that was released never changes.
  private static let migrations = [
    """
    CREATE TABLE object (
      digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
      byte_count INTEGER NOT NULL,
      bytes BLOB  -- NULL: loose, under objects/
    ) STRICT;

    -- Taken out on purpose: what names them is not damaged.
    CREATE TABLE removed (digest BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;

    -- Objects that name others: a snapshot and its files.
    CREATE TABLE member (
      holder BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (holder, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX member_by_digest ON member (digest);

    CREATE TABLE action (
      key BLOB PRIMARY KEY NOT NULL, kind TEXT NOT NULL, preimage BLOB NOT NULL, seconds REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE action_input (
      key BLOB NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (key, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX action_input_by_digest ON action_input (digest);
    CREATE TABLE action_output (
      key BLOB NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (key, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX action_output_by_digest ON action_output (digest);

    CREATE TABLE build (id INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL, goal TEXT NOT NULL) STRICT;
    CREATE TABLE build_action (
      build INTEGER NOT NULL, action TEXT NOT NULL, key BLOB NOT NULL, preimage BLOB NOT NULL, outcome TEXT NOT NULL,
      seconds REAL NOT NULL, PRIMARY KEY (build, action)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX build_action_by_action ON build_action (action, build);

    CREATE TABLE file_status (
      path TEXT PRIMARY KEY NOT NULL, byte_count INTEGER NOT NULL, modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
      device INTEGER NOT NULL, inode INTEGER NOT NULL, scanned_ns INTEGER NOT NULL, digest BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- The last line of the log that a writer saw durable: a log that does not hold it was shortened or changed.
    CREATE TABLE log_head (
      id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, digest BLOB NOT NULL
    ) STRICT;
    """,
    """
    -- The recipe's path from its root: names of actions repeat from recipe to recipe. NULL in builds from before this column.
    ALTER TABLE build ADD COLUMN recipe TEXT;
    -- Whether values of the recipe were set for this build only.
    ALTER TABLE build ADD COLUMN is_trial INTEGER NOT NULL DEFAULT 0 CHECK (is_trial IN (0, 1));
    """,
    """
    -- Packs: where an object is, is said apart from the bytes of small ones.
    ALTER TABLE object RENAME TO inline_object;
    CREATE TABLE object (
      digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
      byte_count INTEGER NOT NULL,
      form INTEGER NOT NULL,  -- 0 in inline_object, 1 a file under objects/, 2 in a pack, 3 in chunks, which are objects
      pack INTEGER NOT NULL,
      place INTEGER NOT NULL,  -- where in the pack it begins
      list BLOB,  -- the object that lists the chunks
      is_named INTEGER NOT NULL  -- 0: only a part of another object
    ) STRICT, WITHOUT ROWID;
    INSERT INTO object SELECT digest, byte_count, bytes IS NULL, 0, 0, NULL, 1 FROM inline_object ORDER BY digest;
    DELETE FROM inline_object WHERE bytes IS NULL;
    CREATE INDEX object_in_chunks ON object (digest) WHERE form = 3;
    CREATE TABLE pack (id INTEGER PRIMARY KEY NOT NULL, byte_count INTEGER NOT NULL) STRICT;

    -- Bytes whose rows are gone and that are still to be destroyed: by the next writer, where this one is killed.
    CREATE TABLE doomed (
      digest BLOB NOT NULL, form INTEGER NOT NULL, pack INTEGER NOT NULL, place INTEGER NOT NULL, byte_count INTEGER NOT NULL
    ) STRICT;

    -- How often objects were taken out: while it stands still, what was seen to be there is there.
    CREATE TABLE removal (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
    INSERT INTO removal VALUES (1, 0);

    -- Holders of so many objects that these are listed in an object, 32 bytes each, and not in rows of member.
    CREATE TABLE holder (digest BLOB PRIMARY KEY NOT NULL, list BLOB NOT NULL) STRICT, WITHOUT ROWID;

    -- The states in which a folder was taken in, in their order.
    CREATE TABLE version (
      id INTEGER PRIMARY KEY AUTOINCREMENT, folder TEXT NOT NULL, digest BLOB NOT NULL, taken_ns INTEGER NOT NULL,
      is_kept INTEGER NOT NULL CHECK (is_kept IN (0, 1))  -- 1: asked for by name, not only on the way of a build
    ) STRICT;
    CREATE INDEX version_by_folder ON version (folder, id);

    -- What steps remember of what they computed: places in files of memo/.
    CREATE TABLE memo (
      key BLOB PRIMARY KEY NOT NULL, file INTEGER NOT NULL, place INTEGER NOT NULL, byte_count INTEGER NOT NULL,
      checksum INTEGER NOT NULL, used_day INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Statuses of files are kept in index/ now: what is forgotten here costs one reading.
    DROP TABLE file_status;
    """,
  ]
}

extension Digest {
  /// As a column holds it.
  var blob: Data { Data(bytes) }

  /// A column that does not hold a digest was damaged.
  init(column: Data?) throws {
    guard let digest = column.flatMap({ Digest(bytes: $0) }) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a column does not hold a digest")
    }
    self = digest
  }
}
