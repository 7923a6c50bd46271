package import Artifacts
internal import Curation
package import Store

/// A dataset that a curation of this store made, with the ledger of that curation.
package struct KnownDataset: Sendable {
  package let digest: Digest
  package let records: RecordComparison.Curated

  /// Fewer digits than this are not taken for a digest.
  private static let leastDigits = 6

  /// By the first digits of its digest, with or without `sha256:`, or of the key of the curation that made it. Nil where there is none such, or its
  /// pieces are gone. A dataset does not say what it was read from: where several curations made it, of other files, none is guessed at.
  package static func find(_ text: String, in store: ReadableStore) throws -> KnownDataset? {
    let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    guard (leastDigits...64).contains(digits.utf8.count) else { return nil }
    let curations = try store.actions.all(ofKind: "curate").compactMap { try Curation($0, in: store) }
    let named = curations.filter { $0.dataset.digest.hex.hasPrefix(digits) }
    let found = named.isEmpty ? curations.filter { $0.key.hex.hasPrefix(digits) } : named
    let digests = Set(found.map(\.dataset.digest))
    guard digests.count <= 1 else { throw AmbiguousDataset(text: text, digests: digests.sorted()) }
    guard Set(found.map(\.ledger)).count <= 1 else { throw SeveralCurations(text: text, keys: found.map(\.key)) }
    return found.first?.dataset
  }

  /// A curation whose pieces are all there.
  private struct Curation {
    let key: Digest
    let ledger: Digest
    let dataset: KnownDataset

    init?(_ entry: ActionEntry, in store: ReadableStore) throws {
      guard let digest = entry.outputs["dataset"], let ledger = entry.outputs["ledger"], let dataset = try store.dataset(digest),
        let stored = try store.ledger(ledger)
      else { return nil }
      (key, self.ledger) = (entry.key, ledger)
      self.dataset = KnownDataset(digest: digest, records: RecordComparison.Curated(ledger: stored, dataset: dataset))
    }
  }
}

/// Some digits that several datasets begin with.
package struct AmbiguousDataset: ExplainedError {
  let text: String
  let digests: [Digest]

  package var message: String { "\"\(text)\" names \(digests.count) datasets: \(digests.prefix(4).map(\.short).joined(separator: ", "))" }
  package var hint: String? { "give more digits" }
}

/// A dataset that was curated more than once, of files that differ in what became of them.
struct SeveralCurations: ExplainedError {
  let text: String
  let keys: [Digest]

  var message: String { "\(keys.count) curations made the dataset \"\(text)\", and not of the same files" }
  var hint: String? { "name one of them by its key, as `soulpack curate` printed it: \(keys.sorted().prefix(4).map(\.short).joined(separator: ", "))" }
}
