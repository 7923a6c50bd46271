import Artifacts
import Foundation
import Hashing
import Store
import Testing

@Suite("Opening a store")
struct OpenStoreTests {
  @Test("a new store ignores itself and has its folders")
  func layout() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let names = try FileManager.default.contentsOfDirectory(atPath: store.root.path)
    #expect(Set(names).isSuperset(of: [".gitignore", "lock", "objects", "store.sqlite", "tmp", "work"]))
    #expect(try String(contentsOf: store.root.appending(path: ".gitignore"), encoding: .utf8) == "*\n")
  }

  @Test("what was put is there after closing and opening again, for a writer and for a reader")
  func reopening() throws {
    let folder = try TemporaryFolder()
    let small = Data("small".utf8)
    let large = noise(100_000)
    let first = try folder.openStore()
    let digests = [try first.objects.put(small), try first.objects.put(large)]
    try first.close()

    let reader = try ReadableStore.open(at: folder.storeRoot)
    #expect(try reader.objects.get(digests) == [small, large])
    let second = try folder.openStore()
    #expect(try second.objects.get(digests) == [small, large])
  }

  @Test("a reader reads while another writes, and sees what was committed")
  func concurrentReader() throws {
    let folder = try TemporaryFolder()
    let writer = try folder.openStore()
    let reader = try ReadableStore.open(at: folder.storeRoot)
    let digest = try writer.objects.put(Data("later".utf8))
    #expect(try reader.objects.get(digest) == Data("later".utf8))
  }

  @Test("there is nothing to read where no store was made, and reading makes none")
  func absent() throws {
    let folder = try TemporaryFolder()
    #expect(throws: StoreError.absent(path: folder.storeRoot.path)) { try ReadableStore.open(at: folder.storeRoot) }
    #expect(!FileManager.default.fileExists(atPath: folder.storeRoot.path))
  }

  @Test("a store of a newer soulpack is refused, naming both versions, and nothing in it changes")
  func newer() throws {
    let folder = try TemporaryFolder()
    try folder.openStore().close()
    try damageDatabase(of: folder, "PRAGMA user_version = 99")
    let leftover = try folder.write("x", to: ".soulpack/work/step/file")
    let expected = StoreError.newer(path: folder.storeRoot.path + "/store.sqlite", found: 99, supported: 3)
    #expect(throws: expected) { try folder.openStore() }
    #expect(throws: expected) { try ReadableStore.open(at: folder.storeRoot) }
    #expect(expected.message.contains("version 99") && expected.message.contains("up to 3"))
    #expect(FileManager.default.fileExists(atPath: leftover.path))
  }

  @Test("a store of version 1 keeps its builds when a writer brings it up to date; until then a reader is told so")
  func versionOne() throws {
    let folder = try TemporaryFolder()
    let first = try folder.openStore()
    let build = try first.builds.begin(goal: "build", recipe: "a.yaml", at: Date(timeIntervalSince1970: 0))
    try first.close()
    try damageDatabase(
      of: folder,
      versionTwo + "ALTER TABLE build DROP COLUMN recipe; ALTER TABLE build DROP COLUMN is_trial; PRAGMA user_version = 1")
    #expect(throws: StoreError.older(path: folder.storeRoot.path + "/store.sqlite", found: 1, supported: 3)) {
      try ReadableStore.open(at: folder.storeRoot)
    }
    let entry = try #require(try folder.openStore().builds.last(1).first)
    #expect(entry.id == build && entry.goal == "build" && entry.recipe == nil && !entry.isTrial)
    #expect(try ReadableStore.open(at: folder.storeRoot).builds.last(1) == [entry])
  }

  @Test("a store of version 2 keeps its objects, those in files of their own too, when a writer brings it up to date")
  func versionTwoObjects() throws {
    let folder = try TemporaryFolder()
    try folder.openStore().close()
    let (small, large) = (Data("small".utf8), noise(300_000))
    let digests = [Digest(hashing: small), Digest(hashing: large)]
    try folder.write(large, to: ".soulpack/objects/\(digests[1].hex.prefix(2))/\(digests[1].hex.dropFirst(2))")
    let rows = "(x'\(digests[0].hex)', 5, x'\(hexadecimal(small))'), (x'\(digests[1].hex)', 300000, NULL)"
    try damageDatabase(of: folder, versionTwo + "INSERT INTO object VALUES \(rows); PRAGMA user_version = 2")

    let store = try folder.openStore()
    #expect(try store.objects.get(digests) == [small, large])
    #expect(try store.objects.open(digests[1]).read(299_990..<300_000) == large.suffix(10))
    let report = try store.fsck()
    #expect(report.isSound && report.objectCount == 2 && report.orphanCount == 0)
    // What is there is not written again, and what is taken out is gone.
    _ = try store.objects.put([small, large])
    try store.objects.remove(digests)
    #expect(try store.objects.missing(digests) == digests)
    #expect(try store.fsck() == Fsck.Report())
  }

  @Test("a folder of somebody else's is refused and left alone", arguments: ["work/thesis.txt", "store.txt", "tmp/a"])
  func foreignFolder(file: String) throws {
    let folder = try TemporaryFolder()
    let theirs = try folder.write("mine", to: ".soulpack/" + file)
    #expect(throws: StoreError.notAStore(path: folder.storeRoot.path)) { try folder.openStore() }
    #expect(try String(contentsOf: theirs, encoding: .utf8) == "mine")
  }

  @Test("a database of somebody else's is refused")
  func foreignDatabase() throws {
    let folder = try TemporaryFolder()
    try folder.write("", to: ".soulpack/lock")
    try damageDatabase(of: folder, "CREATE TABLE theirs (x); PRAGMA user_version = 1; PRAGMA application_id = 7")
    #expect(throws: StoreError.notAStore(path: folder.storeRoot.path + "/store.sqlite")) { try folder.openStore() }
  }

  @Test("a file that is no database is an error that says how to go on")
  func notADatabase() throws {
    let folder = try TemporaryFolder()
    try folder.write(noise(8192), to: ".soulpack/store.sqlite")
    let error = #expect(throws: StoreError.self) { try folder.openStore() }
    #expect(error?.hint?.contains("delete its folder") == true)
  }

  @Test("a making that was cut short is completed", arguments: [[], ["lock"], ["lock", "store.sqlite"]])
  func halfMade(names: [String]) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: folder.storeRoot, withIntermediateDirectories: true)
    for name in names { try folder.write("", to: ".soulpack/" + name) }
    let store = try folder.openStore()
    #expect(try store.objects.get(store.objects.put(Data([1]))) == Data([1]))
  }

  @Test("a work folder is new each time, and the next writer removes it and what was in tmp")
  func workFolders() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let one = try store.makeWorkFolder("train.letters/1")
    let other = try store.makeWorkFolder("train.letters/1")
    #expect(one != other)
    #expect(one.deletingLastPathComponent().lastPathComponent == "work")
    try store.removeWorkFolder(other)
    #expect(!FileManager.default.fileExists(atPath: other.path))
    try Data("half".utf8).write(to: one.appending(path: "output"))
    try folder.write("half", to: ".soulpack/tmp/half")
    try store.close()

    let next = try folder.openStore()
    #expect(try next.fsck().leftoverCount == 0)
  }

  @Test("a store whose making was killed before it was in WAL mode is made again, and a reader is told that a build will")
  func halfMade() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: folder.storeRoot, withIntermediateDirectories: true)
    // Spilling the cache writes the database and makes its journal hot, https://www.sqlite.org/lockingv3.html#hot_journals.
    let script = """
      import os, signal, sqlite3, sys
      open(os.path.dirname(sys.argv[1]) + "/lock", "w").close()
      base = sqlite3.connect(sys.argv[1], isolation_level=None)
      for line in ["PRAGMA cache_size = 1", "CREATE TABLE a (x)", "INSERT INTO a VALUES (randomblob(90000))", "BEGIN", "DROP TABLE a", "CREATE TABLE b (x)"]:
        base.execute(line)
      for _ in range(50): base.execute("INSERT INTO b VALUES (randomblob(9000))")
      os.kill(os.getpid(), signal.SIGKILL)
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, folder.storeRoot.path + "/store.sqlite"]
    try process.run()
    process.waitUntilExit()
    try #require(FileManager.default.fileExists(atPath: folder.storeRoot.path + "/store.sqlite-journal"))
    let error = #expect(throws: StoreError.self) { try ReadableStore.open(at: folder.storeRoot) }
    #expect(error?.hint == "the next build brings it up to date")
    let store = try folder.openStore()
    #expect(try store.objects.get(try store.objects.put(noise(300))) == noise(300))
  }

}

/// Turns a new store into one of version 2, before there were packs.
private let versionTwo = """
  DROP TABLE object; DROP TABLE inline_object; DROP TABLE doomed; DROP TABLE pack; DROP TABLE removal; DROP TABLE holder;
  DROP TABLE version; DROP TABLE memo; CREATE TABLE file_status (path TEXT PRIMARY KEY) STRICT;
  CREATE TABLE object (
    digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32), byte_count INTEGER NOT NULL, bytes BLOB) STRICT;

  """
