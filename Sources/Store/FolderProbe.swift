internal import Artifacts
package import Foundation
internal import Glibc
internal import Hashing

/// What `FolderScanner` would find, found without the writer lock: nothing is stored and nothing is remembered. For those who only ask.
///
/// A file is read only where its status differs from what the last scan remembered; without a store, every file is.
package struct FolderProbe: Sendable {
  private let storeRoot: URL
  private let cache: StatusCache?

  /// `storeRoot` is where the store is, or would be: a scan passes it over. There need not be one.
  package init(_ store: ReadableStore?, storeRoot: URL) {
    self.storeRoot = storeRoot
    cache = store.map { StatusCache(database: $0.database) }
  }

  /// The scan of what is at `source`. Neither its files nor its listing need be in the store.
  package func scan(_ source: URL) throws -> FolderScanner.Scan {
    let files = try FolderWalk.files(at: source.path, passingOver: storeRoot.path)
    let believed = try cache?.digests(of: files) ?? Array(repeating: nil, count: files.count)
    let entries = try zip(files, believed).map { file, digest in
      Snapshot.Entry(path: file.path, byteCount: file.status.byteCount, digest: try digest ?? hash(file))
    }
    let snapshot = Snapshot(entries: entries)
    let digest = Digest(hashing: snapshot.canonical.canonical)
    return FolderScanner.Scan(snapshot: snapshot, digest: digest, filesRead: believed.count { $0 == nil })
  }

  private func hash(_ file: FoundFile) throws -> Digest {
    try Task.checkCancellation()
    return try file.reading { open in
      let digest = try open.hash().digest
      guard try open.status() == file.status else { throw ScanError.changedWhileRead(path: file.place) }
      return digest
    }
  }
}
