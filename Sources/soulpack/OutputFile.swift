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

  init(_ project: Project) {
    path = "out/\(project.recipe.soul)-\(project.recipe.version).soul"
    url = project.rootFolder.appending(path: path)
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
