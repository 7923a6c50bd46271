internal import Foundation

/// A folder for the length of one command, in the system's place for such: there may be records in it.
///
/// Its process holds it locked: the next soulpack removes what was left by one that was killed, and nothing of one that lives, on another machine or in
/// another container perhaps, where numbers of processes mean something else. Where a file system has no locks, the number in the name is all there is.
struct ScratchFolder {
  let url: URL
  private let descriptor: Int32

  private static let prefix = "soulpack-scratch-"

  init() throws {
    ScratchFolder.sweep()
    let name = "\(getpid())-\(UUID().uuidString)"
    let parent = FileManager.default.temporaryDirectory
    // Under a name that nobody sweeps, until it is locked.
    let new = parent.appending(path: "soulpack-new-" + name, directoryHint: .isDirectory)
    url = parent.appending(path: ScratchFolder.prefix + name, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: new, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    descriptor = open(new.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 { flock(descriptor, LOCK_EX | LOCK_NB) }
    try FileManager.default.moveItem(at: new, to: url)
  }

  func remove() throws {
    defer { if descriptor >= 0 { close(descriptor) } }
    try FileManager.default.removeItem(at: url)
  }

  /// Best effort: what cannot be looked at or removed is another user's, or is met the next time.
  private static func sweep() {
    let folder = FileManager.default.temporaryDirectory
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] where name.hasPrefix(prefix) {
      let left = folder.appending(path: name)
      let descriptor = open(left.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK && isOfEnded(name) else { continue }
      try? FileManager.default.removeItem(at: left)  // As above.
    }
  }

  private static func isOfEnded(_ name: String) -> Bool {
    guard let process = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }) else { return false }
    return kill(process, 0) != 0 && errno == ESRCH
  }
}
