internal import Artifacts
package import Foundation
internal import Planning
package import Store

/// Writes what `soul.lock` names of the project's sources into a folder that anything may carry: each file once, and the listing after its files, so that
/// a listing that is there says that all of it is.
package struct DataPush: Sendable {
  private let folder: DataFolder

  package init(into folder: DataFolder) { self.folder = folder }

  /// The sources whose locked state the store does not hold, since nothing was built here yet or the store was deleted.
  package static func missing(_ sources: [LockedSource], in store: ObjectStore<some StoreAccess>) throws -> [LockedSource] {
    try sources.filter { try !$0.isOfSystem && !store.holdsAll(of: $0) }
  }

  /// Takes in what is missing from where it lies, and refuses what is no longer as it was locked.
  package static func takeIn(_ missing: [LockedSource], root: URL, store: WritableStore) async throws {
    let reader = SourceReader(root: root, store: store)
    var changed: [Lock.Difference] = []
    for locked in missing {
      let found = try await reader.read([locked.source])[locked.source]
      if found != locked.digest { changed.append(.source(path: locked.path, locked: locked.digest, found: found)) }
    }
    guard changed.isEmpty else { throw NotAsLocked(differences: changed) }
  }

  /// Carries each source. What the folder has already is not written again.
  package func run(_ sources: [LockedSource], from store: ObjectStore<some StoreAccess>) throws -> [CarriedSource] {
    folder.removeLeftovers(now: Date())
    return try sources.map { try push($0, from: store) }
  }

  private func push(_ locked: LockedSource, from store: ObjectStore<some StoreAccess>) throws -> CarriedSource {
    guard !locked.isOfSystem else { return CarriedSource(source: locked, outcome: .ofSystem(isAsLocked: nil)) }
    let objects = try store.objects(of: locked)
    var newCount = 0
    for (digest, byteCount) in objects where !folder.holds(digest, byteCount: byteCount) {
      try Task.checkCancellation()
      try folder.put(digest, from: store)
      newCount += 1
    }
    let files = locked.source.kind == .file ? objects[...] : objects.dropLast()
    return CarriedSource(
      source: locked, outcome: .pushed(files: files.count, byteCount: files.reduce(0) { $0 + $1.byteCount }, newObjects: newCount))
  }
}

extension ObjectStore {
  /// The objects of a source, its listing last.
  fileprivate func objects(of locked: LockedSource) throws -> [(digest: Digest, byteCount: Int64)] {
    guard let byteCount = try byteCount(of: locked.digest) else { throw StoreError.objectMissing(locked.digest) }
    guard locked.source.kind != .file else { return [(locked.digest, byteCount)] }
    guard byteCount <= DataFolder.listingByteLimit else { throw DataFolderError.listingTooLarge(locked.digest, byteCount: byteCount) }
    return try snapshot(locked.digest).entries.map { ($0.digest, $0.byteCount) } + [(locked.digest, byteCount)]
  }

  fileprivate func holdsAll(of locked: LockedSource) throws -> Bool {
    guard try contains(locked.digest) else { return false }
    return try objects(of: locked).allSatisfy { try contains($0.digest) }
  }
}

/// A source changed since it was locked, and the store no longer has what it was.
package struct NotAsLocked: ExplainedError {
  package let differences: [Lock.Difference]

  package var message: String { "the data is no longer what soul.lock names: " + differences.map(\.description).joined(separator: "; ") }
  package var hint: String? { "bring it back, or lock what is there now with `soulpack update`, and push that" }
}
