import Artifacts
import Foundation
import Glibc
import Store
import Testing

@Suite("Probing folders")
struct FolderProbeTests {
  @Test("without a store every file is read, the digest is that of a scan, and nothing is made")
  func withoutStore() async throws {
    let folder = try TemporaryFolder()
    for (path, bytes) in ["a": noise(3), "b/c": noise(60_000), "b/d": Data(), ".hidden": noise(2)] { try folder.write(bytes, to: "source/" + path) }
    let source = folder.url.appending(path: "source")
    let probed = try FolderProbe(nil, storeRoot: folder.storeRoot).scan(source)
    #expect(probed.filesRead == 3)
    #expect(!FileManager.default.fileExists(atPath: folder.storeRoot.path))
    let scan = try await FolderScanner(try folder.openStore()).scan(source)
    #expect(probed.digest == scan.digest && probed.snapshot == scan.snapshot)
  }

  @Test("with a store only what changed since the last scan is read, while a writer holds the lock; its objects stay as they were")
  func withStore() async throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b", "c"] { try folder.write(noise(50, seed: UInt64(name.utf8.first ?? 0)), to: "source/" + name) }
    let source = folder.url.appending(path: "source")
    let writer = try folder.openStore()
    let later: @Sendable () -> Int64 = { FolderScanner.systemClock() + 3_600_000_000_000 }
    let scan = try await FolderScanner(writer, clock: later).scan(source)
    let reader = try ReadableStore.open(at: folder.storeRoot)
    let probe = FolderProbe(reader, storeRoot: reader.root)
    #expect(try probe.scan(source).filesRead == 0)
    #expect(try probe.scan(source).digest == scan.digest)
    try folder.write("changed", to: "source/b")
    let before = try reader.objects.totals().count
    let changed = try probe.scan(source)
    #expect(changed.filesRead == 1 && changed.digest != scan.digest)
    #expect(try reader.objects.totals().count == before && !reader.objects.contains(changed.digest))
    #expect(try await FolderScanner(writer).scan(source).digest == changed.digest)
  }

  @Test("a store inside the source is passed over, and what cannot be taken in faithfully is refused as a scan does")
  func refusals() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "source/a")
    let store = folder.url.appending(path: "source/store")
    let writer = try WritableStore.open(at: store, command: "test")
    let source = folder.url.appending(path: "source")
    #expect(try FolderProbe(writer.reading, storeRoot: store).scan(source).snapshot.entries.map(\.path) == ["a"])
    try folder.link("source/out", to: "/etc/passwd")
    #expect(throws: ScanError.linkLeavesFolder(path: source.path + "/out")) { try FolderProbe(nil, storeRoot: store).scan(source) }
  }
}
