package import Artifacts
package import Foundation
package import Planning
package import Store

/// The sources of a plan, taken into the store: the first thing that a build does, and the only time it reads them.
package struct SourceReader: Sendable {
  private let root: URL
  private let scanner: FolderScanner
  private let store: WritableStore
  private let tellDisguised: @Sendable ([String]) -> Void

  /// `tellDisguised` is told of files whose bytes changed behind the file system's back (`FolderScanner.Scan.disguised`).
  package init(root: URL, store: WritableStore, tellDisguised: @escaping @Sendable ([String]) -> Void = { _ in }) {
    self.root = root
    self.store = store
    self.tellDisguised = tellDisguised
    scanner = FolderScanner(store)
  }

  /// The digest that each source has as an input: a file's own, a folder's snapshot.
  package func read(_ sources: [Source]) async throws -> [Source: Digest] {
    var digests: [Source: Digest] = [:]
    for source in sources {
      try Task.checkCancellation()
      digests[source] = try await read(source)
    }
    return digests
  }

  private func read(_ source: Source) async throws -> Digest {
    let scan = try await scanner.scan(try source.place(in: root))
    if !scan.disguised.isEmpty { tellDisguised(scan.disguised.map { "\(source.path)/\($0)" }) }
    return try source.digest(of: scan)
  }

  /// The sources that are no longer, on disk, what was read: by path. One that is gone is changed.
  package func changes(since digests: [Source: Digest], of sources: [Source]) throws -> [String] {
    try sources.filter { source in
      guard let digest = digests[source] else { return false }
      guard let place = existingPlace(of: source) else { return true }
      guard source.kind == .file else { return try !scanner.recheck(try store.objects.snapshot(digest), at: place).isEmpty }
      let now = try scanner.recheck(
        Snapshot(entries: [Snapshot.Entry(path: place.lastPathComponent, byteCount: try byteCount(of: digest), digest: digest)]), at: place)
      return !now.isEmpty
    }.map(\.path)
  }

  private func existingPlace(of source: Source) -> URL? {
    do { return try source.place(in: root) } catch { return nil }  // Gone, or of another kind: either way it is not what was read.
  }

  private func byteCount(of digest: Digest) throws -> Int64 {
    guard let count = try store.objects.byteCount(of: digest) else { throw StoreError.objectMissing(digest) }
    return count
  }
}

/// The same digests for those who only ask: nothing is stored, no lock is taken, and there need not be a store.
package struct SourceProbe: Sendable {
  private let root: URL
  private let probe: FolderProbe

  package init(root: URL, store: ReadableStore?, storeRoot: URL) {
    self.root = root
    probe = FolderProbe(store, storeRoot: storeRoot)
  }

  /// The digest that each source would have as an input of a build.
  package func read(_ sources: [Source]) throws -> [Source: Digest] {
    var digests: [Source: Digest] = [:]
    for source in sources { digests[source] = try source.digest(of: try probe.scan(try source.place(in: root))) }
    return digests
  }
}

extension Source {
  /// Where a source is, if there is something of its kind.
  fileprivate func place(in root: URL) throws(SourceProblem) -> URL {
    let place = path.hasPrefix("/") ? URL(filePath: path) : root.appending(path: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else { throw .missing(path) }
    if kind == .file && isFolder.boolValue { throw .notAFile(path) }
    if kind == .folder && !isFolder.boolValue { throw .notAFolder(path) }
    return place
  }

  /// A file's own, a folder's snapshot.
  fileprivate func digest(of scan: FolderScanner.Scan) throws(SourceProblem) -> Digest {
    guard kind == .file else { return scan.digest }
    guard let entry = scan.snapshot.entries.first else { throw .notAFile(path) }
    return entry.digest
  }
}

package enum SourceProblem: ExplainedError, Hashable {
  case missing(String)
  case notAFile(String)
  case notAFolder(String)

  package var message: String {
    switch self {
    case .missing(let path): "\(path): there is no such file or folder"
    case .notAFile(let path): "\(path): a folder, where the recipe asks for a file"
    case .notAFolder(let path): "\(path): a file, where the recipe asks for a folder"
    }
  }

  package var hint: String? {
    switch self {
    case .missing(let path) where path.hasPrefix("/"): "it is not of this project: install what provides it"
    case .missing: "paths in a recipe are relative to the root, which `soulpack plan` prints"
    case .notAFile, .notAFolder: nil
    }
  }
}
