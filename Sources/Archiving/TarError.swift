internal import Glibc

/// Why a tar was not written or not read.
package struct TarError: Error, Hashable {
  package let path: String
  /// The member that was being written or read, if it had a name yet.
  package let member: String?
  package let problem: TarProblem

  package var message: String {
    let place = member.map { "\(path): \($0)" } ?? path
    return "\(place): \(problem.text)"
  }
}

package enum TarProblem: Error, Hashable, Sendable {
  /// A name that is absolute, leaves the folder, is too long, or has bytes other than printable ASCII.
  case name
  case size(Int64)
  /// A link, a device, a folder, an extension header: anything but a file.
  case notARegularFile(type: UInt8)
  case duplicate
  /// A header that is not in its canonical form.
  case header
  case padding
  /// The file ends inside a member, or before the two blocks of zeros.
  case truncated
  /// Bytes after the two blocks of zeros.
  case trailingBytes
  case tooManyMembers(limit: Int)
  /// The source of a member had another size than was promised.
  case sourceChanged
  /// A folder, a pipe, a device.
  case notAFile
  /// The number of the system's error.
  case inputOutput(Int32)

  /// False where the outside world failed, and the bytes may be good.
  package var isAboutTheBytes: Bool {
    switch self {
    case .inputOutput, .notAFile: false
    default: true
    }
  }

  var text: String {
    switch self {
    case .name: "a name that is not relative, contained, printable ASCII and at most 100 bytes"
    case .size(let count): "a size of \(count) bytes, where at most \(TarHeader.largestFile) fit"
    case .notARegularFile(let type): "a member that is not a regular file (type \(type))"
    case .duplicate: "a name that occurs twice"
    case .header: "a header that is not in canonical form"
    case .padding: "padding that is not zero"
    case .truncated: "the file is cut short"
    case .trailingBytes: "bytes after the end"
    case .tooManyMembers(let limit): "more than \(limit) members"
    case .sourceChanged: "the source changed while it was read"
    case .notAFile: "not a file"
    case .inputOutput(let code): String(cString: strerror(code)).lowercased()
    }
  }
}
