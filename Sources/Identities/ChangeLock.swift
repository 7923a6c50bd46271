package import Foundation

/// Lets one process at a time read, change and write back a small file of the user's: flock(2) on a file beside it, since the file itself is
/// replaced by every change. The kernel releases the lock when its holder dies.
package enum ChangeLock {
  /// Waits until no other process changes `file`, and does `body` while none does. The file's folder is made where there is none.
  package static func holding<Value>(beside file: URL, _ body: () throws -> Value) throws -> Value {
    let folder = file.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try holding(folder.appending(path: ".\(file.lastPathComponent).lock").path, O_RDWR | O_CREAT, body)
  }

  /// The same for whatever lies in a folder that is somebody's project: the folder itself is the lock, so that no file more lies in it.
  package static func holding<Value>(folder: URL, _ body: () throws -> Value) throws -> Value {
    try holding(folder.path, O_RDONLY | O_DIRECTORY, body)
  }

  private static func holding<Value>(_ path: String, _ flags: Int32, _ body: () throws -> Value) throws -> Value {
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw failure(path) }
    }
    return try body()
  }

  private static func failure(_ path: String) -> NSError {
    NSError(domain: NSPOSIXErrorDomain, code: Int(errno), userInfo: [NSFilePathErrorKey: path])
  }
}
