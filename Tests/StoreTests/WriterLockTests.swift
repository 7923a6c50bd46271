import Foundation
import Glibc
import Store
import Synchronization
import Testing

@Suite("The writer lock")
struct WriterLockTests {
  @Test("a second writer is refused, naming the first")
  func refusal() throws {
    let folder = try TemporaryFolder()
    let first = try WritableStore.open(at: folder.storeRoot, command: "soulpack build")
    let error = #expect(throws: StoreError.self) { try folder.openStore() }
    #expect(error?.message.contains("process \(getpid()) (soulpack build)") == true)
    try first.close()
    try folder.openStore().close()
  }

  @Test("another process's lock is seen, waited for once, and ours when it ends")
  func otherProcess() async throws {
    let folder = try TemporaryFolder()
    try folder.openStore().close()
    let process = try holdLock(of: folder)
    #expect(throws: StoreError.held(path: folder.storeRoot.path + "/lock", by: nil)) { try folder.openStore() }

    let calls = Mutex(0)
    let store = try await WritableStore.waitAndOpen(at: folder.storeRoot, command: "test") { holder in
      #expect(holder == nil)
      calls.withLock { $0 += 1 }
      kill(process.processIdentifier, SIGKILL)
    }
    #expect(calls.withLock { $0 } == 1)
    try store.close()
    process.waitUntilExit()
  }

  @Test("waiting ends when the task is cancelled")
  func cancellation() async throws {
    let folder = try TemporaryFolder()
    let holder = try folder.openStore()
    let root = folder.storeRoot
    let waiting = Task { try await WritableStore.waitAndOpen(at: root, command: "second") { _ in } }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    try holder.close()
  }

  @Test("a lock file that was deleted under its holder guards nothing, and a new one is made")
  func deletedFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.path + "/lock"
    let first = try WriterLock.take(at: path, command: "first")
    try FileManager.default.removeItem(atPath: path)
    let second = try WriterLock.take(at: path, command: "second")
    let error = #expect(throws: StoreError.self) { try WriterLock.take(at: path, command: "third") }
    #expect(error?.message.hasSuffix("process \(getpid()) (second)") == true)
    first.release()
    second.release()
  }

  @Test("a released lock is free, though a child between fork and exec still holds its descriptor")
  func duplicate() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.path + "/lock"
    let first = try WriterLock.take(at: path, command: "first")
    var held = stat()
    try #require(stat(path, &held) == 0)
    let duplicates = (0..<Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 1 << 20))).filter { descriptor in
      var status = stat()
      return fstat(descriptor, &status) == 0 && status.st_ino == held.st_ino && status.st_dev == held.st_dev
    }.map { dup($0) }
    #expect(duplicates.count == 1)
    first.release()
    try WriterLock.take(at: path, command: "second").release()
    for descriptor in duplicates { close(descriptor) }
  }

  @Test("a child process does not inherit the lock")
  func inheritance() throws {
    let folder = try TemporaryFolder()
    let store = try folder.openStore()
    let child = Process()
    child.executableURL = URL(filePath: "/bin/sleep")
    child.arguments = ["60"]
    try child.run()
    try store.close()
    try folder.openStore().close()
    kill(child.processIdentifier, SIGKILL)
    child.waitUntilExit()
  }

  /// flock(1) says "held" through the command it runs, once it holds the lock. It execs that command, so that one kill ends it.
  private func holdLock(of folder: TemporaryFolder) throws -> Process {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/flock")
    process.arguments = ["--no-fork", folder.storeRoot.path + "/lock", "sh", "-c", "echo held; exec sleep 60"]
    process.standardOutput = output
    try process.run()
    #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
    return process
  }
}
