internal import Artifacts
internal import Foundation

/// What the hub says of a model at a revision: the commit, and the names of its files.
struct HubListing {
  let commit: String
  let files: [String]

  private static let fileLimit = 100_000

  init(_ bytes: Data, of model: HubReference) throws(FetchError) {
    guard let document = try? JSONValue(parsing: bytes) else {  // Why it is no JSON says nothing to a person.
      throw .badListing(model, reason: "it is no JSON")
    }
    guard let commit = document["sha"]?.string, HubReference.isCommit(commit) else { throw .badListing(model, reason: "it names no commit") }
    guard !model.namesCommit || commit == model.revision else { throw .otherCommit(model, found: commit) }
    guard let siblings = document["siblings"]?.array, siblings.count <= HubListing.fileLimit else {
      throw .badListing(model, reason: "it lists no files, or more than \(HubListing.fileLimit)")
    }
    files = siblings.compactMap { $0["rfilename"]?.string }
    guard files.count == siblings.count, Set(files).count == files.count else { throw .badListing(model, reason: "it lists a file twice, or one without a name") }
    for name in files where !Snapshot.isContained(name) || name.contains("\\") || name.unicodeScalars.contains(where: { $0.value < 0x20 }) {
      throw .unsafeName(model, name: name)
    }
    self.commit = commit
  }
}
