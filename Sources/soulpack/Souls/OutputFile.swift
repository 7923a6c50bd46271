internal import Artifacts
internal import Foundation
internal import Hashing
internal import Packaging
internal import Recipes
internal import Running
internal import Store

/// `out/NAME-VERSION.soul`: where a project's archive is placed, by an atomic rename.
struct OutputFile {
  let url: URL
  /// Relative to the root, as it is shown.
  let path: String

  private let stem: String
  private let root: URL

  init(_ project: Project) {
    stem = "out/\(project.recipe.soul)-\(project.recipe.version)"
    path = stem + ".soul"
    root = project.rootFolder
    url = root.appending(path: path)
  }

  /// Puts the archive there, unless it is there already, signed or not: a build does not take a signature away. A signed archive of another Soul is kept
  /// beside it, which `terminal` tells.
  func place(_ sealed: SealedSoul, from store: WritableStore, _ terminal: Terminal) throws {
    WholeFile(url).removeLeftovers()
    guard try !holds(sealed) else { return }
    if let aside = try setAsideSigned() { terminal.warn("the signed archive that was there is kept as \(aside)") }
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try replace { try store.objects.export(sealed.archive, to: $0) }
  }

  /// Gives a signed archive a second name, after its digest, and says which: a signature may be the only one there is, and a trial bears the same name and
  /// version.
  private func setAsideSigned() throws -> String? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    guard let archive = try opened(), !archive.referrers.isEmpty else { return nil }
    let aside = "\(stem).\(archive.digest.short).soul"
    try WholeFile(root.appending(path: aside)).replace { draft in
      // Not every file system knows a second name for a file.
      if link(url.path, draft.path) != 0 { try FileManager.default.copyItem(at: url, to: draft) }
    }
    return aside
  }

  /// Nil where it is no Soul: nothing that somebody signed.
  private func opened() throws -> SoulArchive? {
    do {
      return try SoulArchive.open(url)
    } catch {
      guard error.isVerificationFailure else { throw error }
      return nil
    }
  }

  /// Writes beside the place and renames over it: whoever reads sees the old file or the new one.
  func replace(_ write: (URL) throws -> Void) throws { try WholeFile(url).replace(write) }

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
