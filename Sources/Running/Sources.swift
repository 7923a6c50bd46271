package import Artifacts
package import Foundation
internal import Hashing
package import Planning
package import Store

/// What the sources of a plan are: the digest that each has as an input (a file's own, a folder's or a model's snapshot, an origin's document), and
/// the commit of each model of a hub, by the recipe's word for it.
package struct TakenSources: Sendable {
  package internal(set) var digests: [Source: Digest] = [:]
  package internal(set) var revisions: [String: String] = [:]

  package subscript(source: Source) -> Digest? { digests[source] }

  /// Of a model that is known by its digest, or of one that is yet to be.
  mutating func note(_ source: Source, _ reference: HubReference, commit: String, digest: Digest?) {
    revisions[source.path] = commit
    digests[source] = source.kind == .hubOrigin ? Digest(hashing: HubOrigin(reference, commit: commit).canonical) : digest
  }
}

/// The sources of a plan, taken into the store: the first thing that a build does, and the only time it reads them.
package struct SourceReader: Sendable {
  private let root: URL
  private let scanner: FolderScanner
  private let store: WritableStore
  private let outside: OutsideModels
  private let tellDisguised: @Sendable ([String]) -> Void

  /// `tellDisguised` is told of files whose bytes changed behind the file system's back (`FolderScanner.Scan.disguised`).
  package init(root: URL, store: WritableStore, outside: OutsideModels = .none, tellDisguised: @escaping @Sendable ([String]) -> Void = { _ in }) {
    self.root = root
    self.store = store
    self.outside = outside
    self.tellDisguised = tellDisguised
    scanner = FolderScanner(store)
  }

  package func read(_ sources: [Source]) async throws -> TakenSources {
    var taken = TakenSources()
    var models: [String: (commit: String, digest: Digest)] = [:]
    var souls: [String: OutsideModels.Soul] = [:]
    var folders: [String: (digest: Digest, origin: JSONValue?)] = [:]
    for source in sources {
      try Task.checkCancellation()
      guard !source.isOfModelFolder else {
        let folder = if let known = folders[source.path] { known } else { try await readModel(source) }
        folders[source.path] = folder
        taken.digests[source] = source.isOrigin ? try store.objects.put((folder.origin ?? .null).canonical) : folder.digest
        continue
      }
      guard !source.isOfSoul else {
        let soul = try souls[source.path] ?? outside.openSoul(try source.place(in: root), source.path)
        souls[source.path] = soul
        taken.digests[source] = source.kind == .soulOrigin ? try store.objects.put(soul.origin.canonical) : try put(soul.files)
        continue
      }
      guard let reference = source.hubReference else {
        taken.digests[source] = try await read(source)
        continue
      }
      // A model and its origin are two sources, and one commit.
      let model = try models[source.path] ?? take(reference)
      models[source.path] = model
      taken.note(source, reference, commit: model.commit, digest: model.digest)
      if source.kind == .hubOrigin { _ = try store.objects.put(HubOrigin(reference, commit: model.commit).canonical.canonical) }
    }
    return taken
  }

  /// What is locked is taken from the store, else from what this machine has, and only then from the hub.
  private func take(_ reference: HubReference) throws -> (commit: String, digest: Digest) {
    let pin = outside.pins[reference.description]
    if let pin, let digest = pin.digest, try store.reading.objects.holdsAll(ofListing: digest) { return (pin.commit, digest) }
    if let pin, let pinned = reference.at(commit: pin.commit), let brought = try outside.cached(pinned) {
      let digest = try put(brought.files)
      if pin.digest == nil || pin.digest == digest { return (pin.commit, digest) }
    }
    let brought = try outside.bring(reference, pin?.commit)
    let digest = try put(brought.files)
    if let locked = pin?.digest, locked != digest {
      throw RemoteModelChanged(reference: reference.description, commit: brought.commit, locked: locked, found: digest)
    }
    return (brought.commit, digest)
  }

  private func put(_ files: [String: Data]) throws -> Digest {
    let files = files.sorted { $0.key < $1.key }
    let digests = try store.objects.put(files.map(\.value))
    return try store.objects.put(
      Snapshot(entries: zip(files, digests).map { Snapshot.Entry(path: $0.key, byteCount: Int64($0.value.count), digest: $1) }))
  }

  private func put(_ files: [String: URL]) throws -> Digest {
    let entries = try files.sorted { $0.key < $1.key }.map { name, file in
      try Task.checkCancellation()
      let digest = try store.objects.put(fileAt: file)
      guard let byteCount = try store.reading.objects.byteCount(of: digest) else { throw StoreError.objectMissing(digest) }
      return Snapshot.Entry(path: name, byteCount: byteCount, digest: digest)
    }
    return try store.objects.put(Snapshot(entries: entries))
  }

  private func read(_ source: Source) async throws -> Digest { try source.digest(of: try await scan(source)) }

  private func readModel(_ source: Source) async throws -> (digest: Digest, origin: JSONValue?) {
    let scan = try await scan(source)
    return (scan.digest, try outside.originOfFolder(try source.place(in: root), source.path, scan.snapshot))
  }

  private func scan(_ source: Source) async throws -> FolderScanner.Scan {
    let scan = try await scanner.scan(try source.place(in: root))
    if !scan.disguised.isEmpty { tellDisguised(scan.disguised.map { "\(source.path)/\($0)" }) }
    return scan
  }

  /// The sources that are no longer, on disk, what was read: by path. One that is gone is changed.
  package func changes(since digests: [Source: Digest], of sources: [Source]) throws -> [String] {
    try sources.filter { source in
      // A commit and a Soul are what they were, and of a folder its snapshot is asked.
      guard !source.isRemote, !source.isOfSoul, !source.isOrigin else { return false }
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

  /// What each source would be for a build, as far as that is known: a model of a hub is what the pins say, and where they say nothing it has no
  /// digest. Nobody is asked.
  package func read(_ sources: [Source], outside: OutsideModels = .none) throws -> TakenSources {
    var taken = TakenSources()
    var folders: [String: FolderScanner.Scan] = [:]
    for source in sources {
      if source.isOfModelFolder {
        let place = try source.place(in: root)
        let scan = try folders[source.path] ?? probe.scan(place)
        folders[source.path] = scan
        let origin = try outside.originOfFolder(place, source.path, scan.snapshot)
        taken.digests[source] = source.isOrigin ? Digest(hashing: (origin ?? .null).canonical) : scan.digest
      } else if source.isOfSoul {
        let soul = try outside.openSoul(try source.place(in: root), source.path)
        taken.digests[source] = source.kind == .soulOrigin ? Digest(hashing: soul.origin.canonical) : soul.snapshotDigest
      } else if let reference = source.hubReference {
        if let pin = outside.pins[source.path] { taken.note(source, reference, commit: pin.commit, digest: pin.digest) }
      } else {
        taken.digests[source] = try source.digest(of: try probe.scan(try source.place(in: root)))
      }
    }
    return taken
  }
}

extension ObjectStore {
  /// Whether a listing and every file of it are here.
  package func holdsAll(ofListing digest: Digest) throws -> Bool {
    guard try contains(digest) else { return false }
    return try missing(snapshot(digest).entries.map(\.digest)).isEmpty
  }
}

extension OutsideModels.Soul {
  fileprivate var snapshotDigest: Digest {
    let entries = files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) }
    return Digest(hashing: Snapshot(entries: entries).canonical)
  }
}

extension Source {
  fileprivate var isOfModelFolder: Bool { kind == .modelFolder || kind == .modelFolderOrigin }

  /// Nil for what is on this disk.
  fileprivate var hubReference: HubReference? { isRemote ? HubReference(path) : nil }

  /// Where a source is, if there is something of its kind.
  fileprivate func place(in root: URL) throws(SourceProblem) -> URL {
    let place = path.hasPrefix("/") ? URL(filePath: path) : root.appending(path: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else { throw .missing(path) }
    if (kind == .file || isOfSoul) && isFolder.boolValue { throw .notAFile(path) }
    if (kind == .folder || isOfModelFolder) && !isFolder.boolValue { throw .notAFolder(path) }
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
