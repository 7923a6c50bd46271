package import Artifacts

/// Records that were kept, each with those that were merged into it because they say nearly the same: how many such groups there are, and the
/// largest of them. Exact copies are not among them.
package struct NearDuplicateGroups: Hashable, Sendable {
  package struct Group: Hashable, Sendable {
    package let keeper: RecordPlace
    package let memberCount: Int
    /// The first of them, in the order of the sources.
    package let members: [RecordPlace]
  }

  package let count: Int
  /// The largest first; of equally large ones, the one whose keeper stands first.
  package let largest: [Group]

  static let mostGroups = 10
  static let mostMembers = 10

  init(count: Int, largest: [Group]) { (self.count, self.largest) = (count, largest) }

  /// `merges` come in the order of their members; keys are in the order of the places that they stand for.
  init<Key: Hashable & Comparable>(_ merges: some Sequence<(member: Key, keeper: Key)>, place: (Key) -> RecordPlace) {
    var counts: [Key: Int] = [:]
    for merge in merges { counts[merge.keeper, default: 0] += 1 }
    let largest = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.mostGroups)
    var members = Dictionary(uniqueKeysWithValues: largest.map { ($0.key, [Key]()) })
    for merge in merges {
      if let found = members[merge.keeper]?.count, found < Self.mostMembers { members[merge.keeper]?.append(merge.member) }
    }
    count = counts.count
    self.largest = largest.map { Group(keeper: place($0.key), memberCount: $0.value, members: members[$0.key, default: []].map(place)) }
  }
}

extension NearDuplicateGroups {
  init(_ entries: [LedgerEntry]) {
    let merges = entries.compactMap { entry -> (member: RecordPlace, keeper: RecordPlace)? in
      guard case .merged(_, let keeper, _?) = entry.fate else { return nil }
      return (entry.source.place, keeper)
    }
    self.init(merges) { $0 }
  }

  init(_ records: AssessedRecords) {
    let merges = (0..<records.count).compactMap { record -> (member: Int, keeper: Int)? in
      guard let merge = records.merges[record], merge.similarityPPM != nil else { return nil }
      return (record, merge.keeper)
    }
    self.init(merges, place: records.place)
  }

  package var canonical: JSONValue {
    [
      "count": .count(count),
      "largest": .array(
        largest.map { ["keeper": $0.keeper.canonical, "count": .count($0.memberCount), "members": .array($0.members.map(\.canonical))] }),
    ]
  }

  init?(canonical value: JSONValue) {
    guard let count = value.natural("count"), let values = value["largest"]?.array else { return nil }
    largest = values.compactMap { value in
      guard let keeper = value["keeper"].flatMap(RecordPlace.init(canonical:)), let count = value.natural("count"), let members = value["members"]?.array
      else { return nil }
      return Group(keeper: keeper, memberCount: count, members: members.compactMap(RecordPlace.init(canonical:)))
    }
    self.count = count
    guard largest.count == values.count else { return nil }
  }
}
