internal import Artifacts
internal import Foundation
internal import Hashing

/// Merges near duplicates with what the last run left, comparing those clusters alone in which a record came or went.
///
/// It is the same as comparing all: as long as no shingle becomes a template's, or ceases to be, a record's keys are its own, and what is merged
/// within a cluster follows from its contents. Where one does, the run begins again.
struct NearRecall: Sendable {
  private let near: NearDuplicates
  private let restorer: TextRestorer
  private let desk: RecallDesk

  init(_ near: NearDuplicates, _ restorer: TextRestorer, _ desk: RecallDesk) { (self.near, self.restorer, self.desk) = (near, restorer, desk) }

  static func key(_ desk: RecallDesk) -> Digest { desk.latest("near") }

  /// Among the contents of two runs, in the order of their ids.
  private struct Difference {
    /// By their places in the new order.
    var came: [Int] = []
    var went: Set<HalfDigest> = []
    /// The new place of each old one that stayed.
    var moved: [UInt32] = []

    init(_ old: [HalfDigest], _ new: [HalfDigest]) {
      moved.reserveCapacity(old.count)
      var place = 0
      for id in old {
        while place < new.count, new[place] < id {
          came.append(place)
          place += 1
        }
        let isThere = place < new.count && new[place] == id
        moved.append(isThere ? UInt32(place) : .max)
        if isThere { place += 1 } else { went.insert(id) }
      }
      came.append(contentsOf: place..<new.count)
    }
  }

  // MARK: - With the last run's memory

  func merge(
    _ candidates: [UInt32], in records: inout AssessedRecords, recalling memory: NearMemory
  ) async throws -> (NearMemory, NearDuplicates.Findings) {
    var memory = memory
    guard TemplateShingles.limit(records: candidates.count) == memory.limit else { throw RecallMiss() }
    let order = Self.order(candidates, records)
    let ids = order.map { HalfDigest(records.row(Int(candidates[Int($0)])).id) }
    let difference = Difference(memory.ids, ids)
    try await restorer.restore(difference.came.map { Int(candidates[Int(order[$0])]) }, in: &records)
    let comparable = ComparableRecords(records, candidates, near.lines)
    try await count(difference, order, comparable, &memory)
    let came = difference.came.map { Int(order[$0]) }.sorted()
    let templates = memory.templates
    var overrides = try await near.overrides(of: came, comparable, without: templates)
    for (old, keys) in memory.overrides {
      guard difference.moved.indices.contains(Int(old)) else { throw RecallMiss() }
      let place = difference.moved[Int(old)]
      if place != .max { overrides.append((order[Int(place)], keys)) }
    }
    overrides.sort { $0.candidate < $1.candidate }
    var findings = NearDuplicates.Findings(limit: memory.limit, suspects: memory.suspects, counts: memory.counts, overrides: overrides)
    findings.clusters = try await near.clusters(of: comparable, overrides)
    let names = ClusterNames(order, ids)
    findings.merges = try await merges(findings.clusters, names, candidates, &records, memory, templates)
    near.apply(findings.merges, candidates, in: &records)
    return (self.memory(findings, names, memory.sketch), findings)
  }

  /// Counts the shingles of what came and went.
  private func count(_ difference: Difference, _ order: [UInt32], _ records: ComparableRecords, _ memory: inout NearMemory) async throws {
    var reader = try ShingleReader(near.lines, near.rule)
    var wereTemplates: [UInt64: Bool] = [:]
    func count(_ shingle: UInt64, _ step: Int, _ memory: inout NearMemory) {
      guard memory.suspects.contains(ShingleSketch.slot(of: shingle)) else { return }
      if wereTemplates[shingle] == nil { wereTemplates[shingle] = memory.isTemplate(shingle) }
      memory.counts[shingle, default: 0] += step
      if memory.counts[shingle] == 0 { memory.counts[shingle] = nil }
    }
    for line in try await linesOfWent(difference.went, memory) {
      try reader.forEachDistinctShingle(of: line) { shingle in
        memory.sketch.discount(ShingleSketch.slot(of: shingle))
        count(shingle, -1, &memory)
      }
    }
    var slots: Set<UInt32> = []
    for place in difference.came {
      try reader.forEachDistinctShingle(of: records.line(of: Int(order[place]))) { shingle in
        let slot = ShingleSketch.slot(of: shingle)
        memory.sketch.count(slot)
        if !memory.suspects.contains(slot) { slots.insert(slot) }
        count(shingle, 1, &memory)
      }
    }
    guard !slots.contains(where: { memory.sketch.isSuspect($0, limit: memory.limit) }),
      wereTemplates.allSatisfy({ memory.isTemplate($0) == $1 })
    else { throw RecallMiss() }
  }

  /// The texts of what went, from files that were there.
  private func linesOfWent(_ went: Set<HalfDigest>, _ memory: NearMemory) async throws -> [LineSpan] {
    guard !went.isEmpty else { return [] }
    let stretches = Set(restorer.memory.keys)
    let gone = memory.stretches.filter { !stretches.contains($0) }
    guard gone.count * 2 <= memory.stretches.count + 8 else { throw RecallMiss() }
    let assessments = try await restorer.assess(goneStretches: gone)
    var lines: [HalfDigest: LineSpan] = [:]
    for row in assessments.lazy.flatMap(\.rows) where row.ending != .before {
      let id = HalfDigest(row.id)
      if went.contains(id) { lines[id] = row.comparedLine }
    }
    guard lines.count == went.count else { throw RecallMiss() }
    return Array(lines.values)
  }

  private func merges(
    _ clusters: [Proposals.Cluster], _ names: ClusterNames, _ candidates: [UInt32], _ records: inout AssessedRecords, _ memory: NearMemory,
    _ templates: Set<UInt64>
  ) async throws -> [[Merge]] {
    var merges = clusters.map { cluster -> [Merge]? in
      let (name, members) = names.name(of: cluster)
      return memory.clusters[name].flatMap { ClusterNames.merges($0, members) }
    }
    let open = merges.indices.filter { merges[$0] == nil }
    try await restorer.restore(open.flatMap { clusters[$0].records }.map { Int(candidates[$0]) }, in: &records)
    let comparable = ComparableRecords(records, candidates, near.lines)
    let found = try await near.merges(in: open.map { clusters[$0] }, of: comparable, templates)
    for (place, own) in zip(open, found) { merges[place] = own }
    return merges.map { $0 ?? [] }
  }

  // MARK: - For the next run

  private static func order(_ candidates: [UInt32], _ records: AssessedRecords) -> [UInt32] {
    IDOrder.sorted(candidates.count) { records.row(Int(candidates[$0])).id }
  }

  func memory(_ findings: NearDuplicates.Findings, _ candidates: [UInt32], _ records: AssessedRecords, _ sketch: ShingleSketch) -> NearMemory {
    let order = Self.order(candidates, records)
    return memory(findings, ClusterNames(order, order.map { HalfDigest(records.row(Int(candidates[Int($0)])).id) }), sketch)
  }

  private func memory(_ findings: NearDuplicates.Findings, _ names: ClusterNames, _ sketch: ShingleSketch) -> NearMemory {
    var memory = NearMemory(limit: findings.limit, ids: names.ids, sketch: sketch, suspects: findings.suspects, counts: findings.counts)
    for (candidate, keys) in findings.overrides { memory.overrides[names.places[Int(candidate)]] = keys }
    memory.clusters.reserveCapacity(findings.clusters.count)
    for (cluster, merges) in zip(findings.clusters, findings.merges) {
      let (name, members) = names.name(of: cluster)
      memory.clusters[name] = ClusterNames.ranks(merges, members)
    }
    memory.stretches = restorer.memory.keys.compactMap { $0 }
    return memory
  }
}

/// Names clusters by the contents that they hold.
struct ClusterNames: Sendable {
  /// In ascending order.
  let ids: [HalfDigest]
  /// Where each candidate's id stands among them.
  private(set) var places: [UInt32]

  /// `order` has the candidates in the order of their ids.
  init(_ order: [UInt32], _ ids: [HalfDigest]) {
    self.ids = ids
    places = [UInt32](repeating: 0, count: order.count)
    for (place, candidate) in order.enumerated() { places[Int(candidate)] = UInt32(place) }
  }

  /// With its candidates in the order of their ids.
  func name(of cluster: Proposals.Cluster) -> (HalfDigest, members: [Int]) {
    let members = cluster.records.sorted { places[$0] < places[$1] }
    let own = members.map { ids[Int(places[$0])] }
    return (own.withUnsafeBytes { HalfDigest(Digest(hashing: $0)) }, members)
  }

  static func ranks(_ merges: [Merge], _ members: [Int]) -> [UInt32] {
    let ranks = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, UInt32($0)) })
    return merges.flatMap { [ranks[$0.member, default: 0], ranks[$0.keeper, default: 0], UInt32($0.similarityPPM)] }
  }

  /// Nil where they are not of such a cluster.
  static func merges(_ ranks: [UInt32], _ members: [Int]) -> [Merge]? {
    guard ranks.count % 3 == 0 else { return nil }
    var merges: [Merge] = []
    for start in stride(from: 0, to: ranks.count, by: 3) {
      let (member, keeper) = (Int(ranks[start]), Int(ranks[start + 1]))
      guard member < members.count, keeper < members.count else { return nil }
      merges.append(Merge(member: members[member], keeper: members[keeper], similarityPPM: Int(ranks[start + 2])))
    }
    return merges
  }
}
