internal import Foundation

/// A file descriptor with one owner, closed with it: the reads and writes that tar needs, each return code looked at.
struct ByteFile: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  static func opening(_ url: URL) throws(TarProblem) -> ByteFile {
    // O_NONBLOCK: opening a pipe must not wait for a writer; it is refused right after.
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .inputOutput(errno) }
    let file = ByteFile(descriptor: descriptor)
    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    return file
  }

  /// Makes a new file; one that is there already is an error.
  static func creating(_ url: URL) throws(TarProblem) -> ByteFile {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .inputOutput(errno) }
    return ByteFile(descriptor: descriptor)
  }

  private borrowing func status() throws(TarProblem) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .inputOutput(errno) }
    return status
  }

  borrowing func byteCount() throws(TarProblem) -> Int64 { Int64(try status().st_size) }

  /// Fills as much of `buffer` as the file has from `offset` on, and says how much that was.
  borrowing func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(TarProblem) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = pread(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(offset) + off_t(filled))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .inputOutput(errno) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(TarProblem) {
    var written = 0
    while written < bytes.count {
      let count = Foundation.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .inputOutput(errno) }
      written += count
    }
  }

  borrowing func makeDurable() throws(TarProblem) {
    guard fsync(descriptor) == 0 else { throw .inputOutput(errno) }
  }
}
