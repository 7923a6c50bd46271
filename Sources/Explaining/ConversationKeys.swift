internal import Artifacts
internal import Curation

/// The conversation keys of a few records of a dataset.
///
/// Records that two versions do not share stand in shards that they do not share: those are looked through first, and nearly always alone.
struct ConversationKeys {
  private var keys: [RecordID: String] = [:]

  subscript(id: RecordID) -> String? { keys[id] }

  init(of wanted: [RecordID], in dataset: StoredDataset, besides other: StoredDataset) throws {
    var missing = Set(wanted)
    let shared = Set(other.shards.map(\.digest))
    let own = dataset.shards.filter { !shared.contains($0.digest) }
    for shard in own + dataset.shards.filter({ shared.contains($0.digest) }) where !missing.isEmpty {
      for (id, conversation) in try dataset.identities(of: shard) where missing.remove(id) != nil { keys[id] = conversation }
    }
    if let record = missing.min() { throw RecordsDisagree(record: record) }
  }
}

/// A ledger and a dataset that are said to come from one curation, and do not.
struct RecordsDisagree: ExplainedError {
  let record: RecordID

  var message: String { "record \(record.digest.short): the ledger and the dataset of one curation disagree" }
  var hint: String? { "run `soulpack fsck`; if the store is sound, this is a defect of soulpack: please report it" }
}
