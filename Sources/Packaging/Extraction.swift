internal import Archiving
package import Foundation
internal import Hashing

extension SoulArchive {
  /// Unpacks the Soul's files into a folder that is empty or does not exist. They are written and digested in a private folder beside it, which
  /// then takes its place in one step: the destination has all files, checked, or none.
  package func extract(to destination: URL) throws(ArchiveError) {
    try explaining(url) {
      let staging = try Self.stagingFolder(beside: destination)
      do {
        for file in files { try extract(file, into: staging) }
        guard chmod(staging.path, 0o755) == 0 else { throw ArchiveError.Problem.inputOutput(systemReason()) }
        try Self.move(staging, to: destination)
      } catch {
        // The staging folder is ours alone; if it cannot be removed, the first error is still the one to tell.
        try? FileManager.default.removeItem(at: staging)
        throw error
      }
    }
  }

  private func extract(_ file: File, into folder: URL) throws {
    guard let extent = extents[file.digest] else { throw ArchiveError.Problem.missingBlob(file.digest) }
    // Contained: `SoulImage` refused every other path, and no link can stand in a folder that is new and ours.
    let target = folder.appendingPathComponent(file.path, isDirectory: false)
    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    var hasher = SHA256()
    try extent.copy(to: target) { hasher.update($0) }
    guard hasher.finalize() == file.digest else { throw ArchiveError.Problem.sourceChanged(file.path) }
  }

  private static func stagingFolder(beside destination: URL) throws -> URL {
    let name = ".\(destination.lastPathComponent).partial-XXXXXX"
    var template = Array(destination.deletingLastPathComponent().appendingPathComponent(name).path.utf8CString)
    // mkdtemp(3): mode 0700, and a name that nothing had.
    guard mkdtemp(&template) != nil else { throw ArchiveError.Problem.inputOutput(systemReason()) }
    return URL(fileURLWithPath: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), isDirectory: true)
  }

  /// rename(2) replaces a folder only where it is empty.
  private static func move(_ staging: URL, to destination: URL) throws {
    guard rename(staging.path, destination.path) == 0 else {
      throw errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
        ? ArchiveError.Problem.destinationNotEmpty(destination.path) : ArchiveError.Problem.inputOutput(systemReason())
    }
  }
}

private func systemReason() -> String {
  String(cString: strerror(errno)).lowercased()
}
