package import Artifacts
package import Curation
internal import Foundation
package import Packaging
package import Store

/// What this store knows of a Soul because it sealed that very Soul: the data that an archive only names.
///
/// It is found by the Soul digest, so it takes no archive's word for what its data were. Any of it may have been removed from the store since.
package struct KnownSoul: Sendable {
  private let inputs: [String: Digest]
  private let store: ReadableStore

  /// Nil where this store did not seal it.
  package init?(_ archive: SoulArchive, in store: ReadableStore) throws {
    guard let winner = archive.manifest.selection?.winner ?? archive.manifest.components.first?.listingDigest else { return nil }
    let seal = try store.lineage.uses(of: winner).first { use in
      guard use.kind == "seal", let summary = use.outputs["summary"], try store.objects.contains(summary) else { return false }
      return try JSONValue(parsing: try store.objects.get(summary))["digest"]?.digest == archive.digest
    }
    guard let seal else { return nil }
    inputs = seal.inputs
    self.store = store
  }

  /// What the Soul was sealed from: `dataset`, `train`, `validation` or `holdout`. Nil where the store no longer has it.
  package func dataset(_ input: String) throws -> StoredDataset? {
    try inputs[input].flatMap { try store.dataset($0) }
  }

  package func ledger() throws -> StoredLedger? {
    try inputs["ledger"].flatMap { try store.ledger($0) }
  }

  /// The curation that the Soul's dataset came from.
  package func curation() throws -> RecordComparison.Curated? {
    guard let ledger = try ledger(), let dataset = try dataset("dataset") else { return nil }
    return RecordComparison.Curated(ledger: ledger, dataset: dataset)
  }

  /// The parameters under which that dataset was curated.
  package func curationParameters() throws -> JSONValue? {
    guard let dataset = inputs["dataset"] else { return nil }
    for derivation in try store.lineage.derivations(of: dataset) where derivation.kind == "curate" {
      guard let preimage = try store.actions.lookup(derivation.key)?.preimage, try store.objects.contains(preimage) else { continue }
      return try JSONValue(parsing: try store.objects.get(preimage))["parameters"]
    }
    return nil
  }
}
