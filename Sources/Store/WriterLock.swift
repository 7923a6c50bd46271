internal import Artifacts
internal import Foundation
internal import Glibc
internal import Synchronization

/// The right to write, held by at most one process: flock(2) on a file that says who holds it. The kernel releases it when the process
/// dies, however it dies; the descriptor closes on exec, so that no child inherits it.
package final class WriterLock: Sendable {
  package struct Holder: Hashable, Sendable {
    package let processID: Int32
    package let command: String
  }

  /// Nil once released.
  private let descriptor: Mutex<Int32?>

  private init(owning descriptor: Int32) { self.descriptor = Mutex(descriptor) }
  deinit { release() }

  /// Takes the lock, or throws `StoreError.held`. `command` is shown to those who wait.
  package static func take(at path: String, command: String) throws -> WriterLock {
    guard let lock = try attempt(path, command: command) else { throw StoreError.held(path: path, by: holder(at: path)) }
    return lock
  }

  /// Takes the lock as soon as it is free. `onWaiting` is called once for each holder that is waited for. Ends early when the task is cancelled.
  package static func wait(at path: String, command: String, onWaiting: (Holder?) -> Void) async throws -> WriterLock {
    var told: Holder??
    while true {
      if let lock = try attempt(path, command: command) { return lock }
      let holder = holder(at: path)
      if told != .some(holder) {
        told = .some(holder)
        onWaiting(holder)
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Gives the lock back. Doing so twice is harmless.
  package func release() {
    let held = descriptor.withLock { value in
      defer { value = nil }
      return value
    }
    guard let held else { return }
    ftruncate(held, 0)  // Only so that a file at rest names nobody; a failure changes nothing that is relied on.
    flock(held, LOCK_UN)  // A child between fork and exec still has the descriptor: closing ours alone would not release the lock.
    close(held)
  }

  /// Nil where another process has it.
  private static func attempt(_ path: String, command: String) throws -> WriterLock? {
    let descriptor = retrying { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw StoreError.system(operation: "open", path: path, code: errno) }
    let lock = WriterLock(owning: descriptor)
    guard retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 else {
      let code = errno
      lock.abandon()
      guard code == EWOULDBLOCK else { throw StoreError.system(operation: "lock", path: path, code: code) }
      return nil
    }
    guard isStill(descriptor, at: path) else {
      lock.abandon()
      return nil
    }
    try name(command, in: descriptor, path: path)
    return lock
  }

  /// Closes without touching what the file says: it speaks of another.
  private func abandon() {
    descriptor.withLock { value in
      if let value { close(value) }
      value = nil
    }
  }

  /// False where the store was deleted between open and flock: that lock would guard nothing.
  private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
    var raw = stat()
    guard fstat(descriptor, &raw) == 0, let named = FileStatus(at: path, followingLinks: true) else { return false }
    return FileStatus(raw).isSameFile(as: named)
  }

  private static func name(_ command: String, in descriptor: Int32, path: String) throws {
    let line: JSONValue = ["command": .string(command), "pid": .integer(Int64(getpid()))]
    let written = line.canonical.withUnsafeBytes { bytes -> Int in
      guard ftruncate(descriptor, 0) == 0 else { return -1 }
      return pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
    }
    guard written >= 0 else { throw StoreError.system(operation: "write", path: path, code: errno) }
  }

  /// Nil where the file does not say: its holder has just come, or is not soulpack.
  private static func holder(at path: String) -> Holder? {
    guard let file = try? OpenFile(path, O_RDONLY), let bytes = try? file.read(atMost: 1 << 16) else {
      return nil  // Who holds it is only for the eye; the lock itself already said no.
    }
    guard let value = try? JSONValue(parsing: bytes), let command = value["command"]?.string,
      let processID = value["pid"]?.integer.flatMap(Int32.init(exactly:))
    else { return nil }
    return Holder(processID: processID, command: command)
  }
}
