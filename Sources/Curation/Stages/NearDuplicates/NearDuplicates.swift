internal import Artifacts
internal import Licensing

/// Merges records that say nearly the same. docs/curation.md, "Near duplicates", is the contract.
///
/// Minhashes only propose (`MinHash`); what is removed has been compared shingle by shingle with a record that stays (`Resemblance`). Each text
/// was gone through once, when it was assessed; those that hold a template's shingles are gone through again, and those that are proposed.
struct NearDuplicates: Sendable {
  let rule: NearDuplicateRule
  let workers: Workers
  let lines: LineStore
  private let terms: TermsRule?
  private let minhash: MinHash

  init(_ rule: NearDuplicateRule, workers: Workers, lines: LineStore, terms: TermsRule? = nil) {
    (self.rule, self.workers, self.lines, self.terms) = (rule, workers, lines, terms)
    minhash = MinHash(thresholdPPM: rule.thresholdPPM)
  }

  var bands: Int { minhash.bands }

  /// What was found out about all records, by their numbers among those that are compared.
  struct Findings: Sendable {
    var limit = 0
    var suspects = SuspectSlots()
    /// In how many records each shingle stands whose counter is a suspect's.
    var counts: [UInt64: Int] = [:]
    /// The keys of those that hold a template's shingles, in their order; none where nothing else is left.
    var overrides: [(candidate: UInt32, keys: [UInt32])] = []
    var clusters: [Proposals.Cluster] = []
    /// Of each cluster.
    var merges: [[Merge]] = []

    var templates: Set<UInt64> { Set(counts.filter { $0.value >= limit }.keys) }
  }

  static func candidates(of records: AssessedRecords) -> [UInt32] {
    (0..<records.count).filter { records.isCompared($0) && !records.isMerged($0) }.map { UInt32($0) }
  }

  /// `sketch` counted the shingles of all contents that are compared, each once.
  func merge(_ candidates: [UInt32], in records: inout AssessedRecords, sketch: ShingleSketch) async throws -> Findings {
    let comparable = ComparableRecords(records, candidates, lines)
    var findings = Findings()
    let holders = try await countSuspects(of: comparable, sketch, &findings)
    let templates = findings.templates
    findings.overrides = try await overrides(of: holders, comparable, without: templates)
    findings.clusters = try await clusters(of: comparable, findings.overrides)
    findings.merges = try await merges(in: findings.clusters, of: comparable, templates)
    apply(findings.merges, candidates, in: &records)
    return findings
  }

  func apply(_ merges: [[Merge]], _ candidates: [UInt32], in records: inout AssessedRecords) {
    for merge in merges.joined() {
      let (member, keeper) = (Int(candidates[merge.member]), Int(candidates[merge.keeper]))
      records.merge(member, into: keeper, similarityPPM: merge.similarityPPM)
      if let terms { records.adoptTerms(of: member, by: keeper, terms) }
    }
  }

  /// Of each cluster.
  func merges(in clusters: [Proposals.Cluster], of records: ComparableRecords, _ templates: Set<UInt64>) async throws -> [[Merge]] {
    let rule = rule
    return try await workers.slices(of: clusters.count, widestAt: 64) { range in
      var comparison = try Comparison(records, rule, templates)
      return try range.map { try comparison.merges(in: clusters[$0]) }
    }.flatMap { $0 }
  }

  // MARK: - Templates

  /// Gives the candidates that hold suspects, in order: nobody else can hold a template's shingle.
  private func countSuspects(of records: ComparableRecords, _ sketch: ShingleSketch, _ findings: inout Findings) async throws -> [Int] {
    let limit = TemplateShingles.limit(records: records.count)
    findings.limit = limit
    guard records.count >= limit, let suspects = sketch.suspects(limit: limit) else { return [] }
    let holders = try await holders(of: suspects, records)
    let counts = try await workers.slices(of: holders.count, widestAt: 4_096) { range in
      var reader = try ShingleReader(lines, rule)
      var counts: [UInt64: Int] = [:]
      for holder in range {
        try reader.forEachDistinctShingle(of: records.line(of: holders[holder])) { shingle in
          if suspects.contains(ShingleSketch.slot(of: shingle)) { counts[shingle, default: 0] += 1 }
        }
      }
      return counts
    }
    findings.suspects = suspects
    findings.counts = counts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    return holders
  }

  /// The candidates that hold one of the suspects.
  private func holders(of suspects: SuspectSlots, _ records: ComparableRecords) async throws -> [Int] {
    let assessments = records.records.assessments
    let lines = lines
    let rows = try await workers.slices(of: assessments.count, widestAt: 8) { range in
      var slots: [UInt8] = []
      return try range.map { index -> Set<UInt32> in
        let assessment = assessments[index]
        slots.removeAll(keepingCapacity: true)
        let count = assessment.slotCounts.reduce(0) { $0 + Int($1) } * MemoryLayout<UInt32>.stride
        try lines.read(assessment.slotsStart, count: count, into: &slots)
        return slots.withUnsafeBytes { Self.holders(of: suspects, $0.bindMemory(to: UInt32.self), assessment.slotCounts) }
      }
    }
    let keyed = rows.flatMap { $0 }
    return (0..<records.count).filter { candidate in
      let place = records.keysPlace(of: candidate)
      return place.key != .max && keyed[place.assessment].contains(place.key)
    }
  }

  /// By the numbers of their keys.
  private static func holders(of suspects: SuspectSlots, _ slots: UnsafeBufferPointer<UInt32>, _ counts: [UInt32]) -> Set<UInt32> {
    var holders: Set<UInt32> = []
    var start = 0
    for (key, count) in counts.enumerated() {
      let end = start + Int(count)
      if slots[start..<end].contains(where: suspects.contains) { holders.insert(UInt32(key)) }
      start = end
    }
    return holders
  }

  /// The keys of those among some candidates that hold a template's shingles, of what is left to them.
  func overrides(of holders: [Int], _ records: ComparableRecords, without templates: Set<UInt64>) async throws -> [(candidate: UInt32, keys: [UInt32])] {
    guard !templates.isEmpty else { return [] }
    let (minhash, rule, lines) = (minhash, rule, lines)
    return try await workers.slices(of: holders.count) { range in
      var reader = try ShingleReader(lines, rule)
      var bins = [UInt32](repeating: .max, count: MinHash.bins)
      return try holders[range].compactMap { candidate -> (candidate: UInt32, keys: [UInt32])? in
        var shingles = try reader.shingles(of: records.line(of: candidate))
        let count = shingles.count
        shingles.removeAll(where: templates.contains)
        guard shingles.count < count else { return nil }
        var keys: [UInt32] = []
        if !shingles.isEmpty { minhash.appendKeys(of: shingles, to: &keys, scratch: &bins) }
        return (UInt32(candidate), keys)
      }
    }.flatMap { $0 }
  }

  // MARK: - Proposals

  /// Clusters of candidates that share keys: those that were assessed, and for the holders of templates others in their place.
  func clusters(of records: ComparableRecords, _ overrides: [(candidate: UInt32, keys: [UInt32])]) async throws -> [Proposals.Cluster] {
    let bands = minhash.bands
    let keys = keys(of: records, overrides)
    let groups = try await workers.slices(of: bands, widestAt: 1) { range in
      range.flatMap { keys.groups(inBand: $0, of: bands) }
    }
    return Proposals(groups.flatMap { $0 }, records: records.count).clusters
  }

  private func keys(of records: ComparableRecords, _ overrides: [(candidate: UInt32, keys: [UInt32])]) -> BandKeys {
    let bands = minhash.bands
    let assessments = records.records.assessments
    var keys = BandKeys()
    keys.reserve(records.count, bands)
    var overrides = overrides[...]
    for candidate in 0..<records.count {
      if let override = overrides.first, Int(override.candidate) == candidate {
        overrides = overrides.dropFirst()
        if !override.keys.isEmpty { keys.append(candidate, override.keys[...]) }
        continue
      }
      let place = records.keysPlace(of: candidate)
      guard place.key != .max else { continue }
      keys.append(candidate, assessments[place.assessment].keys[Int(place.key) * bands..<(Int(place.key) + 1) * bands])
    }
    return keys
  }
}

/// A record that gives way to another, by their places among the records that are compared.
struct Merge: Hashable, Sendable {
  let member: Int
  let keeper: Int
  let similarityPPM: Int
}
