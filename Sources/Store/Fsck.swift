package import Artifacts
internal import Foundation
internal import GRDB

/// Proves a store: every object hashed again, everything that a row names there, the log's chain whole. What is wrong is data; only what
/// keeps the check from going on is an error.
package enum Fsck {
  package enum Problem: Hashable, Sendable {
    /// SQLite's own check, in its words.
    case database(String)
    case objectChanged(Digest)
    case objectMissing(Digest)
    /// An object that could not be read.
    case objectUnreadable(Digest, reason: String)
    /// An output of an action is not in the store: the action will run again.
    case outputMissing(key: Digest, name: String, Digest)
    /// A snapshot names an object that is not in the store.
    case memberMissing(snapshot: Digest, Digest)
    case log(LogProblem)

    package var message: String {
      switch self {
      case .database(let reason): "the database is damaged: \(reason)"
      case .objectChanged(let digest): "object \(digest) was changed"
      case .objectMissing(let digest): "object \(digest) is missing"
      case .objectUnreadable(let digest, let reason): "object \(digest) cannot be read: \(reason)"
      case .outputMissing(let key, let name, let digest): "output \"\(name)\" of action \(key), object \(digest), is missing"
      case .memberMissing(let snapshot, let digest): "object \(digest) of snapshot \(snapshot) is missing"
      case .log(let problem): problem.message
      }
    }
  }

  package struct Report: Hashable, Sendable {
    package var problems: [Problem] = []
    package var objectCount: Int64 = 0
    package var byteCount: Int64 = 0
    package var logLineCount = 0
    /// A torn last line of the log, which the next writer mends.
    package var tornLogByteCount = 0
    /// Files in objects/ that no row names: what a crash leaves between a rename and a commit, or what a running build has not committed.
    package var orphanCount = 0
    /// Objects that were taken out on purpose, and not made anew since: what names them is not damaged.
    package var removedCount: Int64 = 0
    /// What lies in tmp/ and work/: a running build's, or leftovers that the next writer removes.
    package var leftoverCount = 0

    package init() {}

    package var isSound: Bool { problems.isEmpty }

    /// The objects that must go so that the store is whole again.
    package var damagedObjects: [Digest] {
      problems.compactMap { problem in
        switch problem {
        case .objectChanged(let digest), .objectMissing(let digest), .objectUnreadable(let digest, _): digest
        default: nil
        }
      }
    }
  }
}

extension OpenStore {
  /// Checks everything. `pinned` is the head of the log as its user last saw it, and `progress` is told of objects done.
  package func fsck(pinned: LogHead? = nil, progress: (StepProgress) -> Void = { _ in }) throws -> Fsck.Report {
    var report = Fsck.Report()
    report.problems += try checkDatabase()
    try checkObjects(into: &report, progress: progress)
    report.problems += try missingOutputs() + missingMembers()
    let log = try log.verify(pinned: pinned)
    report.problems += log.problems.map(Fsck.Problem.log)
    report.logLineCount = log.lineCount
    report.tornLogByteCount = log.tornByteCount
    report.orphanCount = try orphans().count
    report.removedCount = try database.read { try Int64.fetchOne($0, sql: "SELECT count(*) FROM removed") ?? 0 }
    report.leftoverCount = try layout.contents(of: layout.temporary).count + layout.contents(of: layout.work).count
    return report
  }

  private func checkDatabase() throws -> [Fsck.Problem] {
    let lines = try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
    return lines == ["ok"] ? [] : lines.map(Fsck.Problem.database)
  }

  /// Each object in a read of its own: a check of hours does not hold one moment of the database open.
  private func checkObjects(into report: inout Fsck.Report, progress: (StepProgress) -> Void) throws {
    let total = Int64(try objects.totals().count)
    var last: Digest?
    while let row = try nextObject(after: last) {
      report.problems += problem(with: row.digest).map { [$0] } ?? []
      report.objectCount += 1
      report.byteCount += row.byteCount
      progress(StepProgress(done: report.objectCount, total: total, unit: "objects"))
      last = row.digest
    }
  }

  private func nextObject(after digest: Digest?) throws -> (digest: Digest, byteCount: Int64)? {
    try database.read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT digest, byte_count FROM object WHERE digest > ? ORDER BY digest LIMIT 1")
      let row = try Row.fetchOne(statement, arguments: [digest?.blob ?? Data()])
      return try row.map { (try Digest(column: $0["digest"]), $0["byte_count"]) }
    }
  }

  private func problem(with digest: Digest) -> Fsck.Problem? {
    do {
      try objects.verify(digest)
      return nil
    } catch StoreError.objectMissing {
      return .objectMissing(digest)
    } catch StoreError.objectChanged {
      return .objectChanged(digest)
    } catch {
      return .objectUnreadable(digest, reason: (error as? any ExplainedError)?.message ?? "\(error)")
    }
  }

  /// Gone without having been removed.
  private static var isLost: String { "digest NOT IN (SELECT digest FROM object) AND digest NOT IN (SELECT digest FROM removed)" }

  private func missingOutputs() throws -> [Fsck.Problem] {
    try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT key, name, digest FROM action_output WHERE \(Self.isLost) ORDER BY key, name"
      ).map { .outputMissing(key: try Digest(column: $0["key"]), name: $0["name"], try Digest(column: $0["digest"])) }
    }
  }

  /// Of snapshots that are themselves there: one that was removed names nothing.
  private func missingMembers() throws -> [Fsck.Problem] {
    try database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT holder, digest FROM member WHERE holder IN (SELECT digest FROM object)
          AND \(Self.isLost) ORDER BY holder, digest
          """
      ).map { .memberMissing(snapshot: try Digest(column: $0["holder"]), try Digest(column: $0["digest"])) }
    }
  }

  private func orphans() throws -> [String] {
    var orphans: [String] = []
    for shard in try layout.contents(of: layout.objects) {
      for name in try layout.contents(of: layout.objects + "/" + shard) where try !isNamed(shard + name) {
        orphans.append(layout.objects + "/" + shard + "/" + name)
      }
    }
    return orphans
  }

  private func isNamed(_ digits: String) throws -> Bool {
    guard let digest = Digest(digits) else { return false }
    return try database.read { try ObjectRow.find(digest, in: $0)?.isLoose } ?? false
  }
}

extension OpenStore where Access == Writing {
  /// Takes out what a report found damaged, so that the next build makes it anew, and files that no row names. A damaged database or log
  /// is left as it is: there, the way out is to delete the store.
  package func repair(_ report: Fsck.Report) throws {
    try objects.remove(report.damagedObjects)
    for orphan in try orphans() { try removeTree(orphan) }
  }
}
