internal import Artifacts
internal import Licensing

/// Merges records that say nearly the same. docs/curation.md, "Near duplicates", is the contract.
///
/// Minhashes only propose (`MinHash`); what is removed has been compared shingle by shingle with a record that stays (`Resemblance`).
/// Texts are gone through again where their shingles are needed, so that what is held at one time is a few hundred bytes a record.
struct NearDuplicates: Sendable {
  private let rule: NearDuplicateRule
  private let workers: Workers
  private let terms: TermsRule?
  private let minhash: MinHash
  /// Counters are held once for each thread that counts.
  private static let mostSketches = 8

  init(_ rule: NearDuplicateRule, workers: Workers, terms: TermsRule? = nil) {
    self.rule = rule
    self.terms = terms
    self.workers = workers
    minhash = MinHash(thresholdPPM: rule.thresholdPPM)
  }

  func merge(_ outcomes: [Outcome]) async throws -> [Outcome] {
    let places = outcomes.indices.filter { outcomes[$0].isAlive }
    let drafts = places.compactMap { outcomes[$0].draft }
    let templates = try await templates(of: drafts)
    let keys = try await keys(of: drafts, without: templates)
    let groups = try await groups(keys, records: drafts.count)
    let clusters = Proposals(groups, records: drafts.count).clusters
    let merges = try await workers.slices(of: clusters.count, widestAt: 64) { range in
      var comparison = Comparison(drafts, rule, templates)
      return range.flatMap { comparison.merges(in: clusters[$0]) }
    }
    return applying(merges.flatMap { $0 }, to: outcomes, at: places)
  }

  private func applying(_ merges: [Merge], to outcomes: [Outcome], at places: [Int]) -> [Outcome] {
    var merged = outcomes
    for merge in merges {
      guard let draft = outcomes[places[merge.member]].draft, let keeper = outcomes[places[merge.keeper]].draft else { continue }
      merged[places[merge.member]] = .ended(draft.ended(.merged(keeper: keeper.id, at: keeper.source.place, similarityPPM: merge.similarityPPM)))
      merged[places[merge.keeper]] = merged[places[merge.keeper]].taking(termsOf: draft, terms)
    }
    return merged
  }

  // MARK: - Templates

  private func templates(of drafts: [Draft]) async throws -> Set<UInt64> {
    let limit = TemplateShingles.limit(records: drafts.count)
    guard drafts.count >= limit else { return [] }
    let few = Workers(concurrency: min(workers.concurrency, Self.mostSketches))
    let sketches = try await few.slices(of: drafts.count, widestAt: .max) { range in
      var sketch = TemplateShingles.Sketch(records: drafts.count)
      forEachShingle(of: drafts[range]) { sketch.count($0) }
      return sketch
    }
    guard var sketch = sketches.first else { return [] }
    for other in sketches.dropFirst() { sketch.add(other) }
    guard sketch.greatest >= limit else { return [] }
    return try await counted(drafts, limit: limit, suspects: sketch)
  }

  /// The second pass.
  private func counted(_ drafts: [Draft], limit: Int, suspects sketch: TemplateShingles.Sketch) async throws -> Set<UInt64> {
    let counts = try await workers.slices(of: drafts.count, widestAt: .max) { range in
      var counts: [UInt64: Int] = [:]
      forEachShingle(of: drafts[range]) { if sketch.estimate($0) >= limit { counts[$0, default: 0] += 1 } }
      return counts
    }
    let total = counts.dropFirst().reduce(into: counts.first ?? [:]) { $0.merge($1, uniquingKeysWith: +) }
    return Set(total.filter { $0.value >= limit }.keys)
  }

  /// Each shingle of a record once.
  private func forEachShingle(of drafts: ArraySlice<Draft>, _ body: (UInt64) -> Void) {
    let shingler = Shingler(wordsInShingle: rule.wordsInShingle)
    var shingles: [UInt64] = []
    var seen = DistinctHashes()
    for draft in drafts {
      shingler.shingles(of: draft.record.content, into: &shingles)
      seen.reset(for: shingles.count)
      for shingle in shingles where seen.insert(shingle) { body(shingle) }
    }
  }

  // MARK: - Proposals

  /// The keys of a slice of the records: `bands` for each record that has evidence.
  private struct Keys: Sendable {
    var records: [UInt32] = []
    var keys: [UInt32] = []
  }

  private func keys(of drafts: [Draft], without templates: Set<UInt64>) async throws -> [Keys] {
    try await workers.slices(of: drafts.count) { range in
      let shingler = Shingler(wordsInShingle: rule.wordsInShingle)
      var slice = Keys()
      var shingles: [UInt64] = []
      var scratch = [UInt32](repeating: .max, count: MinHash.bins)
      for index in range {
        shingler.shingles(of: drafts[index].record.content, into: &shingles)
        if !templates.isEmpty { shingles.removeAll(where: templates.contains) }
        guard !shingles.isEmpty else { continue }
        slice.records.append(UInt32(index))
        minhash.appendKeys(of: shingles, to: &slice.keys, scratch: &scratch)
      }
      return slice
    }
  }

  /// Records that share a key of a band, two or more in each group, in their order.
  private func groups(_ slices: [Keys], records: Int) async throws -> [[Int]] {
    let bands = minhash.bands
    let found = try await workers.slices(of: bands, widestAt: 1) { range in
      range.flatMap { band -> [[Int]] in
        var pairs: [UInt64] = []
        pairs.reserveCapacity(records)
        for slice in slices {
          for (place, record) in slice.records.enumerated() {
            pairs.append(UInt64(slice.keys[place * bands + band]) << 32 | UInt64(record))
          }
        }
        pairs.sort()
        return NearDuplicates.runs(of: pairs)
      }
    }
    return found.flatMap { $0 }
  }

  /// The records of each key that occurs more than once.
  private static func runs(of pairs: [UInt64]) -> [[Int]] {
    var groups: [[Int]] = []
    var start = 0
    for index in pairs.indices.dropFirst(0) where index + 1 == pairs.count || pairs[index + 1] >> 32 != pairs[index] >> 32 {
      if index > start { groups.append(pairs[start...index].map { Int($0 & 0xFFFF_FFFF) }) }
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

extension Outcome {
  var draft: Draft? {
    guard case .alive(let draft) = self else { return nil }
    return draft
  }

  var isAlive: Bool {
    guard case .alive = self else { return false }
    return true
  }
}

extension Outcome {
  /// A keeper stands for what was merged into it, so the terms of both hold.
  fileprivate func taking(termsOf member: Draft, _ terms: TermsRule?) -> Outcome {
    guard let terms, case .alive(var keeper) = self else { return self }
    let license = terms.strictest(keeper.record.license, member.record.license)
    guard license != keeper.record.license else { return self }
    keeper.adopt(license: license)
    keeper.passages.append(Passage(stage: .deduplicate, changes: [Change(kind: .terms, count: 1)]))
    return .alive(keeper)
  }
}
