internal import Artifacts
internal import Licensing

/// Merges records that say nearly the same. docs/curation.md, "Near duplicates", is the contract.
///
/// Minhashes only propose (`MinHash`); what is removed has been compared shingle by shingle with a record that stays (`Resemblance`). Each text
/// was gone through once, when it was assessed; those that hold a template's shingles are gone through again, and those that are proposed.
struct NearDuplicates: Sendable {
  private let rule: NearDuplicateRule
  private let workers: Workers
  private let lines: LineStore
  private let terms: TermsRule?
  private let minhash: MinHash

  init(_ rule: NearDuplicateRule, workers: Workers, lines: LineStore, terms: TermsRule? = nil) {
    (self.rule, self.workers, self.lines, self.terms) = (rule, workers, lines, terms)
    minhash = MinHash(thresholdPPM: rule.thresholdPPM)
  }

  /// `sketch` counted the shingles of all contents that are compared, each once.
  func merge(in records: inout AssessedRecords, sketch: ShingleSketch) async throws {
    let candidates = (0..<records.count).filter { records.isCompared($0) && !records.isMerged($0) }.map { UInt32($0) }
    let comparable = ComparableRecords(records, candidates, lines)
    let templates = try await templates(of: comparable, sketch)
    let keys = try await keys(of: comparable, without: templates)
    let clusters = Proposals(try await groups(keys), records: candidates.count).clusters
    let rule = rule
    let merges = try await workers.slices(of: clusters.count, widestAt: 64) { range in
      var comparison = try Comparison(comparable, rule, templates.shingles)
      return try range.flatMap { try comparison.merges(in: clusters[$0]) }
    }
    for merge in merges.joined() {
      let (member, keeper) = (Int(candidates[merge.member]), Int(candidates[merge.keeper]))
      records.merge(member, into: keeper, similarityPPM: merge.similarityPPM)
      if let terms { records.adoptTerms(of: member, by: keeper, terms) }
    }
  }

  // MARK: - Templates

  private struct Templates: Sendable {
    var shingles: Set<UInt64> = []
    /// The candidates that hold suspects, in order: nobody else can hold a template's shingle.
    var holders: [Int] = []
  }

  private func templates(of records: ComparableRecords, _ sketch: ShingleSketch) async throws -> Templates {
    let limit = TemplateShingles.limit(records: records.count)
    guard records.count >= limit, let suspects = sketch.suspects(limit: limit) else { return Templates() }
    let holders = try await holders(of: suspects, records)
    let counts = try await workers.slices(of: holders.count, widestAt: 4_096) { range in
      var reader = try ShingleReader(records, rule)
      var counts: [UInt64: Int] = [:]
      for holder in range {
        try reader.forEachDistinctShingle(of: holders[holder]) { shingle in
          if suspects.contains(ShingleSketch.slot(of: shingle)) { counts[shingle, default: 0] += 1 }
        }
      }
      return counts
    }
    let total = counts.reduce(into: [UInt64: Int]()) { $0.merge($1, uniquingKeysWith: +) }
    return Templates(shingles: Set(total.filter { $0.value >= limit }.keys), holders: holders)
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

  // MARK: - Proposals

  /// The keys of some candidates: `bands` for each that has evidence.
  private struct Keys: Sendable {
    var candidates: [UInt32] = []
    var keys: [UInt32] = []
  }

  /// Those that were assessed, and for the holders of templates new ones, of what is left to them.
  private func keys(of records: ComparableRecords, without templates: Templates) async throws -> [Keys] {
    let (minhash, rule, bands) = (minhash, rule, minhash.bands)
    let changed = templates.shingles.isEmpty ? [] : templates.holders
    var own = Keys()
    var changes = changed[...]
    for candidate in 0..<records.count {
      guard changes.first != candidate else {
        changes = changes.dropFirst()
        continue
      }
      let place = records.keysPlace(of: candidate)
      guard place.key != .max else { continue }
      own.candidates.append(UInt32(candidate))
      own.keys.append(contentsOf: records.records.assessments[place.assessment].keys[Int(place.key) * bands..<(Int(place.key) + 1) * bands])
    }
    let others = try await workers.slices(of: changed.count) { range in
      var keys = Keys()
      var reader = try ShingleReader(records, rule)
      var bins = [UInt32](repeating: .max, count: MinHash.bins)
      for candidate in changed[range] {
        var shingles = try reader.shingles(of: candidate)
        shingles.removeAll(where: templates.shingles.contains)
        guard !shingles.isEmpty else { continue }
        keys.candidates.append(UInt32(candidate))
        minhash.appendKeys(of: shingles, to: &keys.keys, scratch: &bins)
      }
      return keys
    }
    return [own] + others
  }

  /// Records that share a key of a band, two or more in each group, in their order.
  private func groups(_ slices: [Keys]) async throws -> [[Int]] {
    let bands = minhash.bands
    let found = try await workers.slices(of: bands, widestAt: 1) { range in
      var (pairs, scratch): ([UInt64], [UInt64]) = ([], [])
      return range.flatMap { band -> [[Int]] in
        pairs.removeAll(keepingCapacity: true)
        for slice in slices {
          for (place, candidate) in slice.candidates.enumerated() {
            pairs.append(UInt64(slice.keys[place * bands + band]) << 32 | UInt64(candidate))
          }
        }
        RadixSort.sort(&pairs, byBits: 32..<64, scratch: &scratch)
        return NearDuplicates.runs(of: pairs)
      }
    }
    return found.flatMap { $0 }
  }

  /// The records of each key that occurs more than once.
  private static func runs(of pairs: [UInt64]) -> [[Int]] {
    var groups: [[Int]] = []
    var start = 0
    for index in pairs.indices where index + 1 == pairs.count || pairs[index + 1] >> 32 != pairs[index] >> 32 {
      if index > start { groups.append(pairs[start...index].map { Int($0 & 0xFFFF_FFFF) }.sorted()) }
      start = index + 1
    }
    return groups
  }
}

/// A record that gives way to another, by their places among the records that are compared.
struct Merge: Hashable, Sendable {
  let member: Int
  let keeper: Int
  let similarityPPM: Int
}
