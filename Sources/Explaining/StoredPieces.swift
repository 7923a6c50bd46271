package import Artifacts
package import Curation
package import Store

/// Datasets and ledgers in a store, by the digests of their indexes. Nil where any piece of one is no longer there.
extension ReadableStore {
  package func dataset(_ index: Digest) throws -> StoredDataset? {
    let objects = objects
    guard try objects.contains(index) else { return nil }
    let dataset = try StoredDataset(index) { try objects.get($0) }
    return try dataset.shards.allSatisfy { try objects.contains($0.digest) } ? dataset : nil
  }

  package func ledger(_ index: Digest) throws -> StoredLedger? {
    let objects = objects
    guard try objects.contains(index) else { return nil }
    let ledger = try StoredLedger(index) { try objects.get($0) }
    return try ledger.chunks.allSatisfy { try objects.contains($0.digest) } ? ledger : nil
  }
}
