package import Artifacts
internal import Curation
package import Store

/// A dataset that a curation of this store made, with the ledger of that curation.
package struct KnownDataset: Sendable {
  package let digest: Digest
  package let records: RecordComparison.Curated

  /// Fewer digits than this are not taken for a digest.
  private static let leastDigits = 6

  /// By the first digits of its digest, with or without `sha256:`. Nil where no curation made such a dataset, or its pieces are gone. Where several
  /// curations made it, of other files or of the same in another order, it is the one whose key is the first.
  package static func find(_ text: String, in store: ReadableStore) throws -> KnownDataset? {
    let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    guard (leastDigits...64).contains(digits.utf8.count) else { return nil }
    let entries = try store.actions.all(ofKind: "curate").filter { $0.outputs["dataset"]?.hex.hasPrefix(digits) ?? false }
    let digests = Set(entries.compactMap { $0.outputs["dataset"] })
    guard digests.count <= 1 else { throw AmbiguousDataset(text: text, digests: digests.sorted()) }
    for entry in entries {
      guard let digest = entry.outputs["dataset"], let dataset = try store.dataset(digest), let ledger = try entry.outputs["ledger"].flatMap(store.ledger)
      else { continue }
      return KnownDataset(digest: digest, records: RecordComparison.Curated(ledger: ledger, dataset: dataset))
    }
    return nil
  }
}

/// Some digits that several datasets begin with.
package struct AmbiguousDataset: ExplainedError {
  let text: String
  let digests: [Digest]

  package var message: String { "\"\(text)\" names \(digests.count) datasets: \(digests.prefix(4).map(\.short).joined(separator: ", "))" }
  package var hint: String? { "give more digits" }
}
