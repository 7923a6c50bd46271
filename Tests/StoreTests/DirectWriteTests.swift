import Artifacts
import Foundation
import Glibc
import Store
import Synchronization
import Testing

@Suite("Packs written past the page cache")
struct DirectWriteTests {
  private static let blockByteCount = 4 << 20
  /// Two blocks of a pack and a part of one, in objects that lie across their borders.
  private static let contents = [noise(3 << 20, seed: 1), noise(70_001, seed: 2), noise((6 << 20) + 333, seed: 3), noise(1, seed: 4)]

  @Test("the same objects come back, and the pack has the same bytes as one that went through the cache")
  func sameBytes() throws {
    var packs: [Data] = []
    for isReadSoon in [true, false] {
      let folder = try TemporaryFolder()
      let store = try folder.openStore()
      let digests = try store.objects.withBatch(isReadSoon: isReadSoon) { batch in try Self.contents.map { try batch.add($0) } }
      #expect(try store.objects.get(digests) == Self.contents)
      #expect(try store.fsck().isSound)
      packs.append(try Data(contentsOf: try folder.pack()))
    }
    #expect(packs[0] == packs[1] && packs[0].count > 2 * Self.blockByteCount)
  }

  @Test("a file system that refuses direct writes, or ends one early, is written to in the usual way", arguments: [-1, 0, 512, 100_001])
  func refused(directByteCount: Int) throws {
    let refusals = Atomic(0)
    var calls = DiskCalls.system
    calls.write = { descriptor, bytes in
      let isDirect = fcntl(descriptor, F_GETFL) & 0x4000 != 0  // O_DIRECT of Linux on x86, which Swift does not see
      guard isDirect || refusals.load(ordering: .relaxed) == 0 && bytes.count == Self.blockByteCount else {
        return DiskCalls.system.write(descriptor, bytes)
      }
      refusals.add(1, ordering: .relaxed)
      guard directByteCount > 0 else {
        errno = EINVAL
        return directByteCount
      }
      return isDirect
        ? pwriteUsually(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<directByteCount]))
        : DiskCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<directByteCount]))
    }
    let folder = try TemporaryFolder()
    let store = try folder.openStore(calls: calls)
    let digests = try store.objects.withBatch(isReadSoon: false) { batch in try Self.contents.map { try batch.add($0) } }
    #expect(try store.objects.get(digests) == Self.contents)
    #expect(try store.fsck().isSound)
    #expect(refusals.load(ordering: .relaxed) == 1)
  }

  @Test("a disk that fills up meanwhile is an error with path and hint, nothing is left, and the store goes on", arguments: [0, 1, 2])
  func full(afterBlocks limit: Int) throws {
    let written = Atomic(0)
    let isFull = Atomic(true)
    var calls = DiskCalls.system
    calls.write = { descriptor, bytes in
      guard isFull.load(ordering: .relaxed), bytes.count > 4096, written.add(1, ordering: .relaxed).oldValue >= limit else {
        return DiskCalls.system.write(descriptor, bytes)
      }
      errno = ENOSPC
      return -1
    }
    let folder = try TemporaryFolder()
    let store = try folder.openStore(calls: calls)
    let error = #expect(throws: StoreError.self) {
      try store.objects.withBatch(isReadSoon: false) { batch in for bytes in Self.contents { _ = try batch.add(bytes) } }
    }
    #expect(error?.message.hasSuffix("no space left on device") == true)
    #expect(error?.hint?.hasPrefix("free some space") == true)
    #expect(try store.fsck() == Fsck.Report())
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.storeRoot.path + "/tmp") == [])

    isFull.store(false, ordering: .relaxed)
    let digests = try store.objects.withBatch(isReadSoon: false) { batch in try Self.contents.map { try batch.add($0) } }
    #expect(try store.objects.get(digests) == Self.contents)
  }

  @Test("a batch that throws while a block is being written leaves nothing")
  func throwing() throws {
    struct Stop: Error {}
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    #expect(throws: Stop.self) {
      try store.objects.withBatch(isReadSoon: false) { batch in
        for seed in 0..<3 { _ = try batch.add(noise(Self.blockByteCount, seed: UInt64(seed))) }
        throw Stop()
      }
    }
    #expect(try store.fsck() == Fsck.Report())
  }

  @Test("a large file that grows, shrinks or goes while it is taken in is an error with its path, and nothing of it is kept", arguments: ["grow", "shrink", "vanish"])
  func tainted(how: String) async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(noise(9 << 20), to: "letters/large")
    let store = try folder.openStore()
    let scanner = FolderScanner(store, willRead: { _ in
      switch how {
      case "grow": truncate(file.path, 10 << 20)
      case "shrink": truncate(file.path, 5 << 20)
      default: unlink(file.path)
      }
    })
    let expected: ScanError = how == "vanish" ? .vanished(path: file.path) : .changedWhileRead(path: file.path)
    await #expect(throws: expected) { try await scanner.scan(folder.url.appending(path: "letters"), isKept: true) }
    #expect(try store.fsck() == Fsck.Report())
  }

  @Test("killed at any moment, the store is sound, and the same folder is taken in whole", arguments: [2, 15, 40, 80, 140] as [UInt32])
  func killed(afterMilliseconds delay: UInt32) async throws {
    let folder = try TemporaryFolder()
    for number in 0..<4 { try folder.write(noise(5 << 20, seed: UInt64(number)), to: "letters/f\(number)") }
    try folder.openStore().close()
    let path = folder.url.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, delay = delay as UInt32] in
      let root = URL(filePath: path, directoryHint: .isDirectory)
      let store = try WritableStore.open(at: root.appending(path: ".soulpack"), command: "test")
      Thread.detachNewThread {
        usleep(delay * 1000)
        kill(getpid(), SIGKILL)
      }
      _ = try await FolderScanner(store).scan(root.appending(path: "letters"), isKept: true)
      while true { sleep(1) }
    }
    let store = try folder.openStore()
    #expect(try store.fsck().isSound)
    let scan = try await FolderScanner(store).scan(folder.url.appending(path: "letters"), isKept: true)
    for (number, entry) in scan.snapshot.entries.enumerated() {
      #expect(try store.objects.get(entry.digest) == noise(5 << 20, seed: UInt64(number)))
    }
    let report = try store.fsck()
    #expect(report.isSound && report.leftoverCount == 0)
  }
}

/// As if the file system had written only so much: through the cache, since O_DIRECT would refuse other counts than blocks.
private func pwriteUsually(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  let flags = fcntl(descriptor, F_GETFL)
  _ = fcntl(descriptor, F_SETFL, flags & ~0x4000)
  defer { _ = fcntl(descriptor, F_SETFL, flags) }
  return write(descriptor, bytes.baseAddress, bytes.count)
}
