internal import Artifacts
package import Foundation
internal import GRDB
internal import Glibc

/// What happened, as lines that are only ever added, each holding the digest of the one before: nothing in the middle can be changed
/// without notice, and the head, kept in the database and noted in the user's own folder, guards the end.
///
/// A crash can leave half a line at the end. That is no tampering: it has no line feed, readers pass it over, and the next writer mends it.
package struct EventLog<Access: StoreAccess>: Sendable {
  let path: String
  let database: StoreDatabase
  let calls: DiskCalls

  /// Every whole line, in order. Throws `LogError.unreadable` at the first that is not ours; whether they are chained, `verify` says.
  package func entries() throws -> [LogEntry] {
    try LogBytes(at: path).lines.enumerated().map { index, line in
      guard let entry = LogEntry(line: line) else { throw LogError.unreadable(path: path, line: index + 1) }
      return entry
    }
  }

  /// Nil for a log without a line.
  package func head() throws -> LogHead? {
    guard let line = try LogBytes(at: path).lines.last else { return nil }
    guard let entry = LogEntry(line: line) else { throw LogError.unreadable(path: path, line: nil) }
    return LogHead(entry, line: line)
  }

  /// The head that the last writer saw durable. Lines may stand after it, where that writer was killed.
  func witnessedHead(in database: Database) throws -> LogHead? {
    let statement = try database.cachedStatement(sql: "SELECT sequence, digest FROM log_head")
    return try Row.fetchOne(statement).map { LogHead(sequence: $0["sequence"], digest: try Digest(column: $0["digest"])) }
  }
}

extension EventLog where Access == Writing {
  /// Adds a line, durable when this returns. Refuses a log that was shortened or changed: its evidence is not to be built over.
  @discardableResult
  package func append(_ event: String, at time: Date, _ details: [String: LogDetail] = [:]) throws -> LogHead {
    // The database's one writer at a time also orders the lines of several threads.
    try database.write { database in
      let file = try OpenFile(path, O_RDWR | O_CREAT, operation: "write")
      let tail = try LogTail(file)
      try requireWitness(in: database, tail: tail)
      let mended = try mend(tail, file, at: time)
      let head = try add(LogEntry(after: mended, time: time, event: event, details: details), to: file)
      try database.cachedStatement(sql: "INSERT OR REPLACE INTO log_head (id, sequence, digest) VALUES (1, ?, ?)")
        .execute(arguments: [head.sequence, head.digest.blob])
      return head
    }
  }

  /// Completes a last line that lacks only its line feed; cuts off half a line, and says so in the log.
  private func mend(_ tail: LogTail, _ file: borrowing OpenFile, at time: Date) throws -> LogHead? {
    guard !tail.torn.isEmpty else { return tail.head }
    if let completed = tail.completed {
      try write(Data("\n".utf8), to: file, at: tail.byteCount)
      return completed
    }
    try truncate(file, to: tail.byteCount - Int64(tail.torn.count))
    let note = LogEntry(after: tail.head, time: time, event: "log-mended", details: ["bytes-cut": .count(Int64(tail.torn.count))])
    return try add(note, to: file)
  }

  private func add(_ entry: LogEntry, to file: borrowing OpenFile) throws -> LogHead {
    let line = entry.line
    try write(line + Data("\n".utf8), to: file, at: try file.status().byteCount)
    return LogHead(entry, line: line)
  }

  /// Leaves nothing of a write that failed, so that a full disk does not tear the log.
  private func write(_ bytes: Data, to file: borrowing OpenFile, at offset: Int64) throws {
    do {
      lseek(file.descriptor, off_t(offset), SEEK_SET)
      try bytes.withUnsafeBytes { try file.write($0, calls: calls) }
      try file.synchronize(calls: calls)
    } catch {
      ftruncate(file.descriptor, off_t(offset))  // Best effort: what stays is a torn line, and the next writer mends it.
      throw error
    }
  }

  private func truncate(_ file: borrowing OpenFile, to byteCount: Int64) throws {
    guard ftruncate(file.descriptor, off_t(byteCount)) == 0 else {
      throw StoreError.system(operation: "shorten", path: path, code: errno)
    }
  }

  private func requireWitness(in database: Database, tail: LogTail) throws {
    guard let witnessed = try witnessedHead(in: database) else { return }
    guard let head = tail.completed ?? tail.head, head.sequence >= witnessed.sequence else {
      throw LogError.shortened(path: path, expected: witnessed, found: tail.head?.sequence ?? 0)
    }
    guard head.sequence > witnessed.sequence || head == witnessed else { throw LogError.changed(path: path, sequence: head.sequence) }
  }
}

/// The whole log as bytes: its lines, and what stands after the last line feed.
struct LogBytes {
  let lines: [Data]
  let torn: Data

  init(at path: String) throws {
    let bytes: Data
    do {
      // A pipe in the place of the log would keep a blocking open waiting for ever.
      let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
      bytes = try file.read(atMost: Int(try file.status().byteCount))
    } catch StoreError.system(_, _, ENOENT) {
      bytes = Data()  // No event yet.
    }
    var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Data($0) }
    torn = parts.popLast() ?? Data()
    lines = parts
  }
}

/// The end of the log, read from behind so that adding a line costs the same however long the log is.
struct LogTail {
  /// Of the last whole line; nil where there is none.
  let head: LogHead?
  let torn: Data
  let byteCount: Int64

  /// What the head would be with the line feed that the torn line lacks; nil where it lacks more.
  var completed: LogHead? { LogHead(completing: torn, after: head) }

  init(_ file: borrowing OpenFile) throws {
    byteCount = try file.status().byteCount
    var window: Int64 = 4096
    while true {
      let start = max(0, byteCount - window)
      lseek(file.descriptor, off_t(start), SEEK_SET)
      let bytes = try file.read(atMost: Int(byteCount - start))
      let parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      // The first part may be the end of a longer line, unless the window reaches the start of the file.
      if parts.count >= 3 || start == 0 {
        torn = parts.last.map { Data($0) } ?? Data()
        head = try parts.dropLast().last.map { try Self.head(Data($0), path: file.path) }
        return
      }
      window *= 2
    }
  }

  private static func head(_ line: Data, path: String) throws -> LogHead {
    guard let entry = LogEntry(line: line) else { throw LogError.unreadable(path: path, line: nil) }
    return LogHead(entry, line: line)
  }
}

/// A log that cannot be relied on.
package enum LogError: ExplainedError, Hashable {
  /// A line that is not ours. `line` counts from 1; nil is the last.
  case unreadable(path: String, line: Int?)
  /// Lines that a writer saw durable are gone.
  case shortened(path: String, expected: LogHead, found: Int64)
  /// The last line is not the one that a writer saw durable.
  case changed(path: String, sequence: Int64)

  package var message: String {
    switch self {
    case .unreadable(let path, .some(let line)): "\(path):\(line): not a line of an event log"
    case .unreadable(let path, nil): "\(path): the last line is not one of an event log"
    case .shortened(let path, let expected, let found): "\(path): the log ends at event \(found), and it had \(expected.sequence)"
    case .changed(let path, let sequence): "\(path): event \(sequence) was changed"
    }
  }

  package var hint: String? { "put the log back as it was, or delete the store's folder and build again" }
}
