internal import Artifacts
internal import Foundation
internal import Running

/// A small file of names and what is known of them, in the user's state folder: commands allowed, versions published, log heads.
struct Notebook {
  private let file: URL
  private(set) var entries: [String: JSONValue]

  init(_ file: URL) throws {
    self.file = file
    entries = [:]
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let document = try? JSONValue(parsing: Data(contentsOf: file))  // Whatever is wrong with it, the answer below is the same.
    guard let members = document?["entries"]?.object else { throw UnreadableNotebook(path: file.path) }
    entries = members
  }

  mutating func note(_ name: String, _ value: JSONValue) throws {
    guard entries[name] != value else { return }
    entries[name] = value
    let document: JSONValue = ["schema": "soulpack.notebook/1", "entries": .object(entries)]
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try WholeFile(file).replace(with: Data(document.pretty.utf8))
  }
}

struct UnreadableNotebook: ExplainedError {
  let path: String

  var message: String { "\(path): not readable as soulpack's notes" }
  var hint: String? { "move it away; soulpack starts a new one" }
}
