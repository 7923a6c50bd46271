internal import Artifacts
internal import Curation
internal import Foundation
internal import Identities
internal import Planning
internal import Running

/// The file `retractions` of a project's root: read before anything is planned, and changed by `soulpack retract` alone.
struct ProjectConsent {
  private let file: URL
  /// Nil where there is no such file.
  let retractions: Retractions?

  init(in root: URL) throws {
    file = root.appending(path: Retractions.fileName)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)) != nil
      // What was retracted is kept elsewhere then, and cannot be read: nobody may be trained on meanwhile.
      guard isFolder.boolValue || !isLink else { throw LostRetractions(path: file.path) }
      // A folder of that name is somebody's data; with no file, nothing is retracted.
      retractions = nil
      return
    }
    retractions = try Retractions(parsing: try Data(contentsOf: file))
  }

  /// What a plan needs to know of it.
  var consent: Consent {
    guard let retractions else { return .unbroken }
    return Consent(retractions: Retractions.fileName, isRetracted: { retractions.hold(contributor: $0) })
  }

  /// Changes the file in one instant, and only where `change` says something new; gives what it is then, and what `change` gave. One that says nothing any
  /// more stays, with its salt: a withdrawal that comes later has the same code as before. No other soulpack changes it in between, whatever store it has:
  /// each would write what the other has not read.
  static func update<Value>(in root: URL, _ change: (inout Retractions) throws -> Value) throws -> (retractions: Retractions, value: Value) {
    try ChangeLock.holding(folder: root) {
      let before = try ProjectConsent(in: root)
      let changed = try before.changed(by: change)
      // Where it is a link, what that leads to is written.
      if changed.retractions != before.retractions { try WholeFile(before.file.resolvingSymlinksInPath()).replace(with: changed.retractions.bytes) }
      return changed
    }
  }

  private func changed<Value>(by change: (inout Retractions) throws -> Value) throws -> (retractions: Retractions, value: Value) {
    var changed = retractions ?? Retractions()
    let value = try change(&changed)
    return (changed, value)
  }
}

struct LostRetractions: ExplainedError {
  let path: String

  var message: String { "\(path): a link to a file that is not there, so that nobody knows what was retracted" }
  var hint: String? { "bring back what it leads to, or remove the link if nothing was retracted" }
}

extension Retractions {
  /// From the system's source of randomness, which is a cryptographic one.
  mutating func addRandomSalt() {
    var generator = SystemRandomNumberGenerator()
    add(salt: Data((0..<Retractions.saltByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
  }
}
