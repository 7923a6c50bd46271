internal import Artifacts
internal import Foundation
internal import Identities
internal import Running

/// A small file of names and what is known of them, in the user's state folder: commands allowed, versions published, log heads.
struct Notebook {
  private let file: URL
  private(set) var entries: [String: JSONValue]

  init(_ file: URL) throws {
    self.file = file
    entries = try Notebook.entries(in: file)
  }

  /// Other processes note things too: the file is read again, under a lock, so that only this one name changes in it.
  mutating func note(_ name: String, _ value: JSONValue) throws {
    entries = try ChangeLock.holding(beside: file) {
      var entries = try Notebook.entries(in: file)
      guard entries[name] != value else { return entries }
      entries[name] = value
      let document: JSONValue = ["schema": "soulpack.notebook/1", "entries": .object(entries)]
      try WholeFile(file).target.replace(with: Data(document.pretty.utf8))
      return entries
    }
  }

  /// A file that cannot be read says nothing about what is in it: that error goes on as it is.
  private static func entries(in file: URL) throws -> [String: JSONValue] {
    guard let bytes = try WholeFile(file).bytes() else { return [:] }
    do {
      guard let members = try JSONValue(parsing: bytes)["entries"]?.object else { throw UnreadableNotebook(path: file.path) }
      return members
    } catch is JSONSyntaxError {
      throw UnreadableNotebook(path: file.path)
    }
  }
}

struct UnreadableNotebook: ExplainedError {
  let path: String

  var message: String { "\(path): not readable as soulpack's notes" }
  var hint: String? { "move it away; soulpack starts a new one" }
}
