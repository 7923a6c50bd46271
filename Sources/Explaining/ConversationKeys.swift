internal import Artifacts
internal import Curation
internal import Foundation
internal import Hashing

/// The conversation keys of some records of a dataset.
///
/// Records that two versions do not share stand in shards that they do not share: those are looked through first, and nearly always alone.
struct ConversationKeys {
  /// The SHA-256 of each record's key: nil where it has none. Keys are compared, and never shown.
  private(set) var digests: [Digest?]

  init(of wanted: [RecordID], in dataset: StoredDataset, besides other: StoredDataset) throws {
    digests = Array(repeating: nil, count: wanted.count)
    let shared = Set(other.shards.map(\.digest))
    let own = dataset.shards.filter { !shared.contains($0.digest) }
    // Where nobody has a key, nothing has to be found: that is seen at once, and finding would be most of the work.
    if own.count == dataset.shards.count, try !Self.haveKeys(own, in: dataset) { return }
    let table = DigestTable(wanted.map(\.digest))
    var isFound = [Bool](repeating: false, count: wanted.count)
    var missing = table.count
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

  /// Whether any record of these shards has a key. Mostly the first shard has one, or none does.
  private static func haveKeys(_ shards: [StoredDataset.Shard], in dataset: StoredDataset) throws -> Bool {
    if let first = shards.first, try hasKey(dataset.bytes(of: first)) { return true }
    return try concurrentMap(shards.count) { try hasKey(dataset.bytes(of: shards[$0])) }.contains(true)
  }

  /// A key stands first in its line (docs/curation.md, "Dataset").
  private static func hasKey(_ shard: Data) -> Bool {
    let beginning: StaticString = "{\"conversation\":"
    return shard.withUnsafeBytes { raw in
      let bytes = raw.bindMemory(to: UInt8.self)
      var start = 0
      while start + beginning.utf8CodeUnitCount <= bytes.count {
        if bytes.holds(beginning, at: start..<(start + beginning.utf8CodeUnitCount)) { return true }
        start = bytes.endOfLine(from: start) + 1
      }
      return false
    }
  }

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
