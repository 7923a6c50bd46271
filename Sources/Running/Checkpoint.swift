package import Artifacts
package import Foundation
internal import Hashing

/// Where a long step keeps its unfinished state, so that a killed build goes on where it was. Named by the action key: another
/// action's state cannot be mistaken for this one's.
package struct Checkpoint: Sendable {
  private let file: URL

  package init(key: Digest, folder: URL) {
    file = folder.appending(path: "\(key.hex).checkpoint")
  }

  /// Replaces the state atomically: a kill leaves the earlier one or this one. The digest before it tells a torn file, which a crash of
  /// the machine can leave, from a whole one.
  package func save(_ state: Data) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try WholeFile(file).replace(with: Data(Digest(hashing: state).bytes) + state, durable: false)
  }

  /// The state, or nil where there is none that is whole: the step then begins anew, which costs time only.
  package func load() throws -> Data? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let bytes = try Data(contentsOf: file)
    let state = Data(bytes.dropFirst(Digest.byteCount))
    return Digest(bytes: bytes.prefix(Digest.byteCount)) == Digest(hashing: state) ? state : nil
  }

  package func remove() throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    try FileManager.default.removeItem(at: file)
  }
}
