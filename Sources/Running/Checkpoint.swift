package import Artifacts
package import Foundation

/// Where a long step keeps its unfinished state, so that a killed build goes on where it was. Named by the action key: another
/// action's state cannot be mistaken for this one's.
package struct Checkpoint: Sendable {
  private let file: URL

  package init(key: Digest, folder: URL) {
    file = folder.appending(path: "\(key.hex).checkpoint")
  }

  /// Replaces the state atomically: a kill leaves the earlier one or this one.
  package func save(_ state: Data) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try state.write(to: file, options: .atomic)
  }

  package func load() throws -> Data? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try Data(contentsOf: file)
  }

  package func remove() throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    try FileManager.default.removeItem(at: file)
  }
}
