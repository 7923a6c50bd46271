internal import Artifacts
internal import Foundation
internal import Store

/// The last line of each store's event log, as this user saw it. A log that was cut or begun anew since no longer holds that line.
struct LogHeads {
  private var notebook: Notebook

  init() throws { notebook = try Notebook(UserFolders().logHeads) }

  func head(ofStore folder: URL) -> LogHead? {
    guard let entry = notebook.entries[folder.path], let sequence = entry["sequence"]?.integer, let digest = entry["digest"]?.digest else { return nil }
    return LogHead(sequence: sequence, digest: digest)
  }

  mutating func note(_ head: LogHead, ofStore folder: URL) throws {
    try notebook.note(folder.path, ["sequence": .integer(head.sequence), "digest": .digest(head.digest)])
  }
}

extension WritableStore {
  /// Appends to the event log, and remembers for this user that it was there.
  func note(_ event: String, _ details: [String: LogDetail]) throws {
    let head = try log.append(event, at: Date(), details)
    var heads = try LogHeads()
    try heads.note(head, ofStore: root)
  }
}
