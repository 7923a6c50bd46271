internal import Foundation

/// A file of a few bytes that anybody may have put there: what it is and how large is looked at before it is read.
enum SmallFile {
  /// Nil where there is none, or it is no file, or larger. A pipe is not waited for.
  static func contents(of url: URL, byteLimit: Int) -> Data? {
    let descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= off_t(byteLimit) else { return nil }
    var bytes = [UInt8](repeating: 0, count: byteLimit)
    let count = read(descriptor, &bytes, byteLimit)
    return count < 0 ? nil : Data(bytes[..<count])
  }
}
