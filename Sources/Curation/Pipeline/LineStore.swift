internal import Foundation
internal import Glibc
internal import Synchronization

/// Bytes that are laid aside while records are compared, in a file that has no name: however many they are, memory stays bounded, and a process
/// that is killed leaves nothing behind.
final class LineStore: Sendable {
  private let descriptor: Int32
  private let folder: String
  private let end = Atomic<UInt64>(0)

  init(in folder: URL) throws(CurationError) {
    self.folder = folder.path
    let path = folder.appending(path: "lines-\(UUID().uuidString)").path
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .scratch(folder: folder.path, code: errno) }
    unlink(path)  // Best effort: a work folder is removed after its step in any case.
  }

  deinit { close(descriptor) }

  /// Gives where they begin. Safe on many threads.
  func append(_ bytes: UnsafeRawBufferPointer) throws(CurationError) -> UInt64 {
    let start = end.wrappingAdd(UInt64(bytes.count), ordering: .relaxed).oldValue
    var written = 0
    while written < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written, off_t(start) + off_t(written))
      guard count > 0 || (count < 0 && errno == EINTR) else { throw .scratch(folder: folder, code: count == 0 ? ENOSPC : errno) }
      written += max(0, count)
    }
    return start
  }

  /// Appends what was laid aside to `bytes`.
  func read(_ start: UInt64, count: Int, into bytes: inout [UInt8]) throws(CurationError) {
    let before = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    var code: Int32 = 0
    bytes.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < count {
        let read = pread(descriptor, buffer.baseAddress?.advanced(by: before + done), count - done, off_t(start) + off_t(done))
        guard read > 0 || (read < 0 && errno == EINTR) else {
          code = read == 0 ? EIO : errno
          return
        }
        done += max(0, read)
      }
    }
    guard code == 0 else { throw .scratch(folder: folder, code: code) }
  }
}
