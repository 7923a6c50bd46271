internal import Artifacts
internal import CDisk
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Synchronization

/// Lists the regular files under a folder, by the bytes of their paths. Folders of one depth are listed by several threads at a time, and so are
/// the parts of a large one.
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

  /// What one folder holds.
  private struct Part: Sendable {
    var files: FoundFiles
    /// The folders in it, in their order, each with how many of the files stand before it.
    var inner: [(before: Int, folder: Folder)] = []
  }

  /// The files under `place`; for one file, that file under its own name. `store` is passed over. Without `readsIgnoreFiles` nothing is
  /// ignored: what a step wrote is its output whatever it is called.
  static func files(at place: String, passingOver store: String, readsIgnoreFiles: Bool = true) throws -> FoundFiles {
    guard let resolved = resolve(place), let status = FileStatus(at: resolved, followingLinks: true) else {
      throw ScanError.absent(path: place)
    }
    switch status.kind {
    case .regular:
      var files = FoundFiles()
      files.append((place as NSString).lastPathComponent, at: resolved, status)
      return files
    case .folder:
      let walk = FolderWalk(root: resolved, store: FileStatus(at: store, followingLinks: true), readsIgnoreFiles: readsIgnoreFiles)
      return try walk.files(Folder(place: resolved, path: "", status: status, parent: nil, isLinked: false, rules: nil))
    case .link, .other: throw ScanError.notAFile(path: place)
    }
  }

  private func files(_ top: Folder) throws -> FoundFiles {
    var parts: [ObjectIdentifier: Part] = [:]
    var level = [top]
    while !level.isEmpty {
      let listed = try list(level)
      for (folder, part) in zip(level, listed) { parts[ObjectIdentifier(folder)] = part }
      level = listed.flatMap { $0.inner.map(\.folder) }
    }
    if parts.count == 1, let only = parts.first?.value.files { return try Self.sorted(only) }
    var files = FoundFiles()
    files.reserve(parts.values.reduce(0) { $0 + $1.files.count }, textByteCount: parts.values.reduce(0) { $0 + $1.files.text.count })
    Self.collect(top, parts, into: &files)
    return try Self.sorted(files)
  }

  private static func collect(_ folder: Folder, _ parts: [ObjectIdentifier: Part], into files: inout FoundFiles) {
    guard let part = parts[ObjectIdentifier(folder)] else { return }
    let shift = files.begin(part.files)
    var next = 0
    for (before, inner) in part.inner {
      files.append(next..<before, of: part.files, shift)
      next = before
      collect(inner, parts, into: &files)
    }
    files.append(next..<part.files.count, of: part.files, shift)
  }

  /// What is in each folder, in the order of the folders.
  private func list(_ folders: [Folder]) throws -> [Part] {
    guard folders.count > 1 else { return try folders.map(list) }
    let results = Mutex<[Result<Part, any Error>?]>(Array(repeating: nil, count: folders.count))
    DispatchQueue.concurrentPerform(iterations: folders.count) { index in
      let result = Result { try list(folders[index]) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }

  private func list(_ folder: Folder) throws -> Part {
    try Task.checkCancellation()
    var listing = disk_listing()
    let code = disk_list(folder.place, IgnoreRules.fileName, &listing)
    defer { disk_free(&listing) }
    guard code == 0 else { throw code == ENOENT ? ScanError.vanished(path: folder.place) : ScanError.unreadable(path: folder.place, code: code) }
    Self.look(&listing)
    let rules = try rules(in: folder, hasFile: listing.has_ignore_file != 0)
    let prefix = folder.path.isEmpty ? [] : Array(folder.path.utf8) + [UInt8(ascii: "/")]
    var part = Part(
      files: FoundFiles(inFolder: folder.place, reserving: listing.count, textByteCount: listing.count * prefix.count + listing.name_byte_count))
    for index in 0..<listing.count {
      let entry = listing.entries[index]
      let name = UnsafeRawBufferPointer(start: listing.names + entry.name, count: Int(entry.name_length))
      try visit(name, entry, in: folder, prefix, rules, into: &part)
    }
    return part
  }

  /// So many names are worth a thread.
  private static let lookCount = 1024

  private static func look(_ listing: inout disk_listing) {
    let count = listing.count
    guard count >= 2 * lookCount else { return disk_look(&listing, 0, count) }
    // Each thread writes to entries of its own.
    withUnsafeMutablePointer(to: &listing) { listing in
      nonisolated(unsafe) let listing = listing
      DispatchQueue.concurrentPerform(iterations: (count + lookCount - 1) / lookCount) { part in
        disk_look(listing, part * lookCount, min((part + 1) * lookCount, count))
      }
    }
  }

  private func rules(in folder: Folder, hasFile: Bool) throws -> IgnoreRules? {
    guard hasFile, readsIgnoreFiles else { return folder.rules }
    return try .reading(folder.place + "/" + IgnoreRules.fileName, folder: folder.path, parent: folder.rules)
  }

  private func visit(
    _ bytes: UnsafeRawBufferPointer, _ entry: disk_entry, in folder: Folder, _ prefix: [UInt8], _ rules: IgnoreRules?, into part: inout Part
  ) throws {
    let status = FileStatus(entry)
    if let rules {
      let isIgnored = rules.ignores(path: prefix + Array(bytes)) { isFolder(bytes, status, in: folder) }
      if isIgnored { return }
    }
    let isASCII = entry.is_ascii != 0
    // Mostly there is nothing more to it.
    if entry.code == 0, status.kind == .regular, isASCII { return part.files.append(prefix, bytes, isASCII: true, status) }
    let name = try text(bytes, in: folder.place)
    let place = folder.place + "/" + name
    guard entry.code == 0 else {
      throw entry.code == ENOENT ? ScanError.vanished(path: place) : ScanError.unreadable(path: place, code: entry.code)
    }
    let path = folder.path.isEmpty ? name : folder.path + "/" + name
    switch status.kind {
    case .regular: part.files.append(prefix, bytes, isASCII: isASCII, status)
    case .folder where isStore(status): break
    case .folder:
      let inner = Folder(place: place, path: path, status: status, parent: folder, isLinked: false, rules: rules)
      part.inner.append((part.files.count, inner))
    case .link: try follow(place, path: path, from: folder, rules, into: &part)
    case .other: throw ScanError.notAFile(path: place)
    }
  }

  /// Of a link, what it leads to.
  private func isFolder(_ name: UnsafeRawBufferPointer, _ status: FileStatus, in folder: Folder) -> Bool {
    guard status.kind == .link else { return status.kind == .folder }
    return FileStatus(at: folder.place + "/" + String(decoding: name, as: UTF8.self), followingLinks: true)?.kind == .folder
  }

  private func follow(_ link: String, path: String, from folder: Folder, _ rules: IgnoreRules?, into part: inout Part) throws {
    guard let target = Self.resolve(link), let status = FileStatus(at: target, followingLinks: true) else {
      throw errno == ELOOP ? ScanError.linkLoops(path: link) : ScanError.linkLeadsNowhere(path: link)
    }
    guard target == root || target.hasPrefix(root + "/") else { throw ScanError.linkLeavesFolder(path: link) }
    let parts = target.dropFirst(root.count).split(separator: "/").map(String.init)
    guard Self.stateNames.isDisjoint(with: parts), !leadsIntoStore(parts) else { throw ScanError.linkLeadsIntoState(path: link) }
    switch status.kind {
    case .regular: part.files.append(path, at: target, status)
    case .folder:
      guard !folder.lies(in: status) else { throw ScanError.linkLoops(path: link) }
      guard folder.linkedCount < Self.linkedFolderLimit else { throw ScanError.linksNestedTooDeep(path: link, limit: Self.linkedFolderLimit) }
      part.inner.append((part.files.count, Folder(place: target, path: path, status: status, parent: folder, isLinked: true, rules: rules)))
    case .link, .other: throw ScanError.notAFile(path: link)
    }
  }

  /// By the bytes of their paths. Two paths that only Unicode normalisation tells apart are refused: another file system cannot hold both.
  private static func sorted(_ files: FoundFiles) throws -> FoundFiles {
    var files = files
    files.sort()  // Listings come sorted; only a linked folder, whose name was sorted as a file's, can stand elsewhere.
    // Swift compares strings by canonical equivalence. ASCII alone is equivalent to nothing else but itself.
    guard !files.isASCII else { return files }
    var paths: Set<String> = []
    for index in 0..<files.count { guard paths.insert(files.path(index)).inserted else { throw ScanError.namesClash(path: files.place(index)) } }
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
