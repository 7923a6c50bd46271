package import Artifacts
package import Foundation

/// Snapshots as objects. The store knows that they hold other objects: a snapshot with a missing file is not all there, and lineage goes
/// through it.
extension ObjectStore {
  /// The snapshot that `digest` names.
  package func snapshot(_ digest: Digest) throws -> Snapshot {
    let bytes = try get(digest)
    guard let snapshot = Snapshot(parsing: bytes) else { throw StoreError.notASnapshot(digest) }
    return snapshot
  }

  /// Writes every file of the snapshot under `folder`, which is made. Not made durable: a step that is killed starts again.
  package func export(_ snapshot: Snapshot, to folder: URL) throws {
    for entry in snapshot.entries {
      guard Snapshot.isContained(entry.path) else { throw StoreError.system(operation: "write", path: entry.path, code: EINVAL) }
      let target = folder.appending(path: entry.path)
      let parent = target.deletingLastPathComponent()
      do {
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      } catch {
        throw StoreError.system(operation: "make", path: parent.path, code: posixCode(error))
      }
      try export(entry.digest, to: target, durable: false)
    }
  }
}

extension ObjectStore where Access == Writing {
  /// Stores the listing. Every file that it names must be there already; the first that is not is thrown as `StoreError.objectMissing`.
  package func put(_ snapshot: Snapshot) throws -> Digest {
    try put(snapshot.canonicalBytes, holding: snapshot.entries.map(\.digest))
  }
}
