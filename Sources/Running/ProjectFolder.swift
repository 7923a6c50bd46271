internal import Artifacts
internal import Foundation
internal import Store

/// The project's folder, written to by `pull --data`: only where nothing is, and never through a symbolic link, which could lead anywhere.
struct ProjectFolder {
  let root: URL

  /// What keeps a file from being laid at `path`, in words: `datasets (a symbolic link)`. Nil where the way is free.
  func obstacle(to path: String) -> String? {
    let parts = path.split(separator: "/")
    var walked = ""
    for (index, part) in parts.enumerated() {
      walked += walked.isEmpty ? String(part) : "/" + part
      guard let mode = mode(of: walked) else { return nil }
      switch mode & S_IFMT {
      case S_IFDIR where index + 1 < parts.count: continue
      case S_IFLNK: return "\(walked) (a symbolic link)"
      case S_IFDIR: return "\(walked) (a folder, where a file belongs)"
      default: return "\(walked) (\(index + 1 < parts.count ? "a file, where a folder belongs" : "a file"))"
      }
    }
    return nil
  }

  private static let draftPrefix = ".pulled-"
  private static let draftDigitCount = 16

  /// Removes what a pull that was killed left in the folders of these files.
  func removeDrafts(beside paths: [String]) {
    for folder in Set(paths.map { root.appending(path: $0).deletingLastPathComponent().path }) {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { continue }  // Mostly: it is yet to be made.
      for name in names where ProjectFolder.isDraft(name) { unlink(folder + "/" + name) }
    }
  }

  private static func isDraft(_ name: String) -> Bool {
    let digits = name.dropFirst(draftPrefix.count)
    return name.hasPrefix(draftPrefix) && digits.utf8.count == draftDigitCount && digits.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  /// Of the thing itself, not of what a link leads to. Nil where nothing is there.
  private func mode(of path: String) -> mode_t? {
    var status = stat()
    return lstat(root.appending(path: path).path, &status) == 0 ? status.st_mode : nil
  }

  /// Lays an object as a file of the project. Its name appears when its bytes are durable; if something came to be there meanwhile, that stays.
  func lay(_ digest: Digest, at path: String, from store: WritableStore) throws {
    let target = root.appending(path: path)
    let folder = target.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if let obstacle = obstacle(to: path) { throw DataInTheWay(conflicts: [obstacle]) }
    // Hidden, so that no scan takes it for data, and short: beside a name of 255 bytes nothing longer fits.
    let draft = folder.appending(path: ProjectFolder.draftPrefix + digest.hex.prefix(ProjectFolder.draftDigitCount))
    try store.objects.export(digest, to: draft)
    defer { unlink(draft.path) }
    guard link(draft.path, target.path) != 0 else { return }
    switch errno {
    case EEXIST: throw DataInTheWay(conflicts: ["\(path) (it has just come)"])
    case EPERM, EOPNOTSUPP, ENOSYS, EMLINK: try moveWithoutLinks(draft, to: target, path)
    default: throw CannotReplace(path: target.path, code: errno)
    }
  }

  /// For file systems that have no hard links, such as exFAT: rename(2) would replace, so this looks first.
  private func moveWithoutLinks(_ draft: URL, to target: URL, _ path: String) throws {
    guard mode(of: path) == nil else { throw DataInTheWay(conflicts: ["\(path) (it has just come)"]) }
    guard rename(draft.path, target.path) == 0 else { throw CannotReplace(path: target.path, code: errno) }
  }
}
