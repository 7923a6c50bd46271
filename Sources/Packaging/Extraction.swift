internal import Archiving
package import Foundation
internal import Hashing

extension SoulArchive {
  /// Unpacks the Soul's files into a folder that is empty or does not exist: it has all files, each digested as it was written, or none. Throws an
  /// `ArchiveError` where the archive is at fault, and a `NewFolderError` where the folder is.
  package func extract(to destination: URL) throws {
    let folder = NewFolder(destination)
    try folder.make { staging in
      for file in files { try extract(file, into: staging, of: folder) }
    }
  }

  private func extract(_ file: File, into staging: URL, of folder: NewFolder) throws {
    // Contained: `SoulImage` refused every other path, and no link can stand in a folder that is new and ours.
    let target = staging.appendingPathComponent(file.path, isDirectory: false)
    var hasher = SHA256()
    do {
      try explaining(url) {
        guard let extent = extents[file.digest] else { throw ArchiveError.Problem.missingBlob(file.digest) }
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try extent.copy(to: target) { hasher.update($0) }
      }
    } catch {
      // What could not be written is the folder's, and not the archive's.
      guard case .inputOutput(let place, let code) = error.problem, place == target.path else { throw error }
      throw folder.problem(code)
    }
    guard hasher.finalize() == file.digest else { throw ArchiveError(url, .sourceChanged(file.path)) }
  }
}
