internal import Artifacts
internal import CDisk
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Synchronization

/// A file that a walk found.
struct FoundFile: Sendable {
  /// Relative to what was walked, `/` between parts.
  let path: String
  /// The folder that its bytes are in, links resolved, and its name there.
  fileprivate let folder: String
  fileprivate let name: String?
  let status: FileStatus

  /// Where its bytes are.
  var place: String { name.map { folder + "/" + $0 } ?? folder }
}

/// Lists the regular files under a folder, by the bytes of their paths. Folders of one depth are listed by several threads at a time.
///
/// Names that begin with a dot are passed over, `.git` and `.soulpack` among them, and so is the store wherever it lies, and what a
/// `.soulpackignore` names. A symbolic link is followed where it stays inside the folder and makes no loop; every other link is refused by
/// name, since a snapshot that silently lacked a file, or took one from elsewhere, would be worse.
struct FolderWalk: Sendable {
  /// A linked folder can hold links to linked folders: without a limit, few links make very many paths.
  static let linkedFolderLimit = 8
  private static let stateNames: Set<String> = [".git", ".soulpack"]

  private let root: String
  private let store: FileStatus?
  private let readsIgnoreFiles: Bool

  /// A folder on the way: where it is, and what led to it.
  private final class Folder: Sendable {
    let place: String
    let path: String
    let status: FileStatus
    let parent: Folder?
    let linkedCount: Int
    let rules: IgnoreRules?

    init(place: String, path: String, status: FileStatus, parent: Folder?, isLinked: Bool, rules: IgnoreRules?) {
      self.place = place
      self.path = path
      self.status = status
      self.parent = parent
      linkedCount = (parent?.linkedCount ?? 0) + (isLinked ? 1 : 0)
      self.rules = rules
    }

    func lies(in other: FileStatus) -> Bool {
      var folder: Folder? = self
      while let current = folder {
        if current.status.isSameFile(as: other) { return true }
        folder = current.parent
      }
      return false
    }
  }

  private enum Item: Sendable {
    case file(FoundFile)
    case folder(Folder)
  }

  /// The files under `place`; for one file, that file under its own name. `store` is passed over. Without `readsIgnoreFiles` nothing is
  /// ignored: what a step wrote is its output whatever it is called.
  static func files(at place: String, passingOver store: String, readsIgnoreFiles: Bool = true) throws -> [FoundFile] {
    guard let resolved = resolve(place), let status = FileStatus(at: resolved, followingLinks: true) else {
      throw ScanError.absent(path: place)
    }
    switch status.kind {
    case .regular: return [FoundFile(path: (place as NSString).lastPathComponent, folder: resolved, name: nil, status: status)]
    case .folder:
      let walk = FolderWalk(root: resolved, store: FileStatus(at: store, followingLinks: true), readsIgnoreFiles: readsIgnoreFiles)
      return try walk.files(Folder(place: resolved, path: "", status: status, parent: nil, isLinked: false, rules: nil))
    case .link, .other: throw ScanError.notAFile(path: place)
    }
  }

  private func files(_ top: Folder) throws -> [FoundFile] {
    var items: [ObjectIdentifier: [Item]] = [:]
    var level = [top]
    while !level.isEmpty {
      let listed = try list(level)
      for (folder, listing) in zip(level, listed) { items[ObjectIdentifier(folder)] = listing }
      level = listed.joined().compactMap { item in if case .folder(let folder) = item { folder } else { nil } }
    }
    var files: [FoundFile] = []
    Self.collect(top, items, into: &files)
    return try Self.sorted(files)
  }

  private static func collect(_ folder: Folder, _ items: [ObjectIdentifier: [Item]], into files: inout [FoundFile]) {
    for item in items[ObjectIdentifier(folder)] ?? [] {
      switch item {
      case .file(let file): files.append(file)
      case .folder(let inner): collect(inner, items, into: &files)
      }
    }
  }

  /// What is in each folder, in the order of the folders.
  private func list(_ folders: [Folder]) throws -> [[Item]] {
    guard folders.count > 1 else { return try folders.map(list) }
    let results = Mutex<[Result<[Item], any Error>?]>(Array(repeating: nil, count: folders.count))
    DispatchQueue.concurrentPerform(iterations: folders.count) { index in
      let result = Result { try list(folders[index]) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }

  private func list(_ folder: Folder) throws -> [Item] {
    try Task.checkCancellation()
    var listing = disk_listing()
    let code = disk_list(folder.place, IgnoreRules.fileName, &listing)
    defer { disk_free(&listing) }
    guard code == 0 else { throw code == ENOENT ? ScanError.vanished(path: folder.place) : ScanError.unreadable(path: folder.place, code: code) }
    let rules = try rules(in: folder, hasFile: listing.has_ignore_file != 0)
    var items: [Item] = []
    items.reserveCapacity(listing.count)
    for index in 0..<listing.count {
      let entry = listing.entries[index]
      let name = UnsafeRawBufferPointer(start: listing.names + entry.name, count: Int(entry.name_length))
      if let item = try visit(name, entry, in: folder, rules) { items.append(item) }
    }
    return items
  }

  private func rules(in folder: Folder, hasFile: Bool) throws -> IgnoreRules? {
    guard hasFile, readsIgnoreFiles else { return folder.rules }
    return try .reading(folder.place + "/" + IgnoreRules.fileName, folder: folder.path, parent: folder.rules)
  }

  private func visit(_ bytes: UnsafeRawBufferPointer, _ entry: disk_entry, in folder: Folder, _ rules: IgnoreRules?) throws -> Item? {
    let status = FileStatus(entry)
    if let rules {
      let path = (folder.path.isEmpty ? [] : Array(folder.path.utf8) + [UInt8(ascii: "/")]) + Array(bytes)
      let isIgnored = rules.ignores(path: path) { isFolder(bytes, status, in: folder) }
      if isIgnored { return nil }
    }
    let name = try text(bytes, in: folder.place)
    guard entry.code == 0 else {
      let place = folder.place + "/" + name
      throw entry.code == ENOENT ? ScanError.vanished(path: place) : ScanError.unreadable(path: place, code: entry.code)
    }
    let path = folder.path.isEmpty ? name : folder.path + "/" + name
    switch status.kind {
    case .regular: return .file(FoundFile(path: path, folder: folder.place, name: name, status: status))
    case .folder where isStore(status): return nil
    case .folder:
      return .folder(Folder(place: folder.place + "/" + name, path: path, status: status, parent: folder, isLinked: false, rules: rules))
    case .link: return try follow(folder.place + "/" + name, path: path, from: folder, rules)
    case .other: throw ScanError.notAFile(path: folder.place + "/" + name)
    }
  }

  /// Of a link, what it leads to.
  private func isFolder(_ name: UnsafeRawBufferPointer, _ status: FileStatus, in folder: Folder) -> Bool {
    guard status.kind == .link else { return status.kind == .folder }
    return FileStatus(at: folder.place + "/" + String(decoding: name, as: UTF8.self), followingLinks: true)?.kind == .folder
  }

  private func follow(_ link: String, path: String, from folder: Folder, _ rules: IgnoreRules?) throws -> Item? {
    guard let target = Self.resolve(link), let status = FileStatus(at: target, followingLinks: true) else {
      throw errno == ELOOP ? ScanError.linkLoops(path: link) : ScanError.linkLeadsNowhere(path: link)
    }
    guard target == root || target.hasPrefix(root + "/") else { throw ScanError.linkLeavesFolder(path: link) }
    let parts = target.dropFirst(root.count).split(separator: "/").map(String.init)
    guard Self.stateNames.isDisjoint(with: parts), !leadsIntoStore(parts) else { throw ScanError.linkLeadsIntoState(path: link) }
    switch status.kind {
    case .regular: return .file(FoundFile(path: path, folder: target, name: nil, status: status))
    case .folder:
      guard !folder.lies(in: status) else { throw ScanError.linkLoops(path: link) }
      guard folder.linkedCount < Self.linkedFolderLimit else { throw ScanError.linksNestedTooDeep(path: link, limit: Self.linkedFolderLimit) }
      return .folder(Folder(place: target, path: path, status: status, parent: folder, isLinked: true, rules: rules))
    case .link, .other: throw ScanError.notAFile(path: link)
    }
  }

  /// By the bytes of their paths. Two paths that only Unicode normalisation tells apart are refused: another file system cannot hold both.
  private static func sorted(_ files: [FoundFile]) throws -> [FoundFile] {
    var files = files
    // Listings come sorted; only a linked folder, whose name was sorted as a file's, can stand elsewhere.
    let isSorted = zip(files, files.dropFirst()).allSatisfy { $0.path.precedesByBytes($1.path) }
    if !isSorted { files.sort { $0.path.precedesByBytes($1.path) } }
    // Swift compares strings by canonical equivalence. ASCII alone is equivalent to nothing else but itself.
    guard files.contains(where: { !$0.path.utf8.allSatisfy { $0 < 0x80 } }) else { return files }
    var paths: Set<String> = []
    for file in files { guard paths.insert(file.path).inserted else { throw ScanError.namesClash(path: file.place) } }
    return files
  }

  private func isStore(_ status: FileStatus) -> Bool { store.map(status.isSameFile) ?? false }

  private func leadsIntoStore(_ parts: [String]) -> Bool {
    var place = root
    return parts.contains { part in
      place += "/" + part
      return FileStatus(at: place, followingLinks: false).map(isStore) ?? false
    }
  }

  private func text(_ name: UnsafeRawBufferPointer, in folder: String) throws -> String {
    guard let text = String(validating: name, as: UTF8.self) else {
      throw ScanError.nameIsNotUTF8(path: folder + "/" + escaped(name))
    }
    return text
  }

  private func escaped(_ name: UnsafeRawBufferPointer) -> String {
    name.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hexadecimal([$0]) }.joined()
  }

  /// realpath(3), nil where it fails; errno says why.
  static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
  }
}
