import Artifacts
import Foundation
import Glibc
import Store

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

/// Where a loose object lies.
func place(of digest: Digest, in folder: TemporaryFolder) -> URL {
  folder.storeRoot.appending(path: "objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2))")
}

/// Changes one byte in the middle of a file, against its permissions.
func flipByte(of file: URL) throws {
  var bytes = try Data(contentsOf: file)
  bytes[bytes.count / 2] ^= 1
  try FileManager.default.removeItem(at: file)
  try bytes.write(to: file)
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
