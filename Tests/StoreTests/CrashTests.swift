import Artifacts
import Foundation
import Glibc
import Hashing
import Store
import Testing

@Suite("Killed at any instant")
struct CrashTests {
  @Test("what was committed stays, what was half done is not seen, and the next run goes on", arguments: [5, 20, 45, 80, 130, 210] as [UInt32])
  func killed(afterMilliseconds delay: UInt32) async throws {
    let folder = try TemporaryFolder()
    try folder.openStore().close()
    let path = folder.storeRoot.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, delay = delay as UInt32] in
      try writeUntilKilled(at: path, afterMilliseconds: delay)
    }

    let reader = try ReadableStore.open(at: folder.storeRoot)
    #expect(try reader.fsck().problems == [])
    try expectPromisesKept(reader)
    let writer = try folder.openStore()
    try writer.log.append("went-on", at: Date(timeIntervalSince1970: 0))
    let report = try writer.fsck()
    #expect(report.isSound && report.leftoverCount == 0 && report.tornLogByteCount == 0)
    try expectPromisesKept(writer.reading)
  }

  @Test("a folder that may not be written is an error with path and hint")
  func notPermitted() async {
    await #expect(processExitsWith: .success) {
      if getuid() == 0 { try #require(setuid(65534) == 0) }  // root may write everything
      let folder = try TemporaryFolder()
      let store = try folder.openStore()
      chmod(folder.storeRoot.path + "/tmp", 0o555)
      let error = #expect(throws: StoreError.self) { try store.objects.put(noise(50_000)) }
      #expect(error?.message.hasSuffix("permission denied") == true)
      #expect(error?.hint?.contains("SOULPACK_STORE") == true)
      chmod(folder.storeRoot.path + "/tmp", 0o755)
      _ = try store.objects.put(noise(50_000))
      let work = try store.makeWorkFolder("step").appending(path: "protected")
      try FileManager.default.createDirectory(at: work, withIntermediateDirectories: false)
      try Data("x".utf8).write(to: work.appending(path: "file"))
      chmod(work.path, 0o555)
      try store.close()
      try folder.openStore().close()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.storeRoot.path + "/work") == [])
      chmod(folder.storeRoot.path, 0o555)
      #expect(throws: Never.self) { try ReadableStore.open(at: folder.storeRoot).fsck() }
      chmod(folder.storeRoot.path, 0o755)
    }
  }

  /// Each event in the log was written after what it names was put: all of it must be there, bytes and rows.
  private func expectPromisesKept(_ store: ReadableStore) throws {
    for entry in try store.log.entries() {
      guard case .digest(let files)? = entry.details["files"], case .digest(let key)? = entry.details["key"] else { continue }
      #expect(try store.actions.lookup(key)?.outputs == ["files": files])
      for member in try store.objects.snapshot(files).entries { #expect(try store.objects.get(member.digest).count == Int(member.byteCount)) }
    }
  }
}

/// Puts, records and logs until SIGKILL, which comes from a thread of its own so that it hits anything.
private func writeUntilKilled(at path: String, afterMilliseconds delay: UInt32) throws {
  let store = try WritableStore.open(at: URL(filePath: path, directoryHint: .isDirectory), command: "writer")
  Thread.detachNewThread {
    usleep(delay * 1000)
    kill(getpid(), SIGKILL)
  }
  for number in UInt64(1)... {
    let contents = [noise(300, seed: number), noise(40_000, seed: number)]
    let digests = try store.objects.put(contents)
    let entries = zip(contents, digests).enumerated().map { index, object in
      Snapshot.Entry(path: "\(index)", byteCount: Int64(object.0.count), digest: object.1)
    }
    let files = try store.objects.put(Snapshot(entries: entries))
    let key = Digest(hashing: Data("key \(number)".utf8))
    try store.actions.record(ActionEntry(key: key, kind: "test", preimage: digests[0], inputs: [:], outputs: ["files": files], seconds: 0))
    try store.log.append("built", at: Date(timeIntervalSince1970: 0), ["files": .digest(files), "key": .digest(key)])
  }
}
