package import Artifacts

/// The ledger in numbers, and the law that they obey: records read = kept + dropped + merged exactly + merged nearly.
package struct LedgerSummary: Hashable, Sendable {
  package struct DropCount: Hashable, Sendable {
    package let stage: StageName
    package let reason: DropReason
    package let count: Int
  }

  /// How many records, and how often over all of them.
  package struct Tally: Hashable, Sendable {
    package private(set) var records: Int
    package private(set) var count: Int

    package init(records: Int = 0, count: Int = 0) {
      self.records = records
      self.count = count
    }

    mutating func add(_ count: Int) {
      records += 1
      self.count += count
    }

    func adding(_ other: Tally) -> Tally { Tally(records: records + other.records, count: count + other.count) }
  }

  package let recordsRead: Int
  package let kept: Int
  package let mergedExactly: Int
  package let mergedNearly: Int
  /// By stage and reason, in the order of their names.
  package let dropped: [DropCount]
  /// Records that were kept and that a stage changed.
  package let changed: Int
  /// The edits of these, by kind.
  package let changes: [Change.Kind: Tally]
  /// Personal data of every record that was looked at, whatever became of it.
  package let personalData: [PersonalData: Tally]
  /// The records that were kept by their length: at index i, those of 2ⁱ to 2ⁱ⁺¹ − 1 characters.
  package let lengths: [Int]

  package var merged: Int { mergedExactly + mergedNearly }
  package var droppedCount: Int { dropped.reduce(0) { $0 + $1.count } }

  package init(entries: [LedgerEntry], recordsRead: Int, recordsKept: Int) throws(CurationError) {
    var tally = LedgerTally()
    for entry in entries { tally.add(entry) }
    try self.init(tally, recordsRead: recordsRead, recordsKept: recordsKept)
  }

  /// `recordsRead` and `recordsKept` are counted elsewhere (by the readers, and from the dataset): the entries cannot vouch for themselves.
  init(_ tally: LedgerTally, recordsRead: Int, recordsKept: Int) throws(CurationError) {
    self.recordsRead = recordsRead
    (kept, mergedExactly, mergedNearly, changed) = (tally.kept, tally.mergedExactly, tally.mergedNearly, tally.changed)
    (changes, personalData, lengths) = (tally.changes, tally.personalData, tally.lengths)
    dropped = tally.drops.map { DropCount(stage: $0.stage, reason: $0.reason, count: $1) }
      .sorted { ($0.stage.rawValue, $0.reason.rawValue) < ($1.stage.rawValue, $1.reason.rawValue) }
    guard kept == recordsKept, isBalanced else { throw unbalanced(kept: recordsKept) }
  }

  private var isBalanced: Bool { recordsRead == kept + droppedCount + mergedExactly + mergedNearly }

  private func unbalanced(kept: Int) -> CurationError {
    .recordsUnaccounted(read: recordsRead, kept: kept, dropped: droppedCount, merged: merged)
  }
}

// MARK: - JSON

extension LedgerSummary {
  static let schema = "soulpack.ledger-summary/2"

  package var canonical: JSONValue {
    [
      "schema": .string(Self.schema), "read": .integer(Int64(recordsRead)), "kept": .integer(Int64(kept)),
      "merged-exactly": .integer(Int64(mergedExactly)), "merged-nearly": .integer(Int64(mergedNearly)), "changed": .integer(Int64(changed)),
      "dropped": .array(
        dropped.map { ["stage": .string($0.stage.rawValue), "reason": .string($0.reason.rawValue), "count": .integer(Int64($0.count))] }),
      "changes": Self.canonical(changes), "personal-data": Self.canonical(personalData),
      "lengths": .array(lengths.map { .integer(Int64($0)) }),
    ]
  }

  private static func canonical(_ tallies: [some RawRepresentable<String> & Hashable: Tally]) -> JSONValue {
    .object(
      Dictionary(uniqueKeysWithValues: tallies.map { name, tally in
        (name.rawValue, ["records": .integer(Int64(tally.records)), "count": .integer(Int64(tally.count))])
      }))
  }

  /// Nil where the value is not a summary, or breaks the law.
  package init?(canonical value: JSONValue) {
    guard value["schema"]?.string == Self.schema, let read = value.natural("read"), let kept = value.natural("kept"),
      let exactly = value.natural("merged-exactly"), let nearly = value.natural("merged-nearly"), let changed = value.natural("changed"),
      let dropped = Self.drops(value["dropped"]), let changes = Self.tallies(value["changes"], of: Change.Kind.self),
      let personalData = Self.tallies(value["personal-data"], of: PersonalData.self), let lengths = value["lengths"]?.array
    else { return nil }
    (recordsRead, self.kept, mergedExactly, mergedNearly) = (read, kept, exactly, nearly)
    (self.changed, self.dropped, self.changes, self.personalData) = (changed, dropped, changes, personalData)
    self.lengths = lengths.compactMap { $0.integer.map { Int($0) } }
    guard isBalanced, self.lengths.count == lengths.count else { return nil }
  }

  private static func drops(_ value: JSONValue?) -> [DropCount]? {
    let drops = value?.array?.compactMap { drop -> DropCount? in
      guard let stage = drop["stage"]?.string.flatMap(StageName.init), let reason = drop["reason"]?.string.flatMap(DropReason.init),
        let count = drop.natural("count")
      else { return nil }
      return DropCount(stage: stage, reason: reason, count: count)
    }
    return drops?.count == value?.array?.count ? drops : nil
  }

  private static func tallies<Name: RawRepresentable<String> & Hashable>(_ value: JSONValue?, of _: Name.Type) -> [Name: Tally]? {
    guard let object = value?.object else { return nil }
    let tallies = object.compactMap { name, tally -> (Name, Tally)? in
      guard let name = Name(rawValue: name), let records = tally.natural("records"), let count = tally.natural("count") else { return nil }
      return (name, Tally(records: records, count: count))
    }
    return tallies.count == object.count ? Dictionary(tallies, uniquingKeysWith: { first, _ in first }) : nil
  }
}
