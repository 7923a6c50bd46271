internal import Artifacts
internal import Curation
internal import Explaining

/// What became of records between two curations, as `diff` shows it: places and digests, never text.
struct RecordChanges {
  private let records: RecordComparison

  init(_ records: RecordComparison) { self.records = records }

  /// People are shown this many records of each kind; `--json` has all.
  private static let recordLimit = 20

  var lines: [String] {
    let changed = limited("changed", records.changed) { [place($0), "\(short($0.old)) → \(short($0.new))", fates($0)] }
    let refated = limited("fate", records.refated) { [place($0), short($0.new), "\(words($0.old.fate)) → \(words($0.new.fate))"] }
    let added = limited("added", records.added) { [$0.place.description, short($0), $0.fate.isKept ? "" : words($0.fate)] }
    let removed = limited("removed", records.removed) { [$0.place.description, short($0), $0.fate.isKept ? "" : words($0.fate)] }
    var table = Table()
    for row in changed + refated + added + removed { table.add("  " + row[0], row[1], row[2], row[3]) }
    let moved = records.movedCount == 0 ? "" : ", \(Quantity.count(records.movedCount)) of them at another line"
    return table.lines + ["  \(Quantity.count(records.unchangedCount)) unchanged\(moved)"]
  }

  private func limited<Element>(_ word: String, _ records: RecordListing<Element>, _ row: (Element) -> [String]) -> [[String]] {
    let shown = records.prefix(Self.recordLimit).map { [word] + row($0) }
    return records.count > shown.count ? shown + [[word, "… and \(Quantity.count(records.count - shown.count)) more (--json names all)", "", ""]] : shown
  }

  private func place(_ pair: RecordComparison.Pair) -> String {
    pair.old.place == pair.new.place ? pair.new.place.description : "\(pair.old.place) → \(pair.new.place)"
  }

  private func short(_ record: RecordComparison.Record) -> String { record.id?.digest.short ?? "(unreadable)" }
  private func fates(_ pair: RecordComparison.Pair) -> String { pair.old.fate == pair.new.fate ? "" : "\(words(pair.old.fate)) → \(words(pair.new.fate))" }
  private func words(_ fate: RecordFate) -> String {
    [fate.name, fate.reason.map { reason in "(\(fate.stage.map { $0 + ": " } ?? "")\(reason))" }].compactMap { $0 }.joined(separator: " ")
  }

  // MARK: - JSON

  var canonical: JSONValue {
    [
      "unchanged": .integer(Int64(records.unchangedCount)), "moved": .integer(Int64(records.movedCount)),
      "added": .array(records.added.map(json)), "removed": .array(records.removed.map(json)),
      "changed": .array(records.changed.map { ["old": json($0.old), "new": json($0.new)] }),
      "fate": .array(records.refated.map { ["old": json($0.old), "new": json($0.new)] }),
    ]
  }

  private func json(_ record: RecordComparison.Record) -> JSONValue {
    [
      "file": .string(record.place.file), "line": .integer(Int64(record.place.line)), "id": record.id.map { .digest($0.digest) } ?? .null,
      "fate": .string(record.fate.name), "stage": record.fate.stage.map { .string($0) } ?? .null,
      "reason": record.fate.reason.map { .string($0) } ?? .null,
    ]
  }
}
