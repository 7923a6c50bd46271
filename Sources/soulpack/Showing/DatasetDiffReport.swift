internal import Artifacts
internal import Explaining

/// What `diff` shows of two datasets that were curated here.
struct DatasetDiffReport: Report {
  let old: KnownDataset
  let new: KnownDataset
  let records: RecordComparison

  let schema = "soulpack.dataset-diff/1"

  private var isSame: Bool { old.digest == new.digest && records.isEmpty && records.movedCount == 0 }

  var lines: [String] {
    guard !isSame else { return ["the same dataset, read from the same places", "  \(new.digest)"] }
    return ["\(old.digest.short) → \(new.digest.short)"] + RecordChanges(records).lines
  }

  var members: [String: JSONValue] {
    ["same": .bool(isSame), "old": .digest(old.digest), "new": .digest(new.digest), "records": RecordChanges(records).canonical]
  }
}
