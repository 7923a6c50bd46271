internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Store

/// `soulpack snapshot`: a folder as it is now, kept as a version, without curating it.
struct SnapshotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Keep a version of a folder; say what changed since the last.",
    discussion: """
      The folder's files and their listing go into the project's store; the folder is only read. What a .soulpackignore in it names, by \
      gitignore's rules, is left out. `soulpack checkout` brings a version back.
      """)

  @Argument(help: ArgumentHelp("The folder, or a file.", valueName: "folder")) var path: String
  @Flag(name: [.customShort("n"), .long], help: "Say what changed, and keep nothing.") var dryRun = false
  @OptionGroup var common: CommonArguments

  func run() async throws {
    let folder = try FolderToCurate(path, common)
    let report = try await dryRun ? look(folder) : keep(folder)
    if !report.disguised.isEmpty { common.terminal.tellDisguised(report.disguised) }
    common.terminal.show(report)
  }

  private func keep(_ folder: FolderToCurate) async throws -> SnapshotReport {
    let store = try await WritableStore.waitAndOpen(at: folder.storeFolder, command: "soulpack snapshot \(path)", onWaiting: common.terminal.tellWaiting)
    let last = try LastVersion(of: folder.place, in: store.reading)
    let report = try SnapshotReport(try await FolderScanner(store).scan(folder.place, isKept: true), since: last, isKept: true)
    try store.close()
    return report
  }

  private func look(_ folder: FolderToCurate) throws -> SnapshotReport {
    let store = try ReadableStore.openIfThere(at: folder.storeFolder)
    let last = try store.flatMap { try LastVersion(of: folder.place, in: $0) }
    return try SnapshotReport(try FolderProbe(store, storeRoot: folder.storeFolder).scan(folder.place), since: last, isKept: false)
  }
}

/// The version that was noted last.
private struct LastVersion {
  let digest: Digest
  private let store: ReadableStore

  /// Nil where there is none.
  init?(of folder: URL, in store: ReadableStore) throws {
    guard let digest = try store.versions.all(of: folder).first?.digest else { return nil }
    self.digest = digest
    self.store = store
  }

  /// Read only where something changed. Nil where a collection took it.
  func snapshot() throws -> Snapshot? { try store.objects.contains(digest) ? store.objects.snapshot(digest) : nil }
}

struct SnapshotReport: Report {
  let schema = "soulpack.snapshot-report/1"
  let digest: Digest
  let fileCount: Int
  let byteCount: Int64
  /// Nil where nothing is known of an earlier version.
  let changes: VersionChanges?
  let isKept: Bool
  let disguised: [String]

  fileprivate init(_ scan: FolderScanner.Scan, since last: LastVersion?, isKept: Bool) throws {
    digest = scan.digest
    fileCount = scan.fileCount
    byteCount = scan.byteCount
    changes = try last.flatMap { last in
      // Mostly the scan knows: then the last listing need not be read.
      if let since = scan.since, since.snapshot == last.digest { return since.changes }
      return try last.digest == scan.digest ? VersionChanges() : last.snapshot().map { VersionChanges(from: $0, to: scan.snapshot) }
    }
    self.isKept = isKept
    disguised = scan.disguised
  }

  var members: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "digest": .digest(digest), "files": .integer(Int64(fileCount)), "bytes": .integer(byteCount), "kept": .bool(isKept),
      "disguised": .array(disguised.map { .string($0) }),
    ]
    if let changes {
      members["new"] = .integer(Int64(changes.new))
      members["changed"] = .integer(Int64(changes.changed))
      members["gone"] = .integer(Int64(changes.gone))
    }
    return members
  }

  var lines: [String] {
    let since =
      switch changes {
      case nil: "the first version that is known"
      case .some(let changes) where changes.isEmpty: "unchanged since the last version"
      case .some(let changes): "\(Quantity.count(changes.new)) new, \(Quantity.count(changes.changed)) changed, \(Quantity.count(changes.gone)) gone since the last version"
      }
    return ["\(digest)", "\(Quantity.counted(fileCount, "file")), \(Quantity.bytes(byteCount)); \(since)"]
  }
}
