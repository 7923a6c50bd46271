internal import Artifacts
internal import Curation
internal import Hashing

/// The conversation keys of some records of a dataset.
///
/// Records that two versions do not share stand in shards that they do not share: those are looked through first, and nearly always alone.
struct ConversationKeys {
  /// The SHA-256 of each record's key: nil where it has none. Keys are compared, and never shown.
  private(set) var digests: [Digest?]

  init(of wanted: [RecordID], in dataset: StoredDataset, besides other: StoredDataset) throws {
    digests = Array(repeating: nil, count: wanted.count)
    let table = DigestTable(wanted.map(\.digest))
    var isFound = [Bool](repeating: false, count: wanted.count)
    var missing = table.count
    let shared = Set(other.shards.map(\.digest))
    let own = dataset.shards.filter { !shared.contains($0.digest) }
    for shards in [own, dataset.shards.filter { shared.contains($0.digest) }] where missing > 0 {
      for (first, key) in try concurrentMap(shards.count, { try Self.found(table, in: dataset, shards[$0]) }).joined() where !isFound[first] {
        isFound[first] = true
        missing -= 1
        guard let key else { continue }
        var index = first
        while index >= 0 {
          digests[index] = key
          index = table.next(after: index)
        }
      }
    }
    guard missing > 0 else { return }
    let lost = zip(wanted, wanted.indices).filter { !isFound[table.first(of: $0.0.digest)] }.map(\.0).min()
    if let lost { throw RecordsDisagree(record: lost) }
  }

  var isEmpty: Bool { digests.allSatisfy { $0 == nil } }

  /// What stands in one shard, by its first index in the table.
  private static func found(_ table: DigestTable, in dataset: StoredDataset, _ shard: StoredDataset.Shard) throws -> [(first: Int, key: Digest?)] {
    try dataset.identities(of: shard).compactMap { id, conversation in
      let first = table.first(of: id.digest)
      return first < 0 ? nil : (first, conversation.map { Digest(hashing: Array($0.utf8)) })
    }
  }
}

/// A ledger and a dataset that are said to come from one curation, and do not.
struct RecordsDisagree: ExplainedError {
  let record: RecordID

  var message: String { "record \(record.digest.short): the ledger and the dataset of one curation disagree" }
  var hint: String? { "run `soulpack fsck`; if the store is sound, this is a defect of soulpack: please report it" }
}
