package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc
internal import Hashing
internal import Synchronization

/// Takes a folder, or one file, into the store: every file's bytes as objects, and their listing as a snapshot.
///
/// Hidden names are passed over, and so are `.git`, `.soulpack`, the store and what a `.soulpackignore` names; what cannot be taken in
/// faithfully is an error (`ScanError`). A file is read only where its status changed since the last scan. That is never believed blindly:
/// some files that should be as they were are read again each time, and where one is not, every file is.
package struct FolderScanner: Sendable {
  /// What a scan found.
  package struct Scan: Sendable {
    /// The object that holds the listing.
    package let digest: Digest
    /// How many of the files were read; the others were known.
    package let filesRead: Int
    /// Files whose bytes changed though nothing that the file system says of them did: found by the audit. Their disk, its file system or
    /// its clock cannot be trusted.
    package let disguised: [String]
    /// Nil where the folder was not seen before.
    package let since: Since?
    private let files: FoundFiles
    private let digests: [Digest?]

    /// Of what was seen, once the digest of every file is known.
    init(_ seen: FolderSight.Seen, snapshot: Digest, filesRead: Int) {
      digest = snapshot
      self.filesRead = filesRead
      disguised = seen.disguised
      since = seen.since
      files = seen.files
      digests = seen.digests
    }

    package var fileCount: Int { files.count }
    package var byteCount: Int64 { files.byteCount }

    /// The listing, which is made when it is asked for.
    package var snapshot: Snapshot { files.snapshot(digests.compactMap { $0 }) }
  }

  /// What became of a folder since it was seen last.
  package struct Since: Hashable, Sendable {
    /// What it was then.
    package let snapshot: Digest
    package let changes: VersionChanges
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
  private let sight: FolderSight
  private let willRead: @Sendable (String) -> Void

  /// `willRead` is called with the relative path of each file before it is read, from several threads. `clock` gives nanoseconds since 1970,
  /// by the clock that the file system uses. Without `readsIgnoreFiles` nothing is ignored.
  package init(
    _ store: WritableStore, readsIgnoreFiles: Bool = true, clock: @escaping @Sendable () -> Int64 = FolderScanner.systemClock,
    willRead: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    sight = FolderSight(
      objects: store.reading.objects, layout: store.layout, storeRoot: store.root.path, readsIgnoreFiles: readsIgnoreFiles, clock: clock)
    self.willRead = willRead
  }

  package static let systemClock: @Sendable () -> Int64 = {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.nanoseconds
  }

  /// Takes in what is at `source`. Its files and its listing are in the store when this returns. `isKept` says that somebody asked for this
  /// version by name, so that a collection leaves it.
  package func scan(_ source: URL, isKept: Bool = false) async throws -> Scan {
    var seen = try sight.look(at: source)
    let unread = seen.unread
    let isLittle = unread.count <= Self.littleFileCount && unread.reduce(0) { $0 + seen.files.rows[$1].byteCount } <= Self.littleByteCount
    if !isLittle { try await read(unread, of: &seen, isReadSoon: !isKept) }
    let digest = try keep(isLittle ? unread : [], of: &seen, isKept: isKept)
    try remember(seen, snapshot: digest)
    return Scan(seen, snapshot: digest, filesRead: unread.count)
  }

  /// So much is read by one thread, and committed with the listing: a commit waits for the disk longer than reading it takes.
  private static let littleFileCount = 2000
  private static let littleByteCount: Int64 = 16 << 20

  /// Reads what is still unread, and keeps the listing of all, whose other files are in the store, as the folder's version.
  private func keep(_ unread: [Int], of seen: inout FolderSight.Seen, isKept: Bool) throws -> Digest {
    if let known = seen.knownSnapshot {
      try store.versions.note(known, of: seen.place, isKept: isKept)
      return known
    }
    let place = seen.place
    return try store.objects.withBatch(isReadSoon: !isKept) { batch in
      for index in unread {
        try Task.checkCancellation()
        seen.digests[index] = try take(seen.files[index], into: batch)
      }
      let digests = seen.digests.compactMap { $0 }
      let digest = try batch.add(seen.files.listing(digests))
      try batch.hold(digest, digests, areKnown: true)
      return digest
    } committing: { digest, database in
      try FolderVersions<Writing>.note(digest, of: place, isKept: isKept, in: database)
    }
  }

  private func remember(_ seen: FolderSight.Seen, snapshot: Digest?) throws {
    let draft = seen.draft(snapshot: snapshot, removalCount: try store.objects.removalCount())
    try StatusIndex.write(draft, to: seen.indexPlace, store.layout, calls: store.objects.calls)
  }

  /// Which files at `source` are no longer as `snapshot` has them, by path. Reads what may have changed; stores nothing.
  package func recheck(_ snapshot: Snapshot, at source: URL) throws -> [Difference] {
    let seen = try sight.look(at: source, mustBeStored: false)
    var expected = Dictionary(uniqueKeysWithValues: snapshot.entries.map { ($0.path, $0) })
    var differences: [Difference] = []
    for (index, digest) in seen.digests.enumerated() {
      let file = seen.files[index]
      guard let entry = expected.removeValue(forKey: file.path) else {
        differences.append(Difference(path: file.path, kind: .added))
        continue
      }
      if try !isSame(file, as: entry, believed: digest) { differences.append(Difference(path: file.path, kind: .changed)) }
    }
    differences += expected.keys.map { Difference(path: $0, kind: .missing) }
    return differences.sorted { $0.path.precedesByBytes($1.path) }
  }

  private func isSame(_ file: FoundFile, as entry: Snapshot.Entry, believed: Digest?) throws -> Bool {
    guard file.status.byteCount == entry.byteCount else { return false }
    if let believed { return believed == entry.digest }
    return try file.reading { try $0.hash().digest == entry.digest }
  }
}

// MARK: - Reading

extension FolderScanner {
  /// After so many bytes or files what was read is committed: a scan that is cut short goes on from there.
  private static let sliceByteCount: Int64 = 1 << 30
  private static let sliceFileCount = 200_000

  /// A build reads next what it took in; what is only kept is not read soon.
  private func read(_ indices: [Int], of seen: inout FolderSight.Seen, isReadSoon: Bool) async throws {
    var start = 0
    while start < indices.count {
      var end = start
      var byteCount: Int64 = 0
      while end < indices.count, end - start < Self.sliceFileCount, byteCount < Self.sliceByteCount {
        byteCount += seen.files.rows[indices[end]].byteCount
        end += 1
      }
      for (index, digest) in try await readSlice(Array(indices[start..<end]), seen.files, isReadSoon) { seen.digests[index] = digest }
      start = end
      guard start < indices.count else { break }
      try remember(seen, snapshot: nil)
    }
  }

  /// Some threads, each with packs of its own, take what is next.
  private func readSlice(_ indices: [Int], _ files: FoundFiles, _ isReadSoon: Bool) async throws -> [(Int, Digest)] {
    let width = max(1, min(ProcessInfo.processInfo.activeProcessorCount, indices.count))
    let turns = Turns(count: indices.count)
    return try await withThrowingTaskGroup(of: [(Int, Digest)].self) { group in
      for _ in 0..<width {
        group.addTask { try takeTurns(turns, indices, files, isReadSoon) }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  private func takeTurns(_ turns: Turns, _ indices: [Int], _ files: FoundFiles, _ isReadSoon: Bool) throws -> [(Int, Digest)] {
    try store.objects.withBatch(isReadSoon: isReadSoon) { batch in
      var digests: [(Int, Digest)] = []
      while let turn = turns.next() {
        try Task.checkCancellation()
        digests.append((indices[turn], try take(files[indices[turn]], into: batch)))
      }
      return digests
    }
  }

  private func take(_ file: FoundFile, into batch: ObjectBatch) throws -> Digest {
    willRead(file.path)
    return try file.reading { try batch.add($0, foundAs: file.status) }
  }
}

/// Numbers that several threads take, each one once.
private final class Turns: Sendable {
  private let count: Int
  private let taken = Atomic(0)

  init(count: Int) { self.count = count }

  /// Nil when none is left.
  func next() -> Int? {
    let turn = taken.add(1, ordering: .relaxed).oldValue
    return turn < count ? turn : nil
  }
}

extension FoundFile {
  /// Opens a file that the walk found, and tells failures of the source from failures of the store.
  func reading<Value>(_ body: (borrowing OpenFile) throws -> Value) throws -> Value {
    let place = place
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
