internal import Artifacts
internal import Foundation
internal import Hashing
internal import Packaging

extension NewFolder {
  /// Files that come piece by piece, the pieces of one after each other. Gives the bytes of each file.
  func make(ofPieces body: (_ write: (_ file: String, _ piece: Data) throws -> Void) throws -> Void) throws -> [String: Int64] {
    try make { staging in
      var files: [String: Int64] = [:]
      var current: (name: String, handle: FileHandle)?
      func close() throws {
        try writing {
          try current?.handle.synchronize()
          try current?.handle.close()
        }
        current = nil
      }
      defer { try? current?.handle.close() }  // Still open only where writing failed.
      try body { name, piece in
        try Task.checkCancellation()
        if current?.name != name {
          try close()
          precondition(files[name] == nil, "the pieces of a file follow each other")
          current = (name, try open(name, in: staging))
        }
        try writing { try current?.handle.write(contentsOf: piece) }
        files[name, default: 0] += Int64(piece.count)
      }
      try close()
      return files
    }
  }

  private func writing(_ body: () throws -> Void) throws(NewFolderError) {
    do { try body() } catch { throw problem(NewFolder.code(error)) }
  }

  private func open(_ name: String, in folder: URL) throws -> FileHandle {
    let descriptor = Foundation.open(folder.appending(path: name).path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw problem(errno) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
  }
}

/// The digests of files that come piece by piece, the pieces of one after each other.
struct PieceListing: ~Copyable {
  private var digests: [String: Digest] = [:]
  private var file: String?
  private var hasher: SHA256?

  mutating func note(_ file: String, _ piece: Data) {
    if self.file != file {
      end()
      self.file = file
      hasher = SHA256()
    }
    hasher?.update(piece)
  }

  mutating func finish() -> [String: Digest] {
    end()
    return digests
  }

  private mutating func end() {
    if let file { digests[file] = hasher.take()?.finalize() }
    file = nil
  }
}
