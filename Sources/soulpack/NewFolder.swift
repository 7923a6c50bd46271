internal import Artifacts
internal import Foundation

/// A folder that comes whole or not at all: its files are written beside its place, and the folder is renamed into it.
struct NewFolder {
  private let url: URL

  init(_ url: URL) { self.url = url }

  /// An empty folder is none.
  func requireAbsence() throws {
    let names = try? FileManager.default.contentsOfDirectory(atPath: url.path)  // Nil: no folder.
    guard names?.isEmpty ?? !FileManager.default.fileExists(atPath: url.path) else { throw FolderIsThere(path: url.path) }
  }

  /// Pieces of one file follow each other. Gives the bytes of each file.
  func make(_ body: (_ write: (_ file: String, _ piece: Data) throws -> Void) throws -> Void) throws -> [String: Int64] {
    let parent = url.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    let staging = try stagingFolder(in: parent)
    do {
      let files = try fill(staging, body)
      guard chmod(staging.path, 0o755) == 0, rename(staging.path, url.path) == 0 else { throw problem(errno) }
      return files
    } catch {
      // It is ours alone; if it cannot be removed, the first error is still the one to tell.
      try? FileManager.default.removeItem(at: staging)
      throw error
    }
  }

  private func fill(_ folder: URL, _ body: (_ write: (String, Data) throws -> Void) throws -> Void) throws -> [String: Int64] {
    var files: [String: Int64] = [:]
    var current: (name: String, handle: FileHandle)?
    func close() throws {
      try current?.handle.synchronize()
      try current?.handle.close()
      current = nil
    }
    defer { try? current?.handle.close() }  // Still open only where writing failed.
    try body { name, piece in
      try Task.checkCancellation()
      if current?.name != name {
        try close()
        precondition(files[name] == nil, "the pieces of a file follow each other")
        let place = folder.appending(path: name)
        let descriptor = open(place.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw problem(errno) }
        current = (name, FileHandle(fileDescriptor: descriptor, closeOnDealloc: false))
      }
      try current?.handle.write(contentsOf: piece)
      files[name, default: 0] += Int64(piece.count)
    }
    try close()
    return files
  }

  private func stagingFolder(in parent: URL) throws -> URL {
    var template = Array(parent.appending(path: ".\(url.lastPathComponent).partial-XXXXXX").path.utf8CString)
    // mkdtemp(3): mode 0700, and a name that nothing had.
    guard mkdtemp(&template) != nil else { throw problem(errno) }
    return URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), directoryHint: .isDirectory)
  }

  private func problem(_ code: Int32) -> any Error {
    [ENOTEMPTY, EEXIST, ENOTDIR].contains(code) ? FolderIsThere(path: url.path) : UnwritableFolder(path: url.path, code: code)
  }
}

struct FolderIsThere: ExplainedError {
  let path: String

  var message: String { "\(path) is there already" }
  var hint: String? { "name a folder that does not exist yet" }
}

struct UnwritableFolder: ExplainedError {
  let path: String
  let code: Int32

  var message: String { "\(path): cannot be written: \(String(cString: strerror(code)).lowercased())" }
  var hint: String? { code == ENOSPC ? "free some space: nothing was left behind" : nil }
}
