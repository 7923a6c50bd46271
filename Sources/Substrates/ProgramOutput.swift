package import Foundation

/// What a running program writes: a file that was opened before the program began, and has no name any more.
///
/// No pipe: a pipe ends only when everybody who inherited it is gone, and a program may leave children that never are. No name: what lies
/// in the program's folder the program can replace, and opening a FIFO that it put there waits for ever. Reading a regular file never does.
package final class ProgramOutput: Sendable {
  /// For the program to write to. Its place in the file is the program's; reading leaves it alone.
  let handle: FileHandle

  package init(in folder: URL) throws {
    let path = folder.appending(path: ".output-\(UUID().uuidString)").path
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ProgramOutput.failure }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard unlink(path) == 0 else { throw ProgramOutput.failure }
  }

  var byteCount: UInt64 {
    get throws {
      var facts = stat()
      guard fstat(handle.fileDescriptor, &facts) == 0 else { throw ProgramOutput.failure }
      return UInt64(max(0, facts.st_size))
    }
  }

  /// At most `limit` bytes from a place in the file; empty where nothing stands there yet.
  func bytes(at offset: UInt64, limit: Int) throws -> Data {
    var bytes = Data(count: limit)
    while true {
      let count = bytes.withUnsafeMutableBytes { pread(handle.fileDescriptor, $0.baseAddress, $0.count, off_t(clamping: offset)) }
      if count >= 0 { return bytes.prefix(count) }
      guard errno == EINTR else { throw ProgramOutput.failure }
    }
  }

  /// The last lines. They may hold record text: they are for the person who ran the program, and kept nowhere.
  package func lastWords() throws -> [String] {
    let end = try byteCount
    let bytes = try bytes(at: end > 4096 ? end - 4096 : 0, limit: 4096)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(8).map(String.init)
  }

  private static var failure: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
