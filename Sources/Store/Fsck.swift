package import Artifacts
internal import Foundation
internal import GRDB

/// Proves a store: every object hashed again, everything that a row names there, the log's chain whole. What is wrong is data; only what
/// keeps the check from going on is an error.
package enum Fsck {
  package enum Problem: Hashable, Sendable {
    /// SQLite's own check, in its words.
    case database(String)
    /// A pack's file is gone, or shorter than it was: so many objects of it cannot be read.
    case packMissing(String, objects: Int)
    case packCutShort(String, objects: Int)
    case objectChanged(Digest)
    case objectMissing(Digest)
    /// An object that could not be read.
    case objectUnreadable(Digest, reason: String)
    /// An output of an action is not in the store: the action will run again.
    case outputMissing(key: Digest, name: String, Digest)
    /// A snapshot, or what else holds objects, names one that is not in the store.
    case memberMissing(holder: Digest, Digest)
    case log(LogProblem)

    package var message: String {
      switch self {
      case .database(let reason): "the database is damaged: \(reason)"
      case .packMissing(let name, let count): "pack \(name) is missing, and with it \(count) objects"
      case .packCutShort(let name, let count): "pack \(name) was cut short, and with it \(count) objects are lost"
      case .objectChanged(let digest): "object \(digest) was changed"
      case .objectMissing(let digest): "object \(digest) is missing"
      case .objectUnreadable(let digest, let reason): "object \(digest) cannot be read: \(reason)"
      case .outputMissing(let key, let name, let digest): "output \"\(name)\" of action \(key), object \(digest), is missing"
      case .memberMissing(let holder, let digest): "object \(digest) of \(holder) is missing"
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

    /// The objects that must go so that the store is whole again; parts of larger ones among them.
    package var damagedObjects: [Digest] = []

    package init() {}

    package var isSound: Bool { problems.isEmpty }

    /// A log or a database that is not what it was: no repair can tell what it said.
    package var isBeyondRepair: Bool {
      problems.contains {
        switch $0 {
        case .database, .log: true
        default: false
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

  /// In the order in which they lie, some in a read at a time: a check of hours does not hold one moment of the database open.
  private func checkObjects(into report: inout Fsck.Report, progress: (StepProgress) -> Void) throws {
    let digests = try database.read { database in
      try Row.fetchAll(database, sql: "SELECT digest FROM object ORDER BY pack, place, digest").map { try Digest(column: $0["digest"]) }
    }
    let total = Int64(try objects.totals().count)
    var lost = LostPacks(try database.read { database in try LostPacks.all(objects.stored, in: database) })
    for start in stride(from: 0, to: digests.count, by: 256) {
      let slice = digests[start..<min(start + 256, digests.count)]
      for row in try database.read({ try ObjectRow.find(any: slice, in: $0) }).compactMap({ $0 }) {
        try Task.checkCancellation()
        check(row, &lost, into: &report)
        guard row.isNamed else { continue }
        report.objectCount += 1
        report.byteCount += row.byteCount
        progress(StepProgress(done: report.objectCount, total: total, unit: "objects"))
      }
    }
    report.problems += lost.problems
  }

  private func check(_ row: ObjectRow, _ lost: inout LostPacks, into report: inout Fsck.Report) {
    guard let problem = problem(with: row) else { return }
    report.damagedObjects.append(row.digest)
    if !lost.explains(row) { report.problems.append(problem) }
  }

  private func problem(with row: ObjectRow) -> Fsck.Problem? {
    do {
      try objects.verify(row)
      return nil
    } catch StoreError.objectMissing {
      return .objectMissing(row.digest)
    } catch StoreError.objectChanged {
      return .objectChanged(row.digest)
    } catch {
      return .objectUnreadable(row.digest, reason: (error as? any ExplainedError)?.message ?? "\(error)")
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

  /// Of holders that are themselves there: one that was removed names nothing.
  private func missingMembers() throws -> [Fsck.Problem] {
    try database.read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT holder, digest FROM member WHERE holder IN (SELECT digest FROM object)
          AND \(Self.isLost) ORDER BY holder, digest
          """
      ).map { Fsck.Problem.memberMissing(holder: try Digest(column: $0["holder"]), try Digest(column: $0["digest"])) }
      return try rows + Holdings.lists(in: database).flatMap { try missingMembers(of: $0.holder, in: database) }
    }
  }

  /// Of a holder whose members are listed. A list that cannot be read is a problem of its own, and was found.
  private func missingMembers(of holder: Digest, in database: Database) throws -> [Fsck.Problem] {
    guard try !objects.stored.isLost(holder, in: database),
      let members = try? Holdings.members(of: holder, objects.stored, in: database)
    else { return [] }
    let removed = try RawStatement("SELECT 1 FROM removed WHERE digest = ?1", in: database)
    return try zip(members, try ObjectRow.find(any: members, in: database)).compactMap { member, row in
      guard row == nil else { return nil }
      removed.bind(member, at: 1)
      defer { removed.reset() }
      return try removed.step() ? nil : .memberMissing(holder: holder, member)
    }
  }

  func orphans() throws -> [String] {
    var orphans: [String] = []
    for shard in try layout.contents(of: layout.objects) {
      for name in try layout.contents(of: layout.objects + "/" + shard) where try !isNamed(shard + name) {
        orphans.append(layout.objects + "/" + shard + "/" + name)
      }
    }
    let packs = try database.read { try Int64.fetchSet($0, sql: "SELECT id FROM pack") }
    for name in try layout.contents(of: layout.packs) where StoreLayout.id(name).map({ !packs.contains($0) }) ?? true {
      orphans.append(layout.packs + "/" + name)
    }
    return orphans
  }

  private func isNamed(_ digits: String) throws -> Bool {
    guard let digest = Digest(digits) else { return false }
    return try database.read { try ObjectRow.find(any: digest, in: $0)?.place == .loose }
  }
}

extension OpenStore where Access == Writing {
  /// Takes out what a report found damaged, so that the next build makes it anew, and files that no row names. A damaged database or log
  /// is left as it is: there, the way out is to delete the store.
  package func repair(_ report: Fsck.Report) throws {
    try objects.remove(report.damagedObjects, evenParts: true)
    try forgetLostPacks()
    for orphan in try orphans() { try removeTree(orphan) }
  }
}

extension OpenStore where Access == Writing {
  /// What was lost of them is not missed any more, once its objects are removed.
  private func forgetLostPacks() throws {
    try database.write { database in
      for (id, byteCount) in try LostPacks.all(objects.stored, in: database) {
        if let byteCount {
          try database.execute(sql: "UPDATE pack SET byte_count = ? WHERE id = ?", arguments: [byteCount, id])
        } else {
          try database.execute(sql: "DELETE FROM pack WHERE id = ?", arguments: [id])
        }
      }
    }
  }
}

/// Packs whose files are not what they were: one problem each, however many objects were in them.
private struct LostPacks {
  /// The size that is left; nil where the file is gone.
  private let sizes: [Int64: Int64?]
  private var counts: [Int64: Int] = [:]

  init(_ sizes: [Int64: Int64?]) { self.sizes = sizes }

  static func all(_ stored: StoredBytes, in database: Database) throws -> [Int64: Int64?] {
    var sizes: [Int64: Int64?] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT id, byte_count FROM pack") {
      let (id, byteCount): (Int64, Int64) = (row["id"], row["byte_count"])
      let found = stored.shelf.byteCount(ofPack: id)
      if found.map({ $0 < byteCount }) ?? true { sizes[id] = .some(found) }
    }
    return sizes
  }

  /// Whether the loss of its pack is what is wrong with an object.
  mutating func explains(_ row: ObjectRow) -> Bool {
    guard case .packed(let pack, let offset) = row.place, let size = sizes[pack], size.map({ $0 < offset + row.byteCount }) ?? true else { return false }
    counts[pack, default: 0] += 1
    return true
  }

  var problems: [Fsck.Problem] {
    sizes.sorted { $0.key < $1.key }.map { id, size in
      let name = StoreLayout.name(id)
      return size == nil ? .packMissing(name, objects: counts[id] ?? 0) : .packCutShort(name, objects: counts[id] ?? 0)
    }
  }
}
