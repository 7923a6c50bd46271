import Artifacts
import Foundation
import Glibc
import Hashing
import Store
import Synchronization
import Testing

/// A scan that believes what it may must find what one finds that reads everything.
@Suite("Status: what is believed is what would be read")
struct StatusTests {
  /// A clock an hour ahead: no file is so young that its status is not believed.
  private let later: @Sendable () -> Int64 = { FolderScanner.systemClock() + 3_600_000_000_000 }

  /// Names around the slash (0x2F), around eight bytes, and beyond ASCII.
  private static let names = [
    "a", "a-", "a.b", "a0", "ab", "abcdefg", "abcdefgh", "abcdefgh-", "abcdefgh0", "abcdefghi", "abcdefgi", "é", "éa", "z", "日本",
  ]

  @Test("over random edits, a scan and a probe with a store find what a probe without one reads, and say what changed", arguments: 0..<6 as Range<UInt64>)
  func randomEdits(seed: UInt64) async throws {
    var random = Lots(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let source = folder.url.appending(path: "letters")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    let scanner = FolderScanner(store, clock: later)
    var last: FolderScanner.Scan?
    for _ in 0..<12 {
      for _ in 0..<Int.random(in: 0...12, using: &random) { try edit(source, &random) }
      let read = try FolderProbe(nil, storeRoot: folder.storeRoot).scan(source)
      let probed = try FolderProbe(store.reading, storeRoot: folder.storeRoot).scan(source)
      let scanned = try await scanner.scan(source)
      #expect(scanned.snapshot == read.snapshot && probed.snapshot == read.snapshot)
      #expect(scanned.digest == read.digest && probed.digest == read.digest)
      #expect(scanned.digest == Digest(hashing: read.snapshot.canonical))
      #expect(scanned.fileCount == read.snapshot.entries.count && scanned.byteCount == read.snapshot.byteCount)
      #expect(scanned.since?.changes == last.map { VersionChanges(from: $0.snapshot, to: read.snapshot) })
      #expect(scanned.since?.snapshot == last?.digest && scanned.disguised == [])
      #expect(try store.objects.missing(read.snapshot.entries.map(\.digest)) == [])
      last = scanned
    }
    #expect(try await scanner.scan(source).filesRead == 0)
    #expect(try store.fsck().isSound)
  }

  /// One file or folder comes, changes, goes or becomes the other.
  private func edit(_ source: URL, _ random: inout Lots) throws {
    let depth = Int.random(in: 1...3, using: &random)
    let parts = (0..<depth).map { _ in Self.names[Int.random(in: 0..<Self.names.count, using: &random)] }
    let place = source.appending(path: parts.joined(separator: "/"))
    if Int.random(in: 0..<4, using: &random) == 0 {
      if FileManager.default.fileExists(atPath: place.path) { try FileManager.default.removeItem(at: place) }
      return
    }
    // Whatever is in the way of a folder or of the file goes.
    for count in 1..<depth {
      let above = source.appending(path: parts[..<count].joined(separator: "/"))
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: above.path, isDirectory: &isFolder), !isFolder.boolValue { try FileManager.default.removeItem(at: above) }
    }
    if FileManager.default.fileExists(atPath: place.path) { try FileManager.default.removeItem(at: place) }
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try noise(Int.random(in: 0...40, using: &random), seed: random.next()).write(to: place)
  }

  @Test("the files of a large folder, which several threads look at, are all found, in order, and known the next time")
  func largeFolder() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let source = folder.url.appending(path: "letters")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    let names = (0..<5000).map { "\($0 % 3)-\($0)" }
    for name in names { close(creat(source.path + "/" + name, 0o644)) }
    let scanner = FolderScanner(store, clock: later)
    let first = try await scanner.scan(source)
    #expect(first.snapshot.entries.map(\.path) == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    let descriptor = open(source.path + "/" + names[4321], O_WRONLY)
    try #require(write(descriptor, "x", 1) == 1)
    close(descriptor)
    let second = try await scanner.scan(source)
    #expect(second.filesRead == 1 && second.since?.changes == VersionChanges(from: first.snapshot, to: second.snapshot))
  }

  @Test("few changes are one pack, flushed once with its folder, and one version; many are committed by each thread that read them")
  func oneCommit() async throws {
    let flushes = Atomic(0)
    var calls = DiskCalls.system
    calls.synchronize = { descriptor in
      flushes.add(1, ordering: .relaxed)
      return fsync(descriptor)
    }
    let folder = try TemporaryFolder()
    let store = try folder.openStore(calls: calls)
    let source = folder.url.appending(path: "letters")
    for number in 0..<2100 { try folder.write("text \(number)", to: "letters/f\(number)") }
    let scanner = FolderScanner(store, clock: later)
    let first = try await scanner.scan(source, isKept: true)
    for number in 0..<20 { try folder.write(noise(5000, seed: UInt64(number)), to: "letters/f\(number)") }
    let packs = try folder.packs().count
    flushes.store(0, ordering: .relaxed)
    let second = try await scanner.scan(source, isKept: true)
    #expect(second.filesRead == 20 && flushes.load(ordering: .relaxed) == 2)
    #expect(try folder.packs().count == packs + 1)
    #expect(try store.versions.all(of: source).map(\.digest) == [second.digest, first.digest])
    #expect(try store.fsck().isSound)
  }

  @Test("the members of a listing are found whatever order they came in, each once", arguments: [10, 900, 6000])
  func members(count: Int) throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let digests = try store.objects.put((0..<count).map { Data("text \($0)".utf8) })
    let holders = try [digests + digests, digests.reversed(), digests.shuffled()].enumerated().map { number, members in
      try store.objects.put(Data("holder \(number)".utf8), holding: members)
    }
    for member in [digests[0], digests[count / 2], digests[count - 1]] { #expect(try store.lineage.holders(of: member) == holders.sorted()) }
    // The list of many members is an object, the same for each holder since it is sorted; without repeats its size is that of the members.
    #expect(try store.objects.totals().count == count + 3)
    #expect(try store.fsck().isSound)
    #expect(throws: StoreError.self) { try store.objects.put(Data("another".utf8), holding: digests + [Digest(hashing: Data("not there".utf8))]) }
  }

  @Test("files behind links keep their places beside others, and are known the next time")
  func links() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let source = folder.url.appending(path: "letters")
    for path in ["real/a", "real/deep/b", "m", "z"] { try folder.write("text of \(path)", to: "letters/" + path) }
    try folder.link("letters/l", to: "real")
    try folder.link("letters/l-file", to: "z")
    try folder.link("letters/real/deep/up", to: "../../m")
    let scanner = FolderScanner(store, clock: later)
    let first = try await scanner.scan(source)
    let paths = ["l-file", "l/a", "l/deep/b", "l/deep/up", "m", "real/a", "real/deep/b", "real/deep/up", "z"]
    #expect(first.snapshot.entries.map(\.path) == paths)
    #expect(first.snapshot["l/deep/up"]?.digest == Digest(hashing: Data("text of m".utf8)))
    #expect(first.snapshot["l-file"]?.digest == Digest(hashing: Data("text of z".utf8)))
    let second = try await scanner.scan(source)
    #expect(second.filesRead == 0 && second.digest == first.digest)
    try folder.write("another text", to: "letters/real/a")
    let third = try await scanner.scan(source)
    #expect(third.filesRead == 2 && third.since?.changes == VersionChanges(from: first.snapshot, to: third.snapshot))
  }
}

/// Xorshift: the same draws for the same seed.
private struct Lots: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
