package import Artifacts
package import Foundation

/// Where a long step keeps its unfinished state, so that a killed build goes on where it was. Named by the action key: another
/// action's state cannot be mistaken for this one's.
package struct Checkpoint: Sendable {
  private let file: URL

  package init(key: Digest, folder: URL) {
    file = folder.appending(path: "\(key.hex).checkpoint")
  }

  /// Replaces the state atomically: a kill leaves the earlier one or this one. A crash of the machine can leave a torn file: the state must
  /// be one that its owner can tell from a damaged one, and damaged, the step begins anew, which costs time only.
  ///
  /// `body` hands on the state piece by piece, since a copy of it may not fit into memory.
  package func save(byWriting body: (_ write: ([UInt8]) throws -> Void) throws -> Void) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try WholeFile(file).replace(durable: false, byWriting: body)
  }

  /// The state, or nil where there is none. It is mapped, not read: a file that is replaced or removed meanwhile stays what it was.
  package func load() throws -> Data? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try Data(contentsOf: file, options: .alwaysMapped)
  }

  package func remove() throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    try FileManager.default.removeItem(at: file)
  }

  /// How long a state may lie untouched. Its key comes back only with the same inputs and parameters, and often never.
  private static let forgottenAfterSeconds: TimeInterval = 30 * 24 * 3600

  /// Removes the states, and the drafts of them, that no build has come back to. Called with the writer lock.
  package static func removeForgotten(in folder: URL, now: Date) {
    let limit = now.addingTimeInterval(-forgottenAfterSeconds)
    // Mostly there is no such folder yet; and a file that cannot be looked at or removed now stays for the next build.
    guard let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) else { return }
    for file in files {
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
      if let modified = attributes?[.modificationDate] as? Date, modified < limit { unlink(file.path) }
    }
  }
}
