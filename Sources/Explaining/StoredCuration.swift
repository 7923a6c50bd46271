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

  /// What was read from lines of files with these very bytes, under whatever names, in the order of the places.
  func entries(onLines asked: [Digest: Set<Int>]) throws -> [RecordExplanation] {
    let files = ledger.files.filter { file in
      guard case .read = file.fate, let digest = file.digest else { return false }
      return asked[digest] != nil
    }
    let places = files.flatMap { file in (file.digest.flatMap { asked[$0] } ?? []).map { RecordPlace(file: file.path, line: $0) } }
    let found = try ledger.why(places: Set(places))
    var (open, entries) = (asked, [RecordPlace: RecordExplanation]())
    for file in files {
      guard let digest = file.digest else { continue }
      // Of files with the same bytes the first that has a record there: what was read as another kind of file has other records.
      for line in open[digest] ?? [] {
        guard let entry = found[RecordPlace(file: file.path, line: line)] else { continue }
        open[digest]?.remove(line)
        entries[entry.entry.source.place] = entry
      }
    }
    return entries.values.sorted { $0.entry.source.place < $1.entry.source.place }
  }

  /// By the bytes of the paths, of those that were read under these.
  func fileDigests(at paths: Set<[UInt8]>) -> [[UInt8]: Digest] {
    var digests: [[UInt8]: Digest] = [:]
    for file in ledger.files {
      let path = Array(file.path.utf8)
      if paths.contains(path), digests[path] == nil { digests[path] = file.digest }
    }
    return digests
  }

  /// The listing of what it read. Nil where it is gone.
  func listing(in store: ReadableStore) throws -> Snapshot? {
    guard let source, try store.objects.contains(source) else { return nil }
    return try store.objects.snapshot(source)
  }

  /// Its parameters with other stages: how its files are read stays as it was.
  func parameters(stages: JSONValue, in store: ReadableStore) throws -> CurationParameters? {
    guard try store.objects.contains(preimage), var members = try JSONValue(parsing: try store.objects.get(preimage))["parameters"]?.object else { return nil }
    members["stages"] = stages
    return try CurationParameters(.object(members))
  }
}

extension Snapshot {
  /// The object of the store that a record's file lies in: of a member of an archive, the archive.
  func holder(of path: String) -> Snapshot.Entry? {
    entries.first { $0.path.utf8.elementsEqual(path.utf8) } ?? entries.first { path.hasPrefix($0.path + "!/") }
  }
}
