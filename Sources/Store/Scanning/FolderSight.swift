internal import Artifacts
internal import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// A folder as it is now, beside what is remembered of it: which files are there, and which of them need no reading.
struct FolderSight: Sendable {
  /// Of the files that should be as they were, so many are read again each time, and of large ones a part.
  private static let auditFileCount = 32
  private static let auditByteLimit: Int64 = 256 << 10

  let objects: ObjectStore<Reading>?
  let layout: StoreLayout
  let storeRoot: String
  var readsIgnoreFiles = true
  let clock: @Sendable () -> Int64

  struct Seen {
    /// The folder, or the file, links resolved.
    let place: String
    let files: FoundFiles
    /// Nil where the file must be read.
    var digests: [Digest?]
    /// When the look began.
    let began: Int64
    let indexPlace: String
    /// The snapshot of these very files, where nothing at all changed and it is in the store.
    let knownSnapshot: Digest?
    let disguised: [String]
    fileprivate let remembered: StatusIndex
    /// Where each file stands there, or -1.
    fileprivate let rows: [Int32]
    /// Which digests came from there.
    fileprivate let believed: Believed

    var unread: [Int] { believed == .all ? [] : digests.indices.filter { digests[$0] == nil } }

    /// What became of the files since they were seen last, once all digests are known. Nil where not all of them were known then.
    var since: FolderScanner.Since? {
      remembered.snapshot.map { last in
        FolderScanner.Since(snapshot: last, changes: believed == .all && rows.count == remembered.count ? VersionChanges() : changes)
      }
    }

    private var changes: VersionChanges {
      var (known, changed) = (0, 0)
      for (row, digest) in zip(rows, digests) where row >= 0 {
        known += 1
        if remembered[Int(row)].digest != digest { changed += 1 }
      }
      return VersionChanges(new: digests.count - known, changed: changed, gone: remembered.count - known)
    }

    /// What is to be remembered. An entry that was believed keeps its time, and one that was read has that of this look.
    func draft(snapshot: Digest?, removalCount: Int64) -> StatusIndex.Draft {
      let scanned = rows.indices.map { isBelieved($0) ? remembered[Int(rows[$0])].scannedNanoseconds : began }
      return StatusIndex.Draft(removalCount: removalCount, snapshot: snapshot, files: files, digests: digests, scannedNanoseconds: scanned)
    }

    private func isBelieved(_ index: Int) -> Bool {
      switch believed {
      case .all: true
      case .none: false
      case .some(let isBelieved): isBelieved[index]
      }
    }
  }

  enum Believed: Equatable {
    case all
    case none
    case some([Bool])
  }

  /// With `mustBeStored`, a file is known only where its object is in the store too.
  func look(at source: URL, mustBeStored: Bool = true) throws -> Seen {
    let began = clock()
    let files = try FolderWalk.files(at: source.path, passingOver: storeRoot, readsIgnoreFiles: readsIgnoreFiles)
    let place = FolderWalk.resolve(source.path) ?? source.path
    let indexPlace = StatusIndex.place(ofFolder: place, in: layout)
    let index = objects == nil ? .empty : StatusIndex.reading(indexPlace)
    let rows = index.rows(of: files)
    var digests = zip(files.rows, rows).map { file, row in row < 0 ? nil : index[Int(row)].digest(ifStill: file) }
    if mustBeStored { try forgetMissing(&digests, index) }
    let disguised = try audit(files, digests)
    if !disguised.isEmpty { digests = Array(repeating: nil, count: files.count) }
    let areAllKnown = !digests.contains(nil)
    let isUnchanged = areAllKnown && index.count == files.count
    let known = try isUnchanged && mustBeStored ? index.snapshot.flatMap { try objects?.contains($0) == true ? $0 : nil } : index.snapshot
    return Seen(
      place: place, files: files, digests: digests, began: began, indexPlace: indexPlace, knownSnapshot: isUnchanged ? known : nil,
      disguised: disguised, remembered: index, rows: rows,
      believed: areAllKnown ? .all : disguised.isEmpty ? .some(digests.map { $0 != nil }) : .none)
  }

  /// While nothing was taken out of the store and every pack is whole, what was seen to be there is there.
  private func forgetMissing(_ digests: inout [Digest?], _ index: StatusIndex) throws {
    guard let objects else { return }
    if try index.removalCount == objects.removalCount(), try objects.packsAreWhole() { return }
    let missing = Set(try objects.missing(digests.compactMap { $0 }))
    if !missing.isEmpty { digests = digests.map { $0.flatMap { missing.contains($0) ? nil : $0 } } }
  }

  // MARK: - The audit

  /// Files that were drawn by lot and are not what they should be.
  private func audit(_ files: FoundFiles, _ digests: [Digest?]) throws -> [String] {
    guard !files.isEmpty else { return [] }
    var drawn: Set<Int> = []
    for _ in 0..<Self.auditFileCount { drawn.insert(Int.random(in: 0..<files.count)) }
    return try drawn.sorted().compactMap { index in
      guard let digest = digests[index], try !isStill(files[index], digest) else { return nil }
      return files.path(index)
    }
  }

  /// A file that changes at this moment is not disguised: its status says so when it is looked at again.
  private func isStill(_ file: FoundFile, _ digest: Digest) throws -> Bool {
    try file.reading { open in
      let isSame = try file.status.byteCount <= Self.auditByteLimit ? open.hash().digest == digest : partIsStill(open, file, digest)
      return try isSame || open.status() != file.status
    }
  }

  /// One chunk of a large file, drawn by lot. Without the object there is nothing to compare with.
  private func partIsStill(_ open: borrowing OpenFile, _ file: FoundFile, _ digest: Digest) throws -> Bool {
    guard let objects, let list = try objects.chunks(of: digest), list.byteCount == file.status.byteCount,
      let index = list.chunks.indices.randomElement()
    else { return true }
    var bytes = Data(count: list.chunks[index].byteCount)
    let count = try bytes.withUnsafeMutableBytes { try open.read(into: $0, at: list.starts[index]) }
    return count == bytes.count && Digest(hashing: bytes) == list.chunks[index].digest
  }
}

extension ObjectStore {
  /// How often objects were taken out.
  func removalCount() throws -> Int64 { try database.read { try Int64.fetchOne($0, sql: "SELECT count FROM removal") ?? 0 } }

  /// Whether every pack has its size, and no object lies in a file of its own, of which there may be any number.
  func packsAreWhole() throws -> Bool {
    guard try layout.contents(of: layout.objects).isEmpty else { return false }
    return try database.read { try Row.fetchAll($0, sql: "SELECT id, byte_count FROM pack") }.allSatisfy { row in
      stored.shelf.byteCount(ofPack: row["id"]) == row["byte_count"]
    }
  }

  /// Nil for what is not there or not in chunks.
  func chunks(of digest: Digest) throws -> ChunkList? {
    try database.read { database in
      guard case .chunked(let list)? = try ObjectRow.find(digest, in: database)?.place else { return nil }
      return try? stored.chunkList(list, in: database)  // A damaged list is for fsck to tell.
    }
  }
}
