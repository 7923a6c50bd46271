internal import Artifacts
internal import Curation
internal import Running
internal import Store

/// Datasets and ledgers among a step's inputs, which the store keeps in pieces.
extension StepContext {
  func dataset(_ input: String) throws -> StoredDataset {
    let objects = store.reading.objects
    return try StoredDataset(try digest(of: input)) { try objects.get($0) }
  }

  func ledger(_ input: String) throws -> StoredLedger {
    let objects = store.reading.objects
    return try StoredLedger(try digest(of: input)) { try objects.get($0) }
  }
}
