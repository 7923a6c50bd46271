internal import Artifacts
internal import Foundation
internal import Planning
internal import Store

/// Where the files of one locked source belong in a project, which of them are missing there, and what is in their way.
struct Placement {
  /// A file of the project, by its path relative to the root.
  typealias File = (path: String, digest: Digest)

  let locked: LockedSource
  /// Relative to the source; one file is its own, under its own name.
  let listing: Snapshot
  let missing: [File]
  /// `PATH (changed)`, `PATH (not in the listing)`.
  let conflicts: [String]

  /// Throws where the listing is one that no scan makes: laid, it could leave the source's folder or touch what is not data.
  init(_ locked: LockedSource, standing: LockedSource.Standing, listing: Snapshot, root: URL, store: WritableStore) throws {
    self.locked = locked
    self.listing = listing
    try Placement.requireSafe(locked, listing)
    let isFile = locked.isOneFile(listing)
    guard standing == .different else {
      missing = listing.entries.map { (isFile ? locked.path : locked.path(of: $0.path), $0.digest) }
      conflicts = Placement.obstacles(missing.map(\.path), root)
      return
    }
    let place = root.appending(path: locked.path)
    guard Placement.isFolder(place) else {
      (missing, conflicts) = ([], ["\(locked.path) (\(isFile ? "changed" : "a file, where a folder belongs"))"])
      return
    }
    let differences = try FolderScanner(store).recheck(listing, at: place)
    let absent = Set(differences.filter { $0.kind == .missing }.map(\.path))
    missing = listing.entries.filter { absent.contains($0.path) }.map { (locked.path(of: $0.path), $0.digest) }
    let others = differences.filter { $0.kind != .missing }
    conflicts =
      others.map { "\(locked.path(of: $0.path)) (\($0.kind == .added ? "not in the listing" : "changed"))" }
      + (others.isEmpty ? Placement.obstacles(missing.map(\.path), root) : [])
  }

  private static func isFolder(_ place: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func obstacles(_ paths: [String], _ root: URL) -> [String] {
    let folder = ProjectFolder(root: root)
    var seen: Set<String> = []
    return paths.compactMap(folder.obstacle).filter { seen.insert($0).inserted }
  }
}

extension LockedSource {
  /// How what lies at the source's place compares with what is locked.
  enum Standing { case asLocked, different, absent }

  /// Something of another kind than the recipe asks for counts as absent: it is no state of the source, and is found to be in the way.
  func standing(in root: URL, _ store: WritableStore) throws -> Standing {
    do {
      let found = try SourceProbe(root: root, store: store.reading, storeRoot: store.root).read([source])
      return found[source] == digest ? .asLocked : .different
    } catch is SourceProblem {
      return .absent
    }
  }

  /// Whether the source is a file itself: the recipe says so, or its listing is what a scan makes of one file. A folder that holds one file of
  /// its own name has the same listing; where the recipe does not say which, either is right.
  func isOneFile(_ listing: Snapshot) -> Bool {
    source.kind == .file || source.kind == .fileOrFolder && listing.entries.map(\.path) == [(path as NSString).lastPathComponent]
  }

  fileprivate func path(of entry: String) -> String { path == "." ? entry : path + "/" + entry }
}

// MARK: - Listings of strangers

/// A listing, or a path, that would put files where no data belongs.
package struct UnsafeListing: ExplainedError {
  package let source: String
  package let path: String
  package let reason: String

  package var message: String { "\(source): its listing is not one that a scan makes: \"\(path)\" \(reason)" }
  package var hint: String? { "the lock and the data were made for harm, or by a defect: do not use them" }
}

extension Placement {
  /// Whoever wrote the lock may have written the data too. Both can say only what a scan of a folder gives: visible names, each once, none that
  /// is a file and a folder. `Snapshot` has already refused `..` and what is absolute.
  private static func requireSafe(_ locked: LockedSource, _ listing: Snapshot) throws(UnsafeListing) {
    func refuse(_ path: String, _ reason: String) throws(UnsafeListing) {
      throw UnsafeListing(source: locked.path, path: path, reason: reason)
    }
    // On a file system that knows no case, .GIT is git's own folder too.
    let parts = locked.path.split(separator: "/").map { $0.lowercased() }
    if parts.contains(".git") || parts.contains(".soulpack") || parts.contains("..") { try refuse(locked.path, "is not a place for data") }
    let isFile = locked.isOneFile(listing)
    var paths: Set<String> = []  // Swift compares by canonical equivalence, as a scan does.
    var folders: Set<String> = []
    for entry in listing.entries {
      let parts = entry.path.split(separator: "/")
      if !isFile && parts.contains(where: { $0.hasPrefix(".") }) { try refuse(entry.path, "is hidden") }
      if entry.byteCount < 0 { try refuse(entry.path, "has a negative size") }
      if !paths.insert(entry.path).inserted { try refuse(entry.path, "is there twice") }
      for depth in 1..<max(parts.count, 1) { folders.insert(parts.prefix(depth).joined(separator: "/")) }
    }
    if let both = folders.first(where: paths.contains) { try refuse(both, "is a file and a folder") }
  }
}
