internal import Foundation

/// A line that a person types. Ctrl-C while it is awaited is heard at once: read(2) alone would sleep through the task's cancellation.
enum TypedLine {
  private static let pollMilliseconds: Int32 = 100
  private static let byteLimit = 4096

  /// The line's bytes, without its line feed; what there was, where the descriptor ends before one. Throws `CancellationError` when the task
  /// is cancelled meanwhile. Reads byte by byte: what follows the line is somebody else's.
  static func read(from descriptor: Int32) throws -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < byteLimit {
      try waitForInput(descriptor)
      let count = Foundation.read(descriptor, &byte, 1)
      if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      guard count == 1, byte != UInt8(ascii: "\n") else { break }
      line.append(byte)
    }
    return line
  }

  /// Sleeps until there is something to read, or the end. Throws `CancellationError` when the task is cancelled meanwhile.
  static func waitForInput(_ descriptor: Int32) throws {
    var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    repeat {
      try Task.checkCancellation()
    } while poll(&asked, 1, pollMilliseconds) == 0
  }
}
