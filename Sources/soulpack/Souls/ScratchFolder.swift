internal import Foundation

/// A folder for the length of one command, in the system's place for such: there may be records in it.
///
/// Its name holds the process, and the process holds it locked: the next soulpack removes what was left by one that was killed, and nothing of one that
/// lives, on another machine or in another container perhaps, where numbers of processes mean something else.
struct ScratchFolder {
  let url: URL
  private let descriptor: Int32

  private static let prefix = "soulpack-scratch-"

  init() throws {
    ScratchFolder.sweep()
    let name = "\(ScratchFolder.prefix)\(getpid())-\(UUID().uuidString)"
    url = FileManager.default.temporaryDirectory.appending(path: name, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Where a file system has no locks, the number of the process is all there is to go by.
    if descriptor >= 0 { flock(descriptor, LOCK_EX | LOCK_NB) }
  }

  func remove() throws {
    defer { if descriptor >= 0 { close(descriptor) } }
    try FileManager.default.removeItem(at: url)
  }

  /// Best effort: what cannot be looked at or removed is another user's, or is met the next time.
  private static func sweep() {
    let folder = FileManager.default.temporaryDirectory
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] where name.hasPrefix(prefix) {
      guard let process = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }), kill(process, 0) != 0, errno == ESRCH else { continue }
      let left = folder.appending(path: name)
      let descriptor = open(left.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { continue }
      try? FileManager.default.removeItem(at: left)  // As above.
    }
  }
}
