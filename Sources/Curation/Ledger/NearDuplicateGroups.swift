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

  /// `merges` come in any order. `order` says where a key's record stands among all, and is asked, like `place`, of the largest groups alone.
  init<Key: Hashable, Order: Comparable>(
    _ merges: [(member: Key, keeper: Key)], order: (Key) throws -> Order, place: (Key) throws -> RecordPlace
  ) rethrows {
    var counts: [Key: Int] = [:]
    for merge in merges { counts[merge.keeper, default: 0] += 1 }
    let least = counts.values.sorted(by: >).prefix(Self.mostGroups).last ?? 0
    var large: [(keeper: Key, count: Int, order: Order)] = []
    for (keeper, count) in counts where count >= least { large.append((keeper, count, try order(keeper))) }
    let largest = large.sorted { ($1.count, $0.order) < ($0.count, $1.order) }.prefix(Self.mostGroups)
    var members = Dictionary(uniqueKeysWithValues: largest.map { ($0.keeper, [(key: Key, order: Order)]()) })
    for merge in merges where members[merge.keeper] != nil { members[merge.keeper]?.append((merge.member, try order(merge.member))) }
    count = counts.count
    self.largest = try largest.map { group in
      let first = members[group.keeper, default: []].sorted { $0.order < $1.order }.prefix(Self.mostMembers)
      return Group(keeper: try place(group.keeper), memberCount: group.count, members: try first.map { try place($0.key) })
    }
  }
}

extension NearDuplicateGroups {
  init(_ entries: [LedgerEntry]) {
    let merges = entries.compactMap { entry -> (member: RecordPlace, keeper: RecordPlace)? in
      guard case .merged(_, let keeper, _?) = entry.fate else { return nil }
      return (entry.source.place, keeper)
    }
    self.init(merges, order: { $0 }, place: { $0 })
  }

  init(_ records: AssessedRecords) {
    let merges = (0..<records.count).compactMap { record -> (member: Int, keeper: Int)? in
      guard let merge = records.merges[record], merge.similarityPPM != nil else { return nil }
      return (record, merge.keeper)
    }
    self.init(merges, order: { $0 }, place: records.place)
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
