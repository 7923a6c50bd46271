package import Artifacts
internal import Hashing
internal import Signing

/// What one model lost on each record of the holdout. Standard errors and intervals are taken over these: records are what was drawn at random,
/// tokens within one are not independent of each other.
package struct RecordLosses: Hashable, Sendable {
  package struct Record: Hashable, Sendable {
    package let id: Digest
    /// Σ round(nats × 2²⁰) over the record's tokens.
    package let total: Int64
    package let tokens: Int64

    package init(id: Digest, total: Int64, tokens: Int64) {
      self.id = id
      self.total = total
      self.tokens = tokens
    }
  }

  /// Each record once, in the order in which they were measured.
  package let records: [Record]
  package let total: Int64
  package let tokens: Int64

  /// Parts of one record that were measured apart, as the windows of a long text are, become one.
  package init(_ parts: [Record]) throws(RecordLossError) {
    var records: [Record] = []
    for part in parts {
      guard part.total >= 0, part.tokens >= 0, part.total <= Self.limit, part.tokens <= Self.limit else { throw .impossible(record: part.id) }
      if let last = records.last, last.id == part.id {
        guard last.total <= Self.limit, last.tokens <= Self.limit else { throw .impossible(record: part.id) }
        records[records.count - 1] = Record(id: part.id, total: last.total + part.total, tokens: last.tokens + part.tokens)
      } else {
        records.append(part)
      }
    }
    // A resample's sum is at most count × largest; below 2⁶² nothing that follows can overflow.
    if let large = records.first(where: { $0.total > (1 << 62) / Int64(records.count) }) { throw .impossible(record: large.id) }
    guard Set(records.map(\.id)).count == records.count else { throw .recordTwice }
    self.records = records
    total = records.reduce(0) { $0 + $1.total }
    tokens = records.reduce(0) { $0 + $1.tokens }
    guard tokens > 0, total <= JSONValue.largestExactInteger, tokens <= JSONValue.largestExactInteger else { throw .noTokens }
  }

  private static let limit = JSONValue.largestExactInteger

  package func score(of candidate: Digest) -> Score { Score(candidate: candidate, total: total, tokens: tokens, records: root) }

  /// Whether the same tokens of the same records were measured, so that record can be compared with record.
  package func isOfTheSameRecords(as other: RecordLosses) -> Bool {
    records.elementsEqual(other.records) { $0.id == $1.id && $0.tokens == $1.tokens }
  }
}

// MARK: - Commitments

extension RecordLosses {
  /// The Merkle tree hash over SHA-256 of each record's canonical `[id, total, tokens]`, in their order.
  package var root: Digest {
    MerkleTree.root(of: records.map { Digest(hashing: [.digest($0.id), .integer($0.total), .integer($0.tokens)]) })
  }

  /// What was measured, without how it came out: the Merkle tree hash over SHA-256 of each record's canonical `[id, tokens]`.
  package var holdout: Question.Holdout {
    Question.Holdout(
      root: MerkleTree.root(of: records.map { Digest(hashing: [.digest($0.id), .integer($0.tokens)]) }), records: Int64(records.count), tokens: tokens)
  }
}

package enum RecordLossError: ExplainedError, Hashable {
  /// A negative number, or one beyond what a sum may hold.
  case impossible(record: Digest)
  case recordTwice
  /// Nothing was measured, or more than 2⁵³ − 1 of anything.
  case noTokens
  case otherRecords

  package var message: String {
    switch self {
    case .impossible(let record): "impossible loss of record \(record.short)"
    case .recordTwice: "a record was scored twice"
    case .noTokens: "the holdout has no token that is scored"
    case .otherRecords: "the scores are not of the same holdout"
    }
  }

  package var hint: String? {
    switch self {
    case .noTokens: "give the split a larger holdout"
    default: nil
    }
  }
}
