internal import Artifacts
package import Packaging
internal import Store

/// One dataset in two Souls: by its counts and Merkle roots, which every archive tells, and by its records where they are at hand.
package struct DatasetComparison: Sendable {
  /// Nil where the Soul has no such dataset.
  package let old: SoulManifest.Dataset?
  package let new: SoulManifest.Dataset?
  /// Nil where `missing` is not empty, or only one side has the dataset.
  package let records: RecordComparison?

  /// The sides whose records this store does not hold.
  package enum Side: String, Sendable { case old, new }
  package let missing: [Side]

  package var name: String { new?.name ?? old?.name ?? "" }
  package var isSame: Bool { old == new && (records?.isEmpty ?? true) && (records?.movedCount ?? 0) == 0 }

  /// By name; the only dataset of one Soul and the only one of the other are one, however they are called.
  static func all(_ old: SoulArchive, _ new: SoulArchive, store: ReadableStore?) throws -> [DatasetComparison] {
    let (olds, news) = (old.manifest.datasets, new.manifest.datasets)
    let pairs: [(SoulManifest.Dataset?, SoulManifest.Dataset?)] =
      olds.count == 1 && news.count == 1
      ? [(olds[0], news[0])]
      : Set((olds + news).map(\.name)).sorted().map { name in (olds.first { $0.name == name }, news.first { $0.name == name }) }
    // What a seal was made of is one curation; which of several datasets that was, an archive does not say.
    guard pairs.count == 1 else { return pairs.map { DatasetComparison(old: $0, new: $1, records: nil, missing: []) } }
    let oldRecords = try store.flatMap { try KnownSoul(old, in: $0)?.curation() }
    let newRecords = try store.flatMap { try KnownSoul(new, in: $0)?.curation() }
    let missing = (oldRecords == nil ? [Side.old] : []) + (newRecords == nil ? [.new] : [])
    var records: RecordComparison?
    if let oldRecords, let newRecords { records = try RecordComparison(old: oldRecords, new: newRecords) }
    return [DatasetComparison(old: pairs[0].0, new: pairs[0].1, records: records, missing: missing)]
  }
}
