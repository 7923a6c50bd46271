import Artifacts
import Foundation
import Glibc
import Store
import Testing

/// A folder that is removed with the last reference to it.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = URL(filePath: "/tmp/soulpack-store-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      print("left behind: \(url.path): \(error)")
    }
  }

  var storeRoot: URL { url.appending(path: ".soulpack") }

  func openStore(calls: DiskCalls = .system) throws -> WritableStore {
    try WritableStore.open(at: storeRoot, command: "test", calls: calls)
  }

  @discardableResult
  func write(_ text: String, to path: String) throws -> URL { try write(Data(text.utf8), to: path) }

  @discardableResult
  func write(_ bytes: Data, to path: String) throws -> URL {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: file)
    return file
  }

  func link(_ path: String, to target: String) throws {
    let link = url.appending(path: path)
    try FileManager.default.createDirectory(at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
  }
}

/// Bytes that differ for each seed and hardly compress.
func noise(_ byteCount: Int, seed: UInt64 = 1) -> Data {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return Data(
    (0..<byteCount).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    })
}

extension TemporaryFolder {
  /// The packs of the store, by name.
  func packs() throws -> [URL] {
    let folder = storeRoot.appending(path: "packs")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { folder.appending(path: $0) }
  }

  /// The only pack of the store.
  func pack() throws -> URL {
    let packs = try packs()
    try #require(packs.count == 1)
    return packs[0]
  }

  /// Every file of the store, whatever it is: what was destroyed must be in none.
  func allStoreBytes() throws -> Data {
    try FileManager.default.subpathsOfDirectory(atPath: storeRoot.path).reduce(into: Data()) { bytes, path in
      let file = storeRoot.appending(path: path)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else { return }
      bytes += try Data(contentsOf: file)
    }
  }
}

extension Data {
  /// Foundation's search takes minutes for megabytes.
  func holds(_ part: Data) -> Bool {
    withUnsafeBytes { whole in
      part.withUnsafeBytes { part in
        guard let first = part.first, let begin = whole.baseAddress, let wanted = part.baseAddress, whole.count >= part.count else { return false }
        var offset = 0
        while let found = memchr(begin + offset, Int32(first), whole.count - part.count + 1 - offset) {
          if memcmp(found, wanted, part.count) == 0 { return true }
          offset = found - UnsafeMutableRawPointer(mutating: begin) + 1
          if offset > whole.count - part.count { return false }
        }
        return false
      }
    }
  }
}

/// Changes one byte in the middle of a file, against its permissions.
func flipByte(of file: URL) throws {
  chmod(file.path, 0o644)
  let handle = try FileHandle(forUpdating: file)
  let middle = try handle.seekToEnd() / 2
  try handle.seek(toOffset: middle)
  let byte = try #require(try handle.read(upToCount: 1)?.first)
  try handle.seek(toOffset: middle)
  try handle.write(contentsOf: [byte ^ 1])
  try handle.close()
}

/// Runs SQL on the store's database from outside: the damage that a test does must not go through the code under test.
func damageDatabase(of folder: TemporaryFolder, _ sql: String) throws {
  let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()"
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["python3", "-c", script, folder.storeRoot.path + "/store.sqlite", sql]
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
}
