internal import Foundation

/// A file of the cache that is not whole yet. It stays where a fetch ends early, and the next goes on from its end.
struct UnfinishedFile: ~Copyable {
  private let descriptor: Int32
  private let url: URL

  init(_ url: URL) throws(FetchError) {
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    self.url = url
    guard descriptor >= 0 else { throw .disk(operation: "open it", path: url.path, code: errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func byteCount() throws(FetchError) -> Int64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .disk(operation: "look at it", path: url.path, code: errno) }
    return Int64(status.st_size)
  }

  func clear() throws(FetchError) {
    guard ftruncate(descriptor, 0) == 0 else { throw .disk(operation: "empty it", path: url.path, code: errno) }
  }

  func append(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FetchError) {
    var written = 0
    while written < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(offset) + off_t(written))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .disk(operation: "write it", path: url.path, code: count < 0 ? errno : ENOSPC) }
      written += count
    }
  }

  /// Its bytes are on the disk when this returns.
  func synchronize() throws(FetchError) {
    guard fsync(descriptor) == 0 else { throw .disk(operation: "write it", path: url.path, code: errno) }
  }
}
