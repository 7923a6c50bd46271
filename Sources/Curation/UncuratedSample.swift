package import Artifacts
internal import Foundation
internal import Hashing

/// As much of the uncurated records as some number of tokens is: what a training on curated data is held against. docs/curation.md, "Quality over volume",
/// is the contract.
package struct UncuratedSample: Sendable {
  package let dataset: CuratedDataset
  package let tokens: Int
  /// Records that were in the pool, and those of them that were left out for the holdout's sake.
  package let pool: Int
  package let nearHoldout: Int

  /// The sample is full when less than this is missing.
  private static let slackPPM = 1_000

  /// `tokens` says how many tokens of a record are learnt.
  package init(of pool: CuratedDataset, without holdout: CuratedDataset, tokens target: Int, salt: String, tokens: (DatasetRecord) throws -> Int) throws {
    let shadow = try HoldoutShadow(of: holdout)
    var records: [DatasetRecord] = []
    records.reserveCapacity(pool.count)
    try pool.forEachRecord { records.append($1) }
    var taken: Set<Int> = []
    var (sum, near) = (0, 0)
    for index in Self.order(of: pool, salt: salt) {
      if shadow.covers(records[index]) {
        near += 1
        continue
      }
      guard (target - sum) * 1_000_000 > target * Self.slackPPM else { continue }
      let count = try tokens(records[index])
      guard count > 0, sum + count <= target else { continue }
      taken.insert(index)
      sum += count
    }
    guard !taken.isEmpty || target == 0 else { throw NoUncuratedRecords(pool: pool.count, nearHoldout: near) }
    dataset = pool.filtered(at: taken.contains)
    (self.tokens, self.pool, nearHoldout) = (sum, pool.count, near)
  }

  /// By HMAC-SHA-256 of the id and of how many copies stand before, under the salt: a draw that a record which comes or goes does not change.
  private static func order(of pool: CuratedDataset, salt: String) -> [Int] {
    var copies: [RecordID: Int] = [:]
    let places = pool.rows.map { row -> Digest in
      let copy = copies[row.id, default: 0]
      copies[row.id] = copy + 1
      return Digest(authenticating: Data("soulpack.sample/1\n\(row.id)\n\(copy)".utf8), key: Data(salt.utf8))
    }
    return places.indices.sorted { places[$0] < places[$1] }
  }
}

/// The holdout, as far as it can be recognised in records that nobody has curated.
private struct HoldoutShadow {
  private let conversations: Set<String>
  private let shingles: Set<UInt64>
  private let shingler = Shingler(wordsInShingle: wordsInShingle)
  private let normalize = NormalizeStage(repairsMojibake: true)

  private static let wordsInShingle = 5
  /// The share of a record's shingles from which it counts as being in the holdout.
  private static let nearnessPPM = 500_000

  init(of holdout: CuratedDataset) throws {
    var shingles: Set<UInt64> = []
    var found: [UInt64] = []
    let shingler = shingler
    try holdout.forEachRecord { _, record in
      shingler.shingles(of: record.content, into: &found)
      shingles.formUnion(found)
    }
    self.shingles = shingles
    conversations = Set(holdout.rows.compactMap(\.conversation))
  }

  /// A record of a conversation in the holdout, or one of whose runs of words half or more stand there. What has no word in it is no leak.
  func covers(_ record: DatasetRecord) -> Bool {
    if let key = record.conversation, conversations.contains(key) { return true }
    var content = record.content
    if case .change(let changed) = normalize.judge(record).decision { content = changed.content }
    var found: [UInt64] = []
    shingler.shingles(of: content, into: &found)
    guard !found.isEmpty else { return false }
    return found.count(where: shingles.contains) * 1_000_000 >= found.count * Self.nearnessPPM
  }
}

/// There is nothing to hold the curated data against.
package struct NoUncuratedRecords: ExplainedError, Hashable {
  package let pool: Int
  package let nearHoldout: Int

  package init(pool: Int, nearHoldout: Int) { (self.pool, self.nearHoldout) = (pool, nearHoldout) }

  package var message: String { "no uncurated record is left to compare with: of \(pool), the holdout has or nearly has \(nearHoldout)" }
  package var hint: String? { "the texts are too much alike to be told apart by runs of five words; more or longer ones are needed" }
}
