internal import Artifacts
internal import Foundation
internal import Glibc

/// A file that a walk found.
struct FoundFile: Sendable {
  /// Relative to what was walked, `/` between parts.
  let path: String
  /// Where its bytes are, links resolved.
  let place: String
  let status: FileStatus
}

/// Lists the regular files under a folder, each folder's names sorted by their bytes.
///
/// Names that begin with a dot are passed over, `.git` and `.soulpack` among them, and so is the store wherever it lies. A symbolic link
/// is followed where it stays inside the folder and makes no loop; every other link is refused by name, since a snapshot that silently
/// lacked a file, or took one from elsewhere, would be worse.
struct FolderWalk {
  /// A linked folder can hold links to linked folders: without a limit, few links make very many paths.
  static let linkedFolderLimit = 8
  private static let stateNames: Set<String> = [".git", ".soulpack"]

  private let root: String
  private let store: FileStatus?
  private(set) var files: [FoundFile] = []
  /// The folders from the root to where the walk is.
  private var open: [FileStatus] = []
  private var linkedFolderCount = 0
  /// Compared by canonical equivalence, as Swift compares strings.
  private var paths: Set<String> = []

  /// The files under `place`; for one file, that file under its own name. `store` is passed over.
  static func files(at place: String, passingOver store: String) throws -> [FoundFile] {
    guard let resolved = resolve(place), let status = FileStatus(at: resolved, followingLinks: true) else {
      throw ScanError.absent(path: place)
    }
    var walk = FolderWalk(root: resolved, store: FileStatus(at: store, followingLinks: true))
    switch status.kind {
    case .regular: try walk.add(FoundFile(path: (place as NSString).lastPathComponent, place: resolved, status: status))
    case .folder: try walk.enter(resolved, path: "", status)
    case .link, .other: throw ScanError.notAFile(path: place)
    }
    return walk.files
  }

  private init(root: String, store: FileStatus?) {
    self.root = root
    self.store = store
  }

  private mutating func enter(_ place: String, path: String, _ status: FileStatus) throws {
    open.append(status)
    for name in try names(in: place) {
      let entry = try text(name, in: place)
      try visit(place + "/" + entry, path: path.isEmpty ? entry : path + "/" + entry)
    }
    open.removeLast()
  }

  private mutating func visit(_ place: String, path: String) throws {
    guard let status = FileStatus(at: place, followingLinks: false) else {
      throw errno == ENOENT ? ScanError.vanished(path: place) : ScanError.unreadable(path: place, code: errno)
    }
    switch status.kind {
    case .regular: try add(FoundFile(path: path, place: place, status: status))
    case .folder where isStore(status): break
    case .folder: try enter(place, path: path, status)
    case .link: try follow(place, path: path)
    case .other: throw ScanError.notAFile(path: place)
    }
  }

  private mutating func follow(_ link: String, path: String) throws {
    guard let target = Self.resolve(link), let status = FileStatus(at: target, followingLinks: true) else {
      throw errno == ELOOP ? ScanError.linkLoops(path: link) : ScanError.linkLeadsNowhere(path: link)
    }
    guard target == root || target.hasPrefix(root + "/") else { throw ScanError.linkLeavesFolder(path: link) }
    let parts = target.dropFirst(root.count).split(separator: "/").map(String.init)
    guard Self.stateNames.isDisjoint(with: parts), !leadsIntoStore(parts) else { throw ScanError.linkLeadsIntoState(path: link) }
    switch status.kind {
    case .regular: try add(FoundFile(path: path, place: target, status: status))
    case .folder: try enterLinked(target, link: link, path: path, status)
    case .link, .other: throw ScanError.notAFile(path: link)
    }
  }

  private mutating func enterLinked(_ target: String, link: String, path: String, _ status: FileStatus) throws {
    guard !open.contains(where: status.isSameFile) else { throw ScanError.linkLoops(path: link) }
    guard linkedFolderCount < Self.linkedFolderLimit else {
      throw ScanError.linksNestedTooDeep(path: link, limit: Self.linkedFolderLimit)
    }
    linkedFolderCount += 1
    try enter(target, path: path, status)
    linkedFolderCount -= 1
  }

  private mutating func add(_ file: FoundFile) throws {
    guard paths.insert(file.path).inserted else { throw ScanError.namesClash(path: file.place) }
    files.append(file)
  }

  private func isStore(_ status: FileStatus) -> Bool { store.map(status.isSameFile) ?? false }

  private func leadsIntoStore(_ parts: [String]) -> Bool {
    var place = root
    return parts.contains { part in
      place += "/" + part
      return FileStatus(at: place, followingLinks: false).map(isStore) ?? false
    }
  }

  /// The visible names in a folder, sorted. Bytes, since a name need not be text.
  private func names(in folder: String) throws -> [[UInt8]] {
    guard let stream = opendir(folder) else {
      throw errno == ENOENT ? ScanError.vanished(path: folder) : ScanError.unreadable(path: folder, code: errno)
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0  // readdir(3): the end and an error look the same but for errno
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name.first != UInt8(ascii: ".") { names.append(name) }
    }
    guard errno == 0 else { throw ScanError.unreadable(path: folder, code: errno) }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private func text(_ name: [UInt8], in folder: String) throws -> String {
    guard let text = String(validating: name, as: UTF8.self) else {
      throw ScanError.nameIsNotUTF8(path: folder + "/" + escaped(name))
    }
    return text
  }

  private func escaped(_ name: [UInt8]) -> String {
    name.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hexadecimal([$0]) }.joined()
  }

  /// realpath(3), nil where it fails; errno says why.
  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
  }
}
