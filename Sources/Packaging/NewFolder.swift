internal import Artifacts
package import Foundation

/// A folder that comes whole or not at all: its files are written in a private folder beside its place, which then takes the place in one step.
package struct NewFolder {
  private let url: URL

  package init(_ url: URL) { self.url = url }

  /// An empty folder is none.
  package func requireAbsence() throws(NewFolderError) {
    let names = try? FileManager.default.contentsOfDirectory(atPath: url.path)  // Nil: no folder.
    guard names?.isEmpty ?? !FileManager.default.fileExists(atPath: url.path) else { throw .isThere(path: url.path) }
  }

  /// `body` writes the files. What it throws is thrown, and nothing is left.
  package func make<Value>(_ body: (_ staging: URL) throws -> Value) throws -> Value {
    let staging = try stagingFolder()
    do {
      let value = try body(staging)
      // rename(2) replaces a folder only where it is empty.
      guard chmod(staging.path, 0o755) == 0, rename(staging.path, url.path) == 0 else { throw problem(errno) }
      return value
    } catch {
      // It is ours alone; if it cannot be removed, the first error is still the one to tell.
      try? FileManager.default.removeItem(at: staging)
      throw error
    }
  }

  private func stagingFolder() throws(NewFolderError) -> URL {
    let parent = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: url.path, code: NewFolder.code(error))
    }
    var template = Array(parent.appending(path: ".\(url.lastPathComponent).partial-XXXXXX").path.utf8CString)
    // mkdtemp(3): mode 0700, and a name that nothing had.
    guard mkdtemp(&template) != nil else { throw .unwritable(path: url.path, code: errno) }
    return URL(filePath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), directoryHint: .isDirectory)
  }

  /// What the system says of writing there, as an error of this folder.
  package func problem(_ code: Int32) -> NewFolderError {
    [ENOTEMPTY, EEXIST, ENOTDIR].contains(code) ? .isThere(path: url.path) : .unwritable(path: url.path, code: code)
  }

  /// The number of the system's error that Foundation met.
  package static func code(_ error: any Error) -> Int32 {
    let outer = error as NSError
    let errors = [outer, outer.userInfo[NSUnderlyingErrorKey] as? NSError].compactMap(\.self)
    return errors.first { $0.domain == NSPOSIXErrorDomain }.map { Int32($0.code) } ?? EIO
  }
}

package enum NewFolderError: ExplainedError, Hashable {
  case isThere(path: String)
  /// The number of the system's error.
  case unwritable(path: String, code: Int32)

  package var message: String {
    switch self {
    case .isThere(let path): "\(path) is there already"
    case .unwritable(let path, let code): "\(path): cannot be written: \(String(cString: strerror(code)).lowercased())"
    }
  }

  package var hint: String? {
    switch self {
    case .isThere: "name a folder that is empty, or does not exist yet"
    case .unwritable(_, ENOSPC): "free some space: nothing was left behind"
    case .unwritable: "name a folder where you may write"
    }
  }
}
