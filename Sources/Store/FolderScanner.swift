package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// Takes a folder, or one file, into the store: every file's bytes as objects, and their listing as a snapshot.
///
/// Hidden names are passed over, and so are `.git`, `.soulpack` and the store; what cannot be taken in faithfully is an error (`ScanError`).
/// A file is read only where its status changed since the last scan.
package struct FolderScanner: Sendable {
  /// What a scan found.
  package struct Scan: Hashable, Sendable {
    package let snapshot: Snapshot
    /// The object that holds the listing.
    package let digest: Digest
    /// How many of the files were read; the others were known.
    package let filesRead: Int
  }

  /// A file that no longer is as a snapshot has it.
  package struct Difference: Hashable, Sendable {
    package enum Kind: String, Sendable {
      case changed, missing, added
    }

    package let path: String
    package let kind: Kind

    package init(path: String, kind: Kind) {
      self.path = path
      self.kind = kind
    }
  }

  private let store: WritableStore
  private let cache: StatusCache
  private let clock: @Sendable () -> Int64
  private let willRead: @Sendable (String) -> Void

  /// `willRead` is called with the relative path of each file before it is read, from several threads. `clock` gives nanoseconds since 1970,
  /// by the clock that the file system uses.
  package init(
    _ store: WritableStore, clock: @escaping @Sendable () -> Int64 = FolderScanner.systemClock,
    willRead: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    cache = StatusCache(database: store.database)
    self.clock = clock
    self.willRead = willRead
  }

  package static let systemClock: @Sendable () -> Int64 = {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.nanoseconds
  }

  /// Takes in what is at `source`. Its files and its listing are in the store when this returns.
  package func scan(_ source: URL) async throws -> Scan {
    let began = clock()
    let files = try FolderWalk.files(at: source.path, passingOver: store.root.path)
    var digests = try known(files)
    let unread = files.indices.filter { digests[$0] == nil }
    for (index, digest) in try await read(unread, of: files, began: began) { digests[index] = digest }
    let entries = zip(files, digests).compactMap { file, digest in
      digest.map { Snapshot.Entry(path: file.path, byteCount: file.status.byteCount, digest: $0) }
    }
    let snapshot = Snapshot(entries: entries)
    return Scan(snapshot: snapshot, digest: try store.objects.put(snapshot), filesRead: unread.count)
  }

  /// Which files at `source` are no longer as `snapshot` has them, by path. Reads what may have changed; stores nothing.
  package func recheck(_ snapshot: Snapshot, at source: URL) throws -> [Difference] {
    let files = try FolderWalk.files(at: source.path, passingOver: store.root.path)
    let believed = try cache.digests(of: files)
    var expected = Dictionary(uniqueKeysWithValues: snapshot.entries.map { ($0.path, $0) })
    var differences: [Difference] = []
    for (file, digest) in zip(files, believed) {
      guard let entry = expected.removeValue(forKey: file.path) else {
        differences.append(Difference(path: file.path, kind: .added))
        continue
      }
      if try !isSame(file, as: entry, believed: digest) { differences.append(Difference(path: file.path, kind: .changed)) }
    }
    differences += expected.keys.map { Difference(path: $0, kind: .missing) }
    return differences.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  private func isSame(_ file: FoundFile, as entry: Snapshot.Entry, believed: Digest?) throws -> Bool {
    guard file.status.byteCount == entry.byteCount else { return false }
    if let believed { return believed == entry.digest }
    return try file.reading { try $0.hash().digest == entry.digest }
  }

  /// The digests that need no reading: the status is believed and the object is there.
  private func known(_ files: [FoundFile]) throws -> [Digest?] {
    let believed = try cache.digests(of: files)
    let missing = Set(try store.objects.missing(believed.compactMap { $0 }))
    return believed.map { $0.flatMap { missing.contains($0) ? nil : $0 } }
  }

  /// Reads files in batches, a few at a time, each batch committed as soon as it is read: a scan that is cut short goes on where it was.
  private func read(_ indices: [Int], of files: [FoundFile], began: Int64) async throws -> [(Int, Digest)] {
    var waiting = batches(indices, of: files)[...]
    let width = max(2, ProcessInfo.processInfo.activeProcessorCount)
    return try await withThrowingTaskGroup(of: [(index: Int, digest: Digest)].self) { group in
      func startNext() {
        guard let batch = waiting.popFirst() else { return }
        group.addTask { try take(batch, of: files, began: began) }
      }
      for _ in 0..<width { startNext() }
      var digests: [(Int, Digest)] = []
      while let batch = try await group.next() {
        startNext()
        digests += batch.map { ($0.index, $0.digest) }
      }
      return digests
    }
  }

  private func take(_ indices: [Int], of files: [FoundFile], began: Int64) throws -> [(index: Int, digest: Digest)] {
    let batch = ObjectBatch(store.objects.stored, calls: store.objects.calls)
    let digests = try indices.map { (index: $0, digest: try take(files[$0], into: batch)) }
    try store.objects.commit([batch]) { database in
      for (index, digest) in digests { try StatusCache.record(files[index], digest, scannedNanoseconds: began, in: database) }
    }
    return digests
  }

  /// So that files share a pack, and not too much is read again after a kill.
  private func batches(_ indices: [Int], of files: [FoundFile]) -> [[Int]] {
    var batches: [[Int]] = []
    var byteCount: Int64 = 0
    for index in indices {
      let isFull = batches.last.map { $0.count == 8192 || byteCount >= 128 << 20 } ?? true
      if isFull {
        batches.append([])
        byteCount = 0
      }
      batches[batches.count - 1].append(index)
      byteCount += files[index].status.byteCount
    }
    return batches
  }

  private func take(_ file: FoundFile, into batch: ObjectBatch) throws -> Digest {
    try Task.checkCancellation()
    willRead(file.path)
    return try file.reading { try batch.add($0, foundAs: file.status) }
  }
}

extension FoundFile {
  /// Opens a file that the walk found, and tells failures of the source from failures of the store.
  func reading<Value>(_ body: (borrowing OpenFile) throws -> Value) throws -> Value {
    do {
      return try body(try OpenFile(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
    } catch StoreError.changedWhileRead(let path) {
      throw ScanError.changedWhileRead(path: path)
    } catch StoreError.notAFile(let path) {
      throw ScanError.changedWhileRead(path: path)
    } catch StoreError.system(_, place, let code) {
      throw code == ENOENT ? ScanError.vanished(path: place) : ScanError.unreadable(path: place, code: code)
    }
  }
}
