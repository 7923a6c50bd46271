internal import Artifacts

/// Decides within one cluster which records stay and which give way to which.
///
/// Records come in the order of preference. One that resembles a record which already stays gives way to it, to the one that it resembles
/// most, and else stays. So every record that is removed has a keeper that stays and that it was compared with; no chain of likenesses
/// removes a record that is unlike its keeper.
struct Comparison: ~Copyable {
  private let records: ComparableRecords
  private let rule: NearDuplicateRule
  private let templates: Set<UInt64>
  private var reader: ShingleReader

  init(_ records: ComparableRecords, _ rule: NearDuplicateRule, _ templates: Set<UInt64>) throws(CurationError) {
    (self.records, self.rule, self.templates) = (records, rule, templates)
    reader = try ShingleReader(records.lines, rule)
  }

  mutating func merges(in cluster: Proposals.Cluster) throws -> [Merge] {
    let order = preferred(cluster.records)
    let groupsOf = groups(of: cluster)
    // By rank in the order of preference.
    var kept: [[Int]] = Array(repeating: [], count: cluster.groups.count)
    var sets: [Int: ShingleSet] = [:]
    var merges: [Merge] = []
    for (rank, record) in order.enumerated() {
      let set = ShingleSet(try reader.shingles(of: records.line(of: record)), templates: templates)
      let groups = groupsOf[record] ?? []
      let keepers = Set(groups.flatMap { kept[$0] }).sorted()
      if let (keeper, similarityPPM) = nearest(to: set, among: keepers, sets) {
        merges.append(Merge(member: record, keeper: order[keeper], similarityPPM: similarityPPM))
      } else {
        sets[rank] = set
        for group in groups { kept[group].append(rank) }
      }
    }
    return merges
  }

  private func groups(of cluster: Proposals.Cluster) -> [Int: [Int]] {
    var groups: [Int: [Int]] = [:]
    for (number, group) in cluster.groups.enumerated() {
      for record in group { groups[record, default: []].append(number) }
    }
    return groups
  }

  /// The most complete first: by characters, then by id, then by the conversation key. Nothing about files, so that neither their names nor
  /// their order chooses a keeper.
  private func preferred(_ records: [Int]) -> [Int] {
    let keys = records.map { record in
      (record, self.records.characters(of: record), self.records.id(of: record), self.records.conversation(of: record) ?? "")
    }
    return keys.sorted { left, right in
      if left.1 != right.1 { return left.1 > right.1 }
      if left.2 != right.2 { return left.2 < right.2 }
      if !left.3.utf8.elementsEqual(right.3.utf8) { return left.3.utf8.lexicographicallyPrecedes(right.3.utf8) }
      return left.0 < right.0
    }.map(\.0)
  }

  /// Of two keepers that are equally like it, the preferred one.
  private func nearest(to set: ShingleSet, among keepers: [Int], _ sets: [Int: ShingleSet]) -> (keeper: Int, similarityPPM: Int)? {
    var best: (keeper: Int, similarityPPM: Int)?
    for keeper in keepers {
      guard let other = sets[keeper], canReachThreshold(set.shingles.count, other.shingles.count),
        let similarity = Resemblance(set, other).similarityPPM(thresholdPPM: rule.thresholdPPM), similarity > best?.similarityPPM ?? -1
      else { continue }
      best = (keeper, similarity)
    }
    return best
  }

  /// No two sets share more than the smaller holds.
  private func canReachThreshold(_ left: Int, _ right: Int) -> Bool { min(left, right) * 1_000_000 >= rule.thresholdPPM * max(left, right) }
}
