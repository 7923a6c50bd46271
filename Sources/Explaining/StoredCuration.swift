package import Artifacts
package import Curation
internal import Foundation
package import Store

/// One curation that a store knows, of whichever build: what it read, what it gave, and its answers about records.
package struct StoredCuration: Sendable {
  package let key: Digest
  package let source: Digest?
  package let dataset: Digest?
  package let ledger: LedgerQuery
  private let preimage: Digest

  /// Every curation whose ledger is still there, in the order of their keys.
  package static func all(in store: ReadableStore) throws -> [StoredCuration] {
    try store.actions.all(ofKind: "curate").compactMap { try StoredCuration($0, in: store) }
  }

  private init?(_ entry: ActionEntry, in store: ReadableStore) throws {
    guard let digest = entry.outputs["ledger"], let ledger = try store.ledger(digest) else { return nil }
    key = entry.key
    source = entry.inputs["source"]
    dataset = entry.outputs["dataset"]
    preimage = entry.preimage
    self.ledger = LedgerQuery(ledger)
  }

  /// Everything that was read with these ids, each with what was merged into it. Empty where nothing was.
  func entries(of ids: Set<RecordID>) throws -> [RecordExplanation] { try ledger.why(records: ids) }

  /// What was read at a place of a file with these very bytes, under whatever name. Nil where nothing was.
  func entry(inFileOf digest: Digest, line: Int) throws -> RecordExplanation? {
    for file in ledger.files where file.digest == digest {
      guard case .read = file.fate else { continue }
      do {
        return try ledger.why(file: file.path, line: line)
      } catch is LedgerQueryError {
        continue  // What was read as another kind of file has other records.
      }
    }
    return nil
  }

  func fileDigest(at path: String) -> Digest? { ledger.files.first { $0.path.utf8.elementsEqual(path.utf8) }?.digest }

  /// The object of the store that a record's file lies in: of a member of an archive, the archive. Nil where the listing is gone.
  func holder(of path: String, in store: ReadableStore) throws -> Snapshot.Entry? {
    guard let source, try store.objects.contains(source) else { return nil }
    let entries = try store.objects.snapshot(source).entries
    return entries.first { $0.path.utf8.elementsEqual(path.utf8) } ?? entries.first { path.hasPrefix($0.path + "!/") }
  }

  /// Its parameters with other stages: how its files are read stays as it was.
  func parameters(stages: JSONValue, in store: ReadableStore) throws -> CurationParameters? {
    guard try store.objects.contains(preimage), var members = try JSONValue(parsing: try store.objects.get(preimage))["parameters"]?.object else { return nil }
    members["stages"] = stages
    return try CurationParameters(.object(members))
  }
}
