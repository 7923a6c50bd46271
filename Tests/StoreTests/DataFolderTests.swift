import Artifacts
import Foundation
import Glibc
import Hashing
import Store
import Synchronization
import Testing

@Suite("A folder that carries objects")
struct DataFolderTests {
  private let home: TemporaryFolder
  private let store: WritableStore
  private let contents = [noise(100), noise(inlineByteLimit + 1), noise(3 << 20)]

  init() throws {
    home = try TemporaryFolder()
    store = try home.openStore()
  }

  private var stick: URL { home.url.appending(path: "stick") }

  private func entries(_ digests: [Digest]) -> [Snapshot.Entry] {
    zip(digests, contents).enumerated().map { Snapshot.Entry(path: "\($0)", byteCount: Int64($1.1.count), digest: $1.0) }
  }

  @Test("objects of every size come out of another store as they went in, listing and all")
  func thereAndBack() throws {
    let listing = Snapshot(entries: entries(try store.objects.put(contents)))
    let digest = try store.objects.put(listing)
    let folder = try DataFolder.make(at: stick)
    for object in listing.entries.map(\.digest) + [digest] { try folder.put(object, from: store.objects) }

    let other = try TemporaryFolder()
    let clone = try other.openStore()
    let opened = try DataFolder.open(at: stick)
    #expect(try opened.takeListing(digest, into: clone) == listing)
    try opened.take(listing.entries, into: clone)
    #expect(try clone.objects.get(listing.entries.map(\.digest)) == contents)
    #expect(try clone.fsck().isSound)
  }

  @Test("a disk that is full is named, leaves nothing half, and the next push goes on", arguments: [0, 1, 2])
  func fullDisk(number: Int) throws {
    let digests = try store.objects.put(contents)
    let disk = Disk()
    var calls = DiskCalls.system
    calls.write = { descriptor, bytes in
      guard !disk.isFull.load(ordering: .relaxed) else {
        errno = ENOSPC
        return -1
      }
      return write(descriptor, bytes.baseAddress, bytes.count)
    }
    try store.close()
    let narrow = try home.openStore(calls: calls)
    let folder = try DataFolder.make(at: stick)
    disk.isFull.store(true, ordering: .relaxed)
    let error = #expect(throws: DataFolderError.self) { try folder.put(digests[number], from: narrow.objects) }
    guard case .system("write", let path, ENOSPC) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasPrefix(stick.path) && error?.hint?.contains("free some space") == true)
    #expect(try files() == [])
    disk.isFull.store(false, ordering: .relaxed)
    try folder.put(digests[number], from: narrow.objects)
    #expect(folder.holds(digests[number], byteCount: Int64(contents[number].count)))
  }

  @Test("an object that is damaged in the store is not carried")
  func damagedStore() throws {
    let digest = try store.objects.put(contents[2])
    try flipByte(of: try home.pack())
    let folder = try DataFolder.make(at: stick)
    #expect(throws: StoreError.objectChanged(digest, place: try home.pack().path)) { try folder.put(digest, from: store.objects) }
    #expect(try files() == [])
  }

  @Test("what does not have its digest is refused, and nothing of it stays in the store", arguments: [0, 1, 2])
  func damagedFolder(number: Int) throws {
    let digests = try store.objects.put(contents)
    let folder = try DataFolder.make(at: stick)
    try folder.put(digests[number], from: store.objects)
    let place = folder.place(of: digests[number])
    try flipByte(of: URL(filePath: place))
    let other = try TemporaryFolder()
    let clone = try other.openStore()
    #expect(throws: DataFolderError.objectChanged(digests[number], place: place)) { try folder.take([entries(digests)[number]], into: clone) }
    #expect(try clone.objects.totals().count == 0)
    let loose = try FileManager.default.subpathsOfDirectory(atPath: other.storeRoot.path).filter { $0.hasPrefix("objects/") || $0.hasPrefix("packs/") || $0.hasPrefix("tmp/") }
    #expect(loose == [])
  }

  @Test("a listing that is too large is refused by its size, before it is read")
  func hugeListing() throws {
    let folder = try DataFolder.make(at: stick)
    let digest = Digest(hashing: Data("never read".utf8))
    let place = folder.place(of: digest)
    try FileManager.default.createDirectory(atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: place))
    #expect(truncate(place, off_t(DataFolder.listingByteLimit + 1)) == 0)
    #expect(throws: DataFolderError.listingTooLarge(digest, byteCount: DataFolder.listingByteLimit + 1)) {
      try folder.takeListing(digest, into: store)
    }
  }

  @Test("drafts of killed writers go after a day; those of a living one stay")
  func leftovers() throws {
    let folder = try DataFolder.make(at: stick)
    try store.objects.put([contents[0]]).forEach { try folder.put($0, from: store.objects) }
    let kept = try files()
    for name in ["old", "new"] { try home.write("half", to: "stick/objects/ab/\(name).partial") }
    let old = stick.appending(path: "objects/ab/old.partial")
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: old.path)
    folder.removeLeftovers(now: Date())
    #expect(try files() == (kept + ["objects/ab/new.partial"]).sorted())
  }

  /// The files under objects/.
  private func files() throws -> [String] {
    var isFolder: ObjCBool = false
    return try FileManager.default.subpathsOfDirectory(atPath: stick.path).filter { path in
      path.hasPrefix("objects/") && FileManager.default.fileExists(atPath: stick.appending(path: path).path, isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }
}

private final class Disk: Sendable {
  let isFull = Atomic(false)
}
