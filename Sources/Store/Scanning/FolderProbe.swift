internal import Artifacts
package import Foundation
internal import Hashing

/// What `FolderScanner` would find, found without the writer lock: nothing is stored and nothing is remembered. For those who only ask.
///
/// A file is read only where its status differs from what the last scan remembered; without a store, every file is.
package struct FolderProbe: Sendable {
  private let sight: FolderSight

  /// `storeRoot` is where the store is, or would be: a scan passes it over. There need not be one.
  package init(_ store: ReadableStore?, storeRoot: URL) {
    sight = FolderSight(
      objects: store?.objects, layout: store?.layout ?? StoreLayout(root: storeRoot), storeRoot: storeRoot.path, clock: FolderScanner.systemClock)
  }

  /// The scan of what is at `source`. Neither its files nor its listing need be in the store.
  package func scan(_ source: URL) throws -> FolderScanner.Scan {
    var seen = try sight.look(at: source, mustBeStored: false)
    let unread = seen.unread
    for index in unread { seen.digests[index] = try hash(seen.files[index]) }
    let digest = seen.knownSnapshot ?? Digest(hashing: seen.files.listing(seen.digests.compactMap { $0 }))
    return FolderScanner.Scan(seen, snapshot: digest, filesRead: unread.count)
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
