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

  init(in root: URL) throws { try self.init(root.appending(path: Retractions.fileName)) }

  private init(_ file: URL) throws {
    self.file = file
    var isFolder: ObjCBool = false
    // A folder of that name is somebody's data; with no file, nothing is retracted.
    let isData = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) && isFolder.boolValue
    retractions = isData ? nil : try WholeFile(file).bytes().map { try Retractions(parsing: $0) }
  }

  /// What a plan needs to know of it.
  var consent: Consent {
    guard let retractions else { return .unbroken }
    return Consent(retractions: Retractions.fileName, isRetracted: { retractions.hold(contributor: $0) })
  }

  /// Throws where somebody took something back, or gave it again, since this was read: what was planned by it is not what they want.
  func requireUnchanged() throws {
    guard try ProjectConsent(file).retractions == retractions else { throw ConsentChanged(path: file.path) }
  }

  /// Changes the file in one instant, and only where `change` says something new; gives what it is then, and what `change` gave. One that says nothing any
  /// more stays, with its salt: a withdrawal that comes later has the same code as before; where there is no file, nothing that says nothing is made. No other soulpack changes it in between, whatever store it has:
  /// each would write what the other has not read.
  static func update<Value>(in root: URL, _ change: (inout Retractions) throws -> Value) throws -> (retractions: Retractions, value: Value) {
    try ChangeLock.holding(folder: root) {
      let before = try ProjectConsent(in: root)
      let changed = try before.changed(by: change)
      if changed.retractions != before.retractions ?? Retractions() { try WholeFile(before.file).target.replace(with: changed.retractions.bytes) }
      return changed
    }
  }

  private func changed<Value>(by change: (inout Retractions) throws -> Value) throws -> (retractions: Retractions, value: Value) {
    var changed = retractions ?? Retractions()
    let value = try change(&changed)
    return (changed, value)
  }
}

struct ConsentChanged: ExplainedError {
  let path: String

  var message: String { "\(path): what is retracted has changed since this began, and nothing is given out that was made by what it said before" }
  var hint: String? { "run it again: what does not depend on it is not done again" }
}

extension Retractions {
  /// From the system's source of randomness, which is a cryptographic one.
  mutating func addRandomSalt() {
    var generator = SystemRandomNumberGenerator()
    add(salt: Data((0..<Retractions.saltByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
  }
}
