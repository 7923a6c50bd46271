internal import Artifacts
internal import Curation
internal import Foundation
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

  /// Puts the file in place in one instant, and only where it says something new. One that says nothing any more stays, with its salt: a withdrawal that
  /// comes later has the same code as before.
  func write(_ changed: Retractions) throws {
    guard changed != retractions else { return }
    try WholeFile(file).replace(with: changed.bytes)
  }
}

extension Retractions {
  /// From the system's source of randomness, which is a cryptographic one.
  mutating func addRandomSalt() {
    var generator = SystemRandomNumberGenerator()
    add(salt: Data((0..<Retractions.saltByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
  }
}
