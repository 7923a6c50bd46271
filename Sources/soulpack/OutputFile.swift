internal import Artifacts
internal import Foundation
internal import Hashing
internal import Packaging
internal import Recipes
internal import Store

/// `out/NAME-VERSION.soul`: where a project's archive is placed, by an atomic rename.
struct OutputFile {
  let url: URL
  /// Relative to the root, as it is shown.
  let path: String

  init(_ project: Project) {
    path = "out/\(project.recipe.soul)-\(project.recipe.version).soul"
    url = project.rootFolder.appending(path: path)
  }

  /// Puts the archive there, unless it is there already, signed or not: a build does not take a signature away.
  @discardableResult
  func place(_ sealed: SealedSoul, from store: WritableStore) throws -> String {
    removeLeftovers()
    guard try !holds(sealed) else { return path }
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try replace { try store.objects.export(sealed.archive, to: $0) }
    return path
  }

  /// Writes beside the place and renames over it: whoever reads sees the old file or the new one.
  func replace(_ write: (URL) throws -> Void) throws {
    let beside = url.deletingLastPathComponent().appending(path: "\(partialPrefix)\(ProcessInfo.processInfo.processIdentifier)")
    defer { unlink(beside.path) }  // Still there only where writing failed.
    try write(beside)
    guard rename(beside.path, url.path) == 0 else { throw CannotPlace(path: path, code: errno) }
  }

  private var partialPrefix: String { ".\(url.lastPathComponent)." }

  /// What a process that was killed while it wrote here has left: our own names, with the number of a process that is gone.
  private func removeLeftovers() {
    let folder = url.deletingLastPathComponent().path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }  // Mostly: there is no such folder yet.
    for name in names where name.hasPrefix(partialPrefix) {
      guard let process = Int32(name.dropFirst(partialPrefix.count).prefix { $0 != "." }), process > 0 else { continue }
      if kill(process, 0) != 0 && errno == ESRCH { unlink(folder + "/" + name) }
    }
  }

  private func holds(_ sealed: SealedSoul) throws -> Bool {
    guard let bytes = FileManager.default.contents(atPath: url.path) else { return false }
    if Digest(hashing: bytes) == sealed.archive { return true }
    do {
      return try SoulArchive.open(url).digest == sealed.digest
    } catch {
      return false  // Whatever it is, it is not this Soul.
    }
  }
}

struct CannotPlace: ExplainedError {
  let path: String
  let code: Int32

  var message: String { "\(path): cannot be written: \(String(cString: strerror(code)).lowercased())" }
  var hint: String? { code == ENOSPC ? "free some space and build again: nothing needs to run again" : nil }
}
