internal import Foundation

/// Files that only their owner may read: made with mode 0600, refused where the mode has become wider.
enum PrivateFile {
  private static let byteLimit = 64 << 10

  /// Reads a small private file. Mode and kind are asked of the open descriptor, so that what was checked is what is read.
  static func read(_ url: URL, name: String) throws(KeyError) -> Data {
    let path = url.path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .notFound(name: name, path: path) : .inputOutput(path: path, reason: systemReason())
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .inputOutput(path: path, reason: systemReason()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    guard status.st_mode & 0o077 == 0 else { throw .modeTooOpen(path: path, mode: UInt16(status.st_mode & 0o777)) }
    guard status.st_size <= byteLimit else { throw .tooLarge(path: path) }
    return try contents(of: descriptor, byteCount: Int(status.st_size), path: path)
  }

  private static func contents(of descriptor: Int32, byteCount: Int, path: String) throws(KeyError) -> Data {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      let count = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress?.advanced(by: filled), byteCount - filled) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .inputOutput(path: path, reason: count < 0 ? systemReason() : "the file became shorter") }
      filled += count
    }
    return Data(bytes)
  }

  /// Makes a file that did not exist. It appears under its name whole and durable, or not at all: link(2) refuses a name that is taken.
  static func create(_ url: URL, name: String, contents: Data) throws(KeyError) {
    let path = url.path
    let partial = path + ".partial-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    try write(contents, to: partial)
    defer { unlink(partial) }
    guard link(partial, path) == 0 else {
      throw errno == EEXIST ? .exists(name: name, path: path) : .inputOutput(path: path, reason: systemReason())
    }
    try makeDurable(folder: url.deletingLastPathComponent().path)
  }

  private static func write(_ contents: Data, to path: String) throws(KeyError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .inputOutput(path: path, reason: systemReason()) }
    defer { close(descriptor) }
    let written = contents.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    // fchmod: the process's umask may have taken the owner's bits away.
    guard written == contents.count, fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else {
      let reason = systemReason()
      unlink(path)
      throw .inputOutput(path: path, reason: reason)
    }
  }

  /// A new name in a folder is durable once the folder is (fsync(2), notes).
  private static func makeDurable(folder: String) throws(KeyError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .inputOutput(path: folder, reason: systemReason()) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .inputOutput(path: folder, reason: systemReason()) }
  }
}

/// The system's words for the last failed call, in our manner: lower case.
func systemReason() -> String {
  String(cString: strerror(errno)).lowercased()
}
