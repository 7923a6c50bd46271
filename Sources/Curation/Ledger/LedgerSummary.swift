package import Artifacts

/// The ledger in numbers, and the law that they obey: records read = kept + dropped + merged exactly + merged nearly.
package struct LedgerSummary: Hashable, Sendable {
  package struct DropCount: Hashable, Sendable {
    package let stage: StageName
    package let reason: DropReason
    package let count: Int
  }

  /// What a stage did to records.
  package struct Edit: Hashable, Sendable {
    package let stage: StageName
    package let kind: Change.Kind
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

    func subtracting(_ other: Tally) -> Tally { Tally(records: records - other.records, count: count - other.count) }
  }

  package let recordsRead: Int
  package let kept: Int
  package let mergedExactly: Int
  package let mergedNearly: Int
  /// By stage and reason, in the order of their names.
  package let dropped: [DropCount]
  /// Records that were kept and that a stage changed.
  package let changed: Int
  package let changes: [Edit: Tally]
  /// Personal data of every record that was looked at, whatever became of it.
  package let personalData: [PersonalData: Tally]
  /// The records that were kept by their language, where the `language` stage noted it; what is not certain as undetermined.
  package let languages: [String: Int]
  /// Of the records that were kept, in characters.
  package let lengths: LengthDistribution
  package let nearDuplicates: NearDuplicateGroups
  /// Records whose story is worth asking for: the first that was dropped and the first that was merged.
  package let examples: [RecordPlace]

  package var merged: Int { mergedExactly + mergedNearly }
  package var droppedCount: Int { dropped.reduce(0) { $0 + $1.count } }

  package init(entries: [LedgerEntry], recordsRead: Int, recordsKept: Int) throws(CurationError) {
    var tally = LedgerTally()
    for entry in entries { tally.add(entry) }
    try self.init(tally, NearDuplicateGroups(entries), recordsRead: recordsRead, recordsKept: recordsKept)
  }

  /// `recordsRead` and `recordsKept` are counted elsewhere (by the readers, and from the dataset): the entries cannot vouch for themselves.
  init(_ tally: LedgerTally, _ nearDuplicates: NearDuplicateGroups, recordsRead: Int, recordsKept: Int) throws(CurationError) {
    self.recordsRead = recordsRead
    (kept, mergedExactly, mergedNearly, changed) = (tally.kept, tally.mergedExactly, tally.mergedNearly, tally.changed)
    (changes, personalData, languages) = (tally.changes, tally.personalData, tally.languages)
    (lengths, self.nearDuplicates) = (LengthDistribution(counts: tally.lengths), nearDuplicates)
    examples = [tally.firstDropped, tally.firstMerged].compactMap { $0 }
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
  static let schema = "soulpack.ledger-summary/3"

  package var canonical: JSONValue {
    [
      "schema": .string(Self.schema), "read": .count(recordsRead), "kept": .count(kept), "merged-exactly": .count(mergedExactly),
      "merged-nearly": .count(mergedNearly), "changed": .count(changed),
      "dropped": .array(
        dropped.map { ["stage": .string($0.stage.rawValue), "reason": .string($0.reason.rawValue), "count": .count($0.count)] }),
      "changes": .array(
        changes.sorted { $0.key.name < $1.key.name }.map { edit, tally in
          ["stage": .string(edit.stage.rawValue), "kind": .string(edit.kind.rawValue), "records": .count(tally.records), "count": .count(tally.count)]
        }),
      "personal-data": .object(
        Dictionary(uniqueKeysWithValues: personalData.map { kind, tally in
          (kind.rawValue, ["records": .count(tally.records), "count": .count(tally.count)])
        })),
      "languages": .object(languages.mapValues { .count($0) }), "lengths": lengths.canonical, "near-duplicates": nearDuplicates.canonical,
      "examples": .array(examples.map(\.canonical)),
    ]
  }

  /// Nil where the value is not a summary, or breaks the law.
  package init?(canonical value: JSONValue) {
    guard value["schema"]?.string == Self.schema, let read = value.natural("read"), let kept = value.natural("kept"),
      let exactly = value.natural("merged-exactly"), let nearly = value.natural("merged-nearly"), let changed = value.natural("changed"),
      let dropped = value["dropped"]?.all(Self.drop), let changes = value["changes"]?.all(Self.edit), let personalData = value["personal-data"]?.all(Self.finding),
      let languages = value["languages"]?.all({ code, count in count.integer.map { (code, Int($0)) } }),
      let lengths = value["lengths"].flatMap(LengthDistribution.init(canonical:)),
      let nearDuplicates = value["near-duplicates"].flatMap(NearDuplicateGroups.init(canonical:)),
      let examples = value["examples"]?.all(RecordPlace.init(canonical:))
    else { return nil }
    (recordsRead, self.kept, mergedExactly, mergedNearly, self.changed) = (read, kept, exactly, nearly, changed)
    (self.dropped, self.changes, self.personalData) = (dropped, Self.unique(changes), Self.unique(personalData))
    (self.languages, self.lengths, self.nearDuplicates, self.examples) = (Self.unique(languages), lengths, nearDuplicates, examples)
    guard isBalanced else { return nil }
  }

  private static func unique<Key, Value>(_ pairs: [(Key, Value)]) -> [Key: Value] { Dictionary(pairs) { first, _ in first } }

  private static func drop(_ value: JSONValue) -> DropCount? {
    guard let stage = value["stage"]?.string.flatMap(StageName.init), let reason = value["reason"]?.string.flatMap(DropReason.init),
      let count = value.natural("count")
    else { return nil }
    return DropCount(stage: stage, reason: reason, count: count)
  }

  private static func edit(_ value: JSONValue) -> (Edit, Tally)? {
    guard let stage = value["stage"]?.string.flatMap(StageName.init), let kind = value["kind"]?.string.flatMap(Change.Kind.init), let tally = tally(value)
    else { return nil }
    return (Edit(stage: stage, kind: kind), tally)
  }

  private static func finding(_ name: String, _ value: JSONValue) -> (PersonalData, Tally)? {
    guard let kind = PersonalData(rawValue: name), let tally = tally(value) else { return nil }
    return (kind, tally)
  }

  private static func tally(_ value: JSONValue) -> Tally? {
    guard let records = value.natural("records"), let count = value.natural("count") else { return nil }
    return Tally(records: records, count: count)
  }
}

extension LedgerSummary.Edit {
  fileprivate var name: String { "\(stage.rawValue)/\(kind.rawValue)" }
}

extension JSONValue {
  /// What `parse` makes of each element of an array. Nil where one of them is nothing that it knows.
  fileprivate func all<Element>(_ parse: (JSONValue) -> Element?) -> [Element]? {
    guard let array else { return nil }
    let found = array.compactMap(parse)
    return found.count == array.count ? found : nil
  }

  fileprivate func all<Element>(_ parse: (String, JSONValue) -> Element?) -> [Element]? {
    guard let object else { return nil }
    let found = object.compactMap { parse($0.key, $0.value) }
    return found.count == object.count ? found : nil
  }
}
