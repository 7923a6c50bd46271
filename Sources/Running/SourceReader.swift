package import Artifacts
package import Foundation
internal import Hashing
package import Planning
package import Store

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

extension ObjectStore {
  /// Whether a listing and every file of it are here.
  package func holdsAll(ofListing digest: Digest) throws -> Bool {
    guard try contains(digest) else { return false }
    return try missing(snapshot(digest).entries.map(\.digest)).isEmpty
  }
}
