import Artifacts
import Foundation
import Glibc
import Hashing
import Store
import Synchronization
import Testing

@Suite("Objects")
struct ObjectStoreTests {
  private static let limit = inlineByteLimit

  @Test("bytes come back, small ones from the database and larger ones from a pack", arguments: [0, 1, limit - 1, limit, limit + 1, 128 << 10, 131_073, 3 << 20])
  func roundTrip(byteCount: Int) throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let bytes = noise(byteCount)
    let digest = try store.objects.put(bytes)
    #expect(digest == Digest(hashing: bytes))
    #expect(try store.objects.get(digest) == bytes)
    #expect(try store.objects.byteCount(of: digest) == Int64(byteCount))
    #expect(try folder.packs().count == (byteCount > Self.limit ? 1 : 0))
    #expect(try store.fsck().isSound)
  }

  @Test("a file is stored as its bytes are, and exported again", arguments: [0, limit, limit + 1, 3 << 20])
  func files(byteCount: Int) throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let bytes = noise(byteCount, seed: 2)
    let digest = try store.objects.put(fileAt: try folder.write(bytes, to: "source"))
    #expect(digest == Digest(hashing: bytes))
    let target = try folder.write("replaced", to: "target")
    try store.objects.export(digest, to: target)
    #expect(try Data(contentsOf: target) == bytes)
    #expect(try store.fsck().leftoverCount == 0)
  }

  @Test("many small ones in one call, twice the same")
  func batch() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let contents = (0..<500).map { Data("record \($0 % 400)".utf8) }
    let digests = try store.objects.put(contents)
    #expect(try store.objects.put(contents) == digests)
    #expect(try store.objects.get(digests) == contents)
    #expect(try store.objects.totals().count == 400)
  }

  @Test("a missing object is named")
  func missing() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let digest = Digest(hashing: Data("never put".utf8))
    #expect(try !store.objects.contains(digest))
    #expect(try store.objects.byteCount(of: digest) == nil)
    #expect(throws: StoreError.objectMissing(digest)) { try store.objects.get(digest) }
    #expect(throws: StoreError.objectMissing(digest)) { try store.objects.export(digest, to: folder.url.appending(path: "x")) }
  }

  @Test("a flipped byte in a pack is found, never returned, and mended by putting again")
  func changedPack() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let bytes = noise(50_000)
    let digest = try store.objects.put(bytes)
    let place = try folder.pack()
    try flipByte(of: place)
    let expected = StoreError.objectChanged(digest, place: place.path)
    #expect(throws: expected) { try store.objects.get(digest) }
    let target = folder.url.appending(path: "target")
    #expect(throws: expected) { try store.objects.export(digest, to: target) }
    #expect(!FileManager.default.fileExists(atPath: target.path))
    #expect(expected.message.contains(digest.hex))

    #expect(try store.objects.put(bytes) == digest)
    #expect(try store.objects.get(digest) == bytes)
  }

  @Test("a changed row is found, never returned, and mended by putting again")
  func changedInline() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let bytes = Data("small".utf8)
    let digest = try store.objects.put(bytes)
    try damageDatabase(of: folder, "UPDATE inline_object SET bytes = x'00'")
    #expect(throws: StoreError.self) { try store.objects.get(digest) }
    #expect(try store.objects.put(bytes) == digest)
    #expect(try store.objects.get(digest) == bytes)
  }

  @Test("an object whose pack was cut short or deleted does not count as there", arguments: [true, false])
  func damagedPack(isDeleted: Bool) throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let digest = try store.objects.put(noise(50_000))
    if isDeleted { try FileManager.default.removeItem(at: try folder.pack()) } else { truncate(try folder.pack().path, 7) }
    #expect(try !store.objects.contains(digest))
    #expect(throws: StoreError.self) { try store.objects.get(digest) }
  }

  @Test("what is not a file is refused, and a pipe is not waited for", arguments: ["folder", "pipe"])
  func notAFile(name: String) throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let place = folder.url.appending(path: name)
    try #require((name == "pipe" ? mkfifo(place.path, 0o644) : mkdir(place.path, 0o755)) == 0)
    #expect(throws: StoreError.notAFile(path: place.path)) { try store.objects.put(fileAt: place) }
  }

  @Test("a snapshot needs its files, and is written out again with its folders")
  func snapshots() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let bytes = noise(20_000)
    let entry = Snapshot.Entry(path: "a/b/c.txt", byteCount: 20_000, digest: Digest(hashing: bytes))
    let snapshot = Snapshot(entries: [entry])
    #expect(throws: StoreError.objectMissing(entry.digest)) { try store.objects.put(snapshot) }
    _ = try store.objects.put(bytes)
    let digest = try store.objects.put(snapshot)
    #expect(try store.objects.snapshot(digest) == snapshot)
    #expect(throws: StoreError.notASnapshot(entry.digest)) { try store.objects.snapshot(entry.digest) }
    let target = folder.url.appending(path: "out")
    try store.objects.export(snapshot, to: target)
    #expect(try Data(contentsOf: target.appending(path: "a/b/c.txt")) == bytes)
  }

  @Test("a pack is flushed before it is renamed, and its folder before a row names it")
  func order() throws {
    let folder = try TemporaryFolder()
    let recorder = CallRecorder(root: folder.storeRoot.path)
    let store = try folder.openStore(calls: recorder.calls)
    recorder.forget()
    let digest = try store.objects.put(noise(50_000))
    #expect(recorder.events == ["flush tmp/*", "rename to packs/\(try folder.pack().lastPathComponent)", "flush packs"])
    #expect(try store.objects.contains(digest))
  }

  @Test("however large an object in memory is, it is handed on in windows, so that a pack ends near its limit")
  func windows() throws {
    let folder = try TemporaryFolder()
    let largest = Mutex(0)
    var calls = DiskCalls.system
    calls.write = { descriptor, bytes in
      largest.withLock { $0 = max($0, bytes.count) }
      return DiskCalls.system.write(descriptor, bytes)
    }
    let store = try folder.openStore(calls: calls)
    let bytes = noise(20 << 20)
    #expect(try store.objects.get(store.objects.put(bytes)) == bytes)
    #expect((1...(5 << 20)).contains(largest.withLock { $0 }))
  }

  @Test("a full disk is an error with path and hint; nothing is seen of what was half done, and the store goes on")
  func failingWrite() throws {
    let folder = try TemporaryFolder()
    let isFull = Atomic(false)
    var calls = DiskCalls.system
    calls.write = { descriptor, bytes in
      guard isFull.load(ordering: .relaxed) else { return DiskCalls.system.write(descriptor, bytes) }
      if bytes.count > 4096 { return DiskCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<4096])) }
      errno = ENOSPC
      return -1
    }
    let store = try folder.openStore(calls: calls)
    isFull.store(true, ordering: .relaxed)
    let bytes = noise(50_000)
    let error = #expect(throws: StoreError.self) { try store.objects.put(bytes) }
    #expect(error?.message.hasPrefix("cannot write \"\(folder.storeRoot.path)/tmp/") == true)
    #expect(error?.message.hasSuffix("no space left on device") == true)
    #expect(error?.hint?.hasPrefix("free some space") == true)
    #expect(try store.fsck() == Fsck.Report())

    isFull.store(false, ordering: .relaxed)
    #expect(try store.objects.get(store.objects.put(bytes)) == bytes)
  }

  @Test("a failing flush or rename leaves nothing behind", arguments: [true, false])
  func failingInstall(isFlush: Bool) throws {
    let folder = try TemporaryFolder()
    let fails = Atomic(false)
    var calls = DiskCalls.system
    if isFlush {
      calls.synchronize = { descriptor in
        guard fails.load(ordering: .relaxed) else { return fsync(descriptor) }
        errno = EIO
        return -1
      }
    } else {
      calls.rename = { from, to in
        guard fails.load(ordering: .relaxed) else { return Glibc.rename(from, to) }
        errno = EACCES
        return -1
      }
    }
    let store = try folder.openStore(calls: calls)
    fails.store(true, ordering: .relaxed)
    #expect(throws: StoreError.self) { try store.objects.put(noise(50_000)) }
    #expect(try store.fsck() == Fsck.Report())
  }

  @Test("a file system that is really full", .enabled(if: SmallFileSystem.canMount))
  func fullDisk() throws {
    let disk = try SmallFileSystem(byteCount: 2 << 20)
    let store = try WritableStore.open(at: disk.url.appending(path: ".soulpack"), command: "test")
    let kept = try store.objects.put(Data("kept".utf8))
    #expect(throws: StoreError.self) { try store.objects.put(noise(4 << 20)) }
    // Small ones go to the database, which must fail as cleanly.
    let error = #expect(throws: StoreError.self) {
      for seed in 0..<1000 { _ = try store.objects.put(noise(16_000, seed: UInt64(seed))) }
    }
    #expect(error?.hint?.hasPrefix("free some space") == true)
    #expect(try store.objects.get(kept) == Data("kept".utf8))
    #expect(try store.fsck().isSound)
    try store.close()
  }
}

/// Writes down what is flushed and renamed, by paths within the store.
private final class CallRecorder: Sendable {
  private let root: String
  private let log = Mutex<[String]>([])

  init(root: String) { self.root = root }

  var events: [String] { log.withLock { $0 } }
  func forget() { log.withLock { $0 = [] } }

  var calls: DiskCalls {
    var calls = DiskCalls.system
    calls.synchronize = { descriptor in
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.bindMemory(to: CChar.self).baseAddress.map { readlink("/proc/self/fd/\(descriptor)", $0, bytes.count) } ?? 0
      }
      let path = self.relative(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
      self.log.withLock { $0.append("flush " + (path.hasPrefix("tmp/") ? "tmp/*" : path)) }
      return fsync(descriptor)
    }
    calls.rename = { from, to in
      self.log.withLock { $0.append("rename to " + self.relative(to)) }
      return Glibc.rename(from, to)
    }
    return calls
  }

  private func relative(_ path: String) -> String { String(path.dropFirst(root.count + 1)) }
}

/// A tmpfs of a given size, for who may mount one.
private final class SmallFileSystem {
  let url: URL

  static let canMount: Bool = {
    do {
      _ = try SmallFileSystem(byteCount: 1 << 20)
      return true
    } catch {
      return false
    }
  }()

  init(byteCount: Int) throws {
    let place = URL(filePath: "/tmp/soulpack-small-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    guard mount("none", place.path, "tmpfs", 0, "size=\(byteCount)") == 0 else {
      let code = errno
      try FileManager.default.removeItem(at: place)
      throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EPERM)
    }
    url = place
  }

  deinit {
    umount2(url.path, Int32(MNT_DETACH))
    rmdir(url.path)
  }
}
