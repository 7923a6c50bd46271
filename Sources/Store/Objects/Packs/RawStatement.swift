internal import Artifacts
internal import GRDB
internal import GRDBSQLite

/// A prepared statement for rows by the hundred thousand: GRDB boxes each value in an array first, which costs more than SQLite's own work.
///
/// To be used inside of a `read` or `write` only, where the connection is ours. Errors are GRDB's, so that one place maps them.
struct RawStatement: ~Copyable {
  private let handle: OpaquePointer

  init(_ sql: String, in database: Database) throws {
    guard let connection = database.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the database is closed") }
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v2(connection, sql, -1, &handle, nil)
    guard code == SQLITE_OK, let handle else { throw Self.failure(code, connection) }
    self.handle = handle
  }

  deinit { sqlite3_finalize(handle) }

  /// Places are counted from 1, as SQLite does. A binding fails for a place that is not there or without memory, and only so.
  func bind(_ digest: Digest, at place: Int32) {
    // SQLITE_TRANSIENT, a macro that Swift cannot import: SQLite copies the bytes before this returns (sqlite3_bind_blob).
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    let code = digest.withUnsafeBytes { sqlite3_bind_blob(handle, place, $0.baseAddress, Int32(Digest.byteCount), copied) }
    precondition(code == SQLITE_OK, "a digest could not be bound")
  }

  func bind(_ value: Int64, at place: Int32) { precondition(sqlite3_bind_int64(handle, place, value) == SQLITE_OK, "a number could not be bound") }

  func bindNull(at place: Int32) { precondition(sqlite3_bind_null(handle, place) == SQLITE_OK, "a null could not be bound") }

  /// True where a row is there to be read.
  func step() throws -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw Self.failure(code, sqlite3_db_handle(handle))
    }
  }

  /// Ready for the next values; what was bound stays until it is bound anew.
  func reset() { sqlite3_reset(handle) }

  /// One execution of a statement that gives no rows.
  func run() throws {
    _ = try step()
    reset()
  }

  /// Columns are counted from 0, as SQLite does.
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func digest(_ column: Int32) throws -> Digest? {
    guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
    guard sqlite3_column_bytes(handle, column) == Digest.byteCount, let bytes = sqlite3_column_blob(handle, column) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a column does not hold a digest")
    }
    return Digest(at: bytes)
  }

  private static func failure(_ code: Int32, _ connection: OpaquePointer?) -> DatabaseError {
    DatabaseError(resultCode: ResultCode(rawValue: code), message: connection.flatMap { String(validatingCString: sqlite3_errmsg($0)) })
  }
}
