package import Foundation
internal import Glibc

/// Folders for steps to work in, under work/: on the same file system as the objects, never seen by a scan, emptied by the next writer
/// if this process dies.
extension OpenStore where Access == Writing {
  /// A new empty folder. `name` is for people who look; two folders of one name are two.
  package func makeWorkFolder(_ name: String) throws -> URL {
    let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") ? $0 : "_" }
    var template = Array("\(layout.work)/\(String(plain.prefix(64)))-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    guard let made else { throw StoreError.system(operation: "make a folder in", path: layout.work, code: errno) }
    return URL(filePath: made, directoryHint: .isDirectory)
  }

  /// Removes a folder that `makeWorkFolder` made, with what is in it.
  package func removeWorkFolder(_ folder: URL) throws { try removeTree(folder.path) }
}
