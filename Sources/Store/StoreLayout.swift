internal import Artifacts
internal import Foundation
internal import Glibc

/// Where things lie under a store's root, and making the folders.
struct StoreLayout: Sendable {
  let root: URL

  var path: String { root.path }
  var database: String { path + "/store.sqlite" }
  var lock: String { path + "/lock" }
  var log: String { path + "/log" }
  var objects: String { path + "/objects" }
  var packs: String { path + "/packs" }
  /// What steps remember.
  var memo: String { path + "/memo" }
  /// Statuses of scanned folders.
  var index: String { path + "/index" }
  /// Objects while they are written.
  var temporary: String { path + "/tmp" }
  /// Folders of running steps.
  var work: String { path + "/work" }

  /// The folder and the path of a loose object: `objects/ab/cdef…`, so that no folder grows huge.
  func shard(of digest: Digest) -> String { objects + "/" + digest.hex.prefix(2) }
  func loose(_ digest: Digest) -> String { shard(of: digest) + "/" + digest.hex.dropFirst(2) }

  func pack(_ id: Int64) -> String { packs + "/" + Self.name(id) }
  func memoFile(_ id: Int64) -> String { memo + "/" + Self.name(id) }

  /// 16 hexadecimal digits.
  static func name(_ id: Int64) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  static func id(_ name: String) -> Int64? { name.count == 16 ? Int64(name, radix: 16) : nil }

  func newTemporary() -> String { temporary + "/" + UUID().uuidString.lowercased() }

  private static let names: Set<String> = [
    ".gitignore", "checkpoints", "index", "lock", "log", "memo", "objects", "packs", "store.sqlite", "store.sqlite-shm", "store.sqlite-wal", "tmp", "work",
  ]

  /// Refuses a folder of somebody else's: what lies in `tmp` and `work` of a store is deleted without asking. A store whose making was
  /// cut short has a lock and no foreign name.
  func requireOurs() throws {
    // SQLite would open whatever stands there, and wait for ever on a pipe.
    if let status = FileStatus(at: database, followingLinks: true), status.kind != .regular { throw StoreError.notAStore(path: path) }
    guard let names = try namesInRoot(), !names.isEmpty, !names.contains("store.sqlite") else { return }
    guard names.contains("lock"), names.allSatisfy(Self.names.contains) else { throw StoreError.notAStore(path: path) }
  }

  private func namesInRoot() throws -> [String]? {
    guard FileStatus(at: path, followingLinks: true) != nil else { return nil }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw StoreError.system(operation: "list", path: path, code: posixCode(error))
    }
  }

  func makeRoot() throws {
    do {
      try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    } catch {
      throw StoreError.system(operation: "make", path: path, code: posixCode(error))
    }
  }

  /// The folders, and a `.gitignore` by which the store ignores itself. Called with the writer lock.
  func makeContents(calls: DiskCalls) throws {
    for folder in [objects, packs, memo, index, temporary, work] { try makeFolder(folder) }
    let ignored = path + "/.gitignore"
    if FileStatus(at: ignored, followingLinks: false) == nil {
      let written = newTemporary()
      let file = try OpenFile(written, O_WRONLY | O_CREAT | O_EXCL, operation: "write")
      try Data("*\n".utf8).withUnsafeBytes { try file.write($0, calls: calls) }
      try file.synchronize(calls: calls)
      guard calls.rename(written, ignored) == 0 else { throw StoreError.system(operation: "write", path: ignored, code: errno) }
    }
    try synchronizeFolder(path, calls: calls)
  }

  /// Everything in tmp/ and work/ belongs to a process that is gone: only the holder of the writer lock puts something there.
  func removeLeftovers() throws {
    for folder in [temporary, work] {
      for name in try contents(of: folder) { try removeTree(folder + "/" + name) }
    }
  }

  func contents(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw StoreError.system(operation: "list", path: folder, code: posixCode(error))
    }
  }
}

/// Makes a folder, unless it is there.
func makeFolder(_ path: String) throws(StoreError) {
  if mkdir(path, 0o755) != 0, errno != EEXIST { throw .system(operation: "make", path: path, code: errno) }
}

/// Removes a file, or a folder with what is in it, folders that a step protected against writing included.
func removeTree(_ path: String) throws {
  do {
    try unprotectFolders(path)
    try FileManager.default.removeItem(atPath: path)
  } catch let error as StoreError {
    throw error
  } catch {
    throw StoreError.system(operation: "remove", path: path, code: posixCode(error))
  }
}

private func unprotectFolders(_ path: String) throws {
  guard FileStatus(at: path, followingLinks: false)?.kind == .folder else { return }
  guard chmod(path, 0o700) == 0 else { throw StoreError.system(operation: "remove", path: path, code: errno) }
  for name in try FileManager.default.contentsOfDirectory(atPath: path) { try unprotectFolders(path + "/" + name) }
}

/// The errno inside an error of Foundation's, EIO where there is none.
func posixCode(_ error: any Error) -> Int32 {
  let outer = error as NSError
  let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError
  return [outer, inner].compactMap { $0 }.first { $0.domain == NSPOSIXErrorDomain }.map { Int32($0.code) } ?? EIO
}
