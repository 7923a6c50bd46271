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

  /// Puts the archive there, unless it is there already, signed or not: a build does not take a signature away.
  @discardableResult
  func place(_ sealed: SealedSoul, from store: WritableStore) throws -> String {
    WholeFile(url).removeLeftovers()
    guard try !holds(sealed) else { return path }
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try replace { try store.objects.export(sealed.archive, to: $0) }
    return path
  }

  /// Moves a signed archive of another Soul out of the way, under its digest, and says where to: a signature may be the only one there is, and a
  /// trial bears the same name and version.
  func setAsideSigned(before sealed: SealedSoul) throws -> String? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let archive: SoulArchive
    do {
      archive = try SoulArchive.open(url)
    } catch {
      return nil  // No Soul: nothing that somebody signed.
    }
    guard archive.digest != sealed.digest, !archive.referrers.isEmpty else { return nil }
    let aside = "\(stem).\(archive.digest.short).soul"
    try WholeFile(root.appending(path: aside)).replace { try FileManager.default.copyItem(at: url, to: $0) }
    return aside
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
