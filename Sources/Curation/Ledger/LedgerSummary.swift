package import Artifacts

/// The ledger in numbers, and the law that they obey: records read = kept + dropped + merged.
package struct LedgerSummary: Hashable, Sendable {
  package struct DropCount: Hashable, Sendable {
    package let stage: StageName
    package let reason: DropReason
    package let count: Int
  }

  package let recordsRead: Int
  package let kept: Int
  package let merged: Int
  /// By stage and reason, in the order of their names.
  package let dropped: [DropCount]
  /// Records that were kept and that a stage changed.
  package let changed: Int

  package var droppedCount: Int { dropped.reduce(0) { $0 + $1.count } }

  /// `recordsRead` and `recordsKept` are counted elsewhere (by the readers, and from the dataset): the entries cannot vouch for themselves.
  package init(entries: [LedgerEntry], recordsRead: Int, recordsKept: Int) throws(CurationError) {
    var kept = 0
    var merged = 0
    var changed = 0
    var drops: [Drop: Int] = [:]
    for entry in entries {
      switch entry.fate {
      case .kept:
        kept += 1
        if entry.passages.contains(where: { !$0.changes.isEmpty }) { changed += 1 }
      case .merged: merged += 1
      case .dropped(let drop): drops[Drop(stage: drop.stage, reason: drop.reason), default: 0] += 1
      }
    }
    self.recordsRead = recordsRead
    self.kept = kept
    self.merged = merged
    self.changed = changed
    dropped = drops.map { DropCount(stage: $0.stage, reason: $0.reason, count: $1) }
      .sorted { ($0.stage.rawValue, $0.reason.rawValue) < ($1.stage.rawValue, $1.reason.rawValue) }
    guard kept == recordsKept, isBalanced else { throw unbalanced(kept: recordsKept) }
  }

  private var isBalanced: Bool { recordsRead == kept + droppedCount + merged }

  private func unbalanced(kept: Int) -> CurationError {
    .recordsUnaccounted(read: recordsRead, kept: kept, dropped: droppedCount, merged: merged)
  }
}

extension LedgerSummary {
  package var canonical: JSONValue {
    [
      "schema": "soulpack.ledger-summary/1", "read": .integer(Int64(recordsRead)), "kept": .integer(Int64(kept)),
      "merged": .integer(Int64(merged)), "changed": .integer(Int64(changed)),
      "dropped": .array(
        dropped.map { ["stage": .string($0.stage.rawValue), "reason": .string($0.reason.rawValue), "count": .integer(Int64($0.count))] }),
    ]
  }

  /// Nil where the value is not a summary, or breaks the law.
  package init?(canonical value: JSONValue) {
    guard value["schema"]?.string == "soulpack.ledger-summary/1", let read = value.natural("read"), let kept = value.natural("kept"),
      let merged = value.natural("merged"), let changed = value.natural("changed"), let drops = value["dropped"]?.array
    else { return nil }
    let dropped = drops.compactMap { drop -> DropCount? in
      guard let stage = drop["stage"]?.string.flatMap(StageName.init), let reason = drop["reason"]?.string.flatMap(DropReason.init),
        let count = drop.natural("count")
      else { return nil }
      return DropCount(stage: stage, reason: reason, count: count)
    }
    guard dropped.count == drops.count else { return nil }
    (self.recordsRead, self.kept, self.merged, self.changed, self.dropped) = (read, kept, merged, changed, dropped)
    guard isBalanced else { return nil }
  }
}
