/// Groups of records that share a key, sorted into clusters that have nothing to do with each other and so can be compared side by side.
struct Proposals {
  struct Cluster: Sendable {
    /// In ascending order.
    var records: [Int] = []
    /// Each group's records; all of them are of this cluster.
    var groups: [[Int]] = []
  }

  /// In the order of their first records.
  let clusters: [Cluster]

  init(_ groups: [[Int]], records: Int) {
    var parents = Array(0..<records)
    func root(_ record: Int) -> Int {
      var record = record
      while parents[record] != record {
        parents[record] = parents[parents[record]]
        record = parents[record]
      }
      return record
    }
    for group in groups {
      for record in group.dropFirst() {
        let (left, right) = (root(group[0]), root(record))
        parents[max(left, right)] = min(left, right)
      }
    }
    var clusters: [Int: Cluster] = [:]
    for group in groups { clusters[root(group[0]), default: Cluster()].groups.append(group) }
    self.clusters = clusters.sorted { $0.key < $1.key }.map { _, cluster in
      Cluster(records: Self.distinct(cluster.groups), groups: cluster.groups)
    }
  }

  /// In ascending order.
  private static func distinct(_ groups: [[Int]]) -> [Int] {
    if groups.count == 1 { return groups[0] }
    var all: [Int] = []
    for group in groups { all.append(contentsOf: group) }
    all.sort()
    var distinct: [Int] = []
    for record in all where distinct.last != record { distinct.append(record) }
    return distinct
  }
}
