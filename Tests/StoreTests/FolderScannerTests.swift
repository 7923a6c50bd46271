import Artifacts
import Foundation
import Glibc
import Hashing
import Store
import Synchronization
import Testing

@Suite("Scanning folders")
struct FolderScannerTests {
  /// A clock an hour ahead: no file is so young that its status is not believed.
  private let later: @Sendable () -> Int64 = { FolderScanner.systemClock() + 3_600_000_000_000 }

  @Test("the snapshot of a folder lists its visible files by bytes, and they are in the store")
  func folder() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let contents = ["z": Data(), "a.txt": noise(10), "a/b": noise(50_000), "é": noise(5), "A": Data("A".utf8), "a/.hidden": noise(3)]
    for (path, bytes) in contents { try folder.write(bytes, to: path) }
    try folder.write("x", to: ".git/config")
    try folder.write("x", to: ".env")

    let scan = try await FolderScanner(store).scan(folder.url)
    #expect(scan.snapshot.entries.map(\.path) == ["A", "a.txt", "a/b", "z", "é"])
    for entry in scan.snapshot.entries {
      #expect(try store.objects.get(entry.digest) == contents[entry.path])
      #expect(Int(entry.byteCount) == contents[entry.path]?.count)
    }
    #expect(try store.objects.snapshot(scan.digest) == scan.snapshot)
    #expect(scan.digest == Digest(hashing: scan.snapshot.canonical))
  }

  @Test("the same bytes elsewhere, written in another order, are the same snapshot")
  func reproducible() async throws {
    let names = (0..<600).map { "d\($0 % 7)/f\($0)" }
    var digests: Set<Digest> = []
    for order in [names, names.reversed()] {
      let folder = try TemporaryFolder()
      for name in order { try folder.write("text of \(name)", to: name) }
      digests.insert(try await FolderScanner(try folder.openStore()).scan(folder.url).digest)
    }
    #expect(digests.count == 1)
  }

  @Test("one file is a snapshot with its name; nothing is an error")
  func oneFile() async throws {
    let folder = try TemporaryFolder()
    let scanner = FolderScanner(try folder.openStore())
    let file = try folder.write("text", to: "letters.jsonl")
    #expect(try await scanner.scan(file).snapshot.entries.map(\.path) == ["letters.jsonl"])
    let nothing = folder.url.appending(path: "nothing")
    await #expect(throws: ScanError.absent(path: nothing.path)) { try await scanner.scan(nothing) }
  }

  @Test("an empty folder is an empty snapshot")
  func empty() async throws {
    let folder = try TemporaryFolder()
    #expect(try await FolderScanner(try folder.openStore()).scan(folder.url).snapshot.entries == [])
  }

  @Test("the store is passed over wherever it lies, and a step's folder inside it can be scanned")
  func storeInside() async throws {
    let folder = try TemporaryFolder()
    let store = try WritableStore.open(at: folder.url.appending(path: "visible"), command: "test")
    try folder.write("x", to: "letter")
    #expect(try await FolderScanner(store).scan(folder.url).snapshot.entries.map(\.path) == ["letter"])
    let work = try store.makeWorkFolder("step")
    try Data("y".utf8).write(to: work.appending(path: "output"))
    #expect(try await FolderScanner(store).scan(work).snapshot.entries.map(\.path) == ["output"])
  }

  // MARK: - Links

  @Test("a link that stays inside is followed, to a file and to a folder")
  func innerLinks() async throws {
    let folder = try TemporaryFolder()
    try folder.write("text", to: "real/file")
    try folder.link("file", to: "real/file")
    try folder.link("elsewhere/folder", to: "../real")
    let snapshot = try await FolderScanner(try folder.openStore()).scan(folder.url).snapshot
    #expect(snapshot.entries.map(\.path) == ["elsewhere/folder/file", "file", "real/file"])
    #expect(Set(snapshot.entries.map(\.digest)) == [Digest(hashing: Data("text".utf8))])
  }

  @Test("a link that cannot be followed faithfully is refused by name")
  func refusedLinks() async throws {
    typealias Case = (link: String, target: String, error: @Sendable (String) -> ScanError)
    let cases: [Case] = [
      ("out", "/etc/passwd", { .linkLeavesFolder(path: $0) }), ("up", "..", { .linkLeavesFolder(path: $0) }),
      ("beside", "../\(#function)-beside", { .linkLeadsNowhere(path: $0) }), ("nowhere", "gone", { .linkLeadsNowhere(path: $0) }),
      ("itself", "itself", { .linkLoops(path: $0) }), ("here", ".", { .linkLoops(path: $0) }),
      ("sub/loop", "../sub", { .linkLoops(path: $0) }), ("git", ".git/config", { .linkLeadsIntoState(path: $0) }),
      ("null", "/dev/null", { .linkLeavesFolder(path: $0) }),
    ]
    for (link, target, error) in cases {
      let folder = try TemporaryFolder()
      try folder.write("secret", to: ".git/config")
      try folder.link(link, to: target)
      let expected = error(folder.url.path + "/" + link)
      await #expect(throws: expected) { try await FolderScanner(try folder.openStore()).scan(folder.url) }
    }
  }

  @Test("a folder whose name begins like the root's is outside of it")
  func siblingPrefix() async throws {
    let folder = try TemporaryFolder()
    try folder.write("secret", to: "letters-private/file")
    try folder.link("letters/link", to: "../letters-private/file")
    let link = folder.url.path + "/letters/link"
    await #expect(throws: ScanError.linkLeavesFolder(path: link)) {
      try await FolderScanner(try folder.openStore()).scan(folder.url.appending(path: "letters"))
    }
  }

  @Test("links into the store are refused")
  func linkIntoStore() async throws {
    let folder = try TemporaryFolder()
    let store = try WritableStore.open(at: folder.url.appending(path: "visible"), command: "test")
    try folder.link("link", to: "visible/log")
    try store.log.append("built", at: .now)
    await #expect(throws: ScanError.linkLeadsIntoState(path: folder.url.path + "/link")) { try await FolderScanner(store).scan(folder.url) }
  }

  @Test("few links that mean very many paths are refused")
  func linkBomb() async throws {
    let folder = try TemporaryFolder()
    for level in 0..<40 {
      try folder.link("level\(level)/a", to: "../level\(level + 1)")
      try folder.link("level\(level)/b", to: "../level\(level + 1)")
    }
    try folder.write("x", to: "level40/file")
    await #expect {
      try await FolderScanner(try folder.openStore()).scan(folder.url)
    } throws: { error in
      guard case .linksNestedTooDeep? = error as? ScanError else { return false }
      return true
    }
  }

  // MARK: - Names and kinds

  @Test("a name that is not UTF-8 is refused and shown escaped")
  func notUTF8() async throws {
    let folder = try TemporaryFolder()
    let name = Array("\(folder.url.path)/letter-".utf8) + [0xFF, 0x0A, 0]
    let descriptor = name.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { creat($0, 0o644) } }
    }
    close(try #require(descriptor))
    await #expect(throws: ScanError.nameIsNotUTF8(path: folder.url.path + #"/letter-\xff\x0a"#)) {
      try await FolderScanner(try folder.openStore()).scan(folder.url)
    }
  }

  @Test("two names that only normalisation tells apart are refused")
  func clashingNames() async throws {
    let folder = try TemporaryFolder()
    for name in ["caf\u{E9}", "cafe\u{301}"] {
      let descriptor = creat(folder.url.path + "/" + name, 0o644)
      try #require(descriptor >= 0)
      close(descriptor)
    }
    await #expect(throws: ScanError.namesClash(path: folder.url.path + "/caf\u{E9}")) {
      try await FolderScanner(try folder.openStore()).scan(folder.url)
    }
  }

  @Test("a pipe is refused, not waited for")
  func pipe() async throws {
    let folder = try TemporaryFolder()
    try #require(mkfifo(folder.url.path + "/pipe", 0o644) == 0)
    await #expect(throws: ScanError.notAFile(path: folder.url.path + "/pipe")) {
      try await FolderScanner(try folder.openStore()).scan(folder.url)
    }
  }

  // MARK: - Tainted input

  @Test("a file that vanishes, shrinks or grows while the folder is read is an error with its path", arguments: ["vanish", "shrink", "grow", "rewrite", "pipe"])
  func tainted(how: String) async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(noise(30_000), to: "letter")
    let scanner = FolderScanner(try folder.openStore(), willRead: { _ in
      switch how {
      case "vanish": unlink(file.path)
      case "pipe":
        unlink(file.path)
        mkfifo(file.path, 0o644)
      case "shrink": truncate(file.path, 10)
      case "grow": truncate(file.path, 60_000)
      default:
        do { try noise(30_000, seed: 9).write(to: file) } catch { Issue.record(error) }
      }
    })
    let expected: ScanError = how == "vanish" ? .vanished(path: file.path) : .changedWhileRead(path: file.path)
    await #expect(throws: expected) { try await scanner.scan(folder.url) }
  }

  @Test("an unreadable file or folder is an error with its path and a hint", arguments: ["letter", "folder"])
  func unreadable(name: String) async {
    await #expect(processExitsWith: .success) { [name = name as String] in
      if getuid() == 0 { try #require(setuid(65534) == 0) }  // root may read everything
      let folder = try TemporaryFolder()
      let file = try folder.write("text", to: name == "folder" ? "folder/letter" : "letter")
      let locked = name == "folder" ? file.deletingLastPathComponent() : file
      chmod(locked.path, 0)
      let error = await #expect(throws: ScanError.self) { try await FolderScanner(try folder.openStore()).scan(folder.url) }
      chmod(locked.path, 0o755)
      #expect(error == ScanError.unreadable(path: folder.url.path + "/" + name, code: EACCES))
      #expect(error?.hint != nil)
    }
  }

  // MARK: - The cache of statuses

  @Test("a second scan reads nothing, and one changed file is all that a third one reads")
  func cache() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    for number in 0..<300 { try folder.write("text \(number)", to: "f\(number)") }
    let first = try await FolderScanner(store, clock: later).scan(folder.url)
    #expect(first.filesRead == 300)
    let second = try await FolderScanner(store, clock: later).scan(folder.url)
    #expect(second.filesRead == 0)
    #expect(second.digest == first.digest)
    try folder.write("another text", to: "f7")
    let third = try await FolderScanner(store, clock: later).scan(folder.url)
    #expect(third.filesRead == 1)
    #expect(third.digest != first.digest)
  }

  @Test("a file as young as the scan is read again by the next one", arguments: [(0, 1), (1_900_000_000, 1), (2_100_000_000, 0)])
  func racy(nanosecondsAfter age: Int64, filesRead: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let file = try folder.write("text", to: "letter")
    var status = stat()
    try #require(stat(file.path, &status) == 0)
    let changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    let scanner = FolderScanner(store, clock: { changed + age })
    _ = try await scanner.scan(folder.url)
    #expect(try await scanner.scan(folder.url).filesRead == filesRead)
  }

  @Test("changed bytes of the same size, with the time set back, are seen")
  func disguisedChange() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let file = try folder.write("one", to: "letter")
    var before = stat()
    try #require(stat(file.path, &before) == 0)
    let first = try await FolderScanner(store, clock: later).scan(folder.url)
    try await Task.sleep(for: .milliseconds(30))  // more than a tick of the file system's clock
    let descriptor = open(file.path, O_WRONLY)
    try #require(write(descriptor, "two", 3) == 3)
    close(descriptor)
    utimensat(AT_FDCWD, file.path, [before.st_atim, before.st_mtim], 0)
    let second = try await FolderScanner(store, clock: later).scan(folder.url)
    #expect(second.snapshot["letter"]?.digest == Digest(hashing: Data("two".utf8)))
    #expect(first.digest != second.digest)
  }

  @Test("an object that was lost is stored again, though the file's status is known", arguments: [10, 50_000])
  func lostObject(byteCount: Int) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    try folder.write(noise(byteCount), to: "letter")
    let first = try await FolderScanner(store, clock: later).scan(folder.url)
    try store.objects.remove([first.snapshot.entries[0].digest])
    let second = try await FolderScanner(store, clock: later).scan(folder.url)
    #expect(second.filesRead == 1)
    #expect(try store.objects.get(second.snapshot.entries[0].digest) == noise(byteCount))
  }

  @Test("a check says which files are no longer as they were")
  func recheck() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    for name in ["same", "changed", "longer", "gone", "d/x"] { try folder.write(name, to: name) }
    let scanner = FolderScanner(store)
    let scan = try await scanner.scan(folder.url)
    #expect(try scanner.recheck(scan.snapshot, at: folder.url) == [])
    try folder.write("CHANGED", to: "changed")
    try folder.write("longer than before", to: "longer")
    try folder.write("new", to: "added")
    try FileManager.default.removeItem(at: folder.url.appending(path: "gone"))
    #expect(
      try scanner.recheck(scan.snapshot, at: folder.url) == [
        .init(path: "added", kind: .added), .init(path: "changed", kind: .changed), .init(path: "gone", kind: .missing),
        .init(path: "longer", kind: .changed),
      ])
  }

  @Test("many files are read by several threads, each once")
  func parallel() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    for number in 0..<1500 { try folder.write("text \(number % 1000)", to: "d\(number % 10)/f\(number)") }
    let seen = Mutex<[String: Int]>([:])
    let scan = try await FolderScanner(store, willRead: { path in seen.withLock { $0[path, default: 0] += 1 } }).scan(folder.url)
    #expect(scan.snapshot.entries.count == 1500)
    #expect(seen.withLock { $0.count } == 1500)
    #expect(seen.withLock { $0.values.allSatisfy { $0 == 1 } })
    #expect(try store.fsck().isSound)
  }
}
