package import Artifacts
internal import Signing

/// What a committee, or one member of it, measured: the incumbent (candidate 0) and every candidate, each once.
package struct ScoreTable: Hashable, Sendable {
  package let incumbent: Score
  /// One for each distinct candidate, by digest.
  package let scores: [Score]
  /// Candidates whose loss is not finite, by digest.
  package let diverged: [Digest]

  /// `incumbent` is the parent's adapter or, at first, the bare base. Candidates with equal digests are one; a candidate that is the incumbent is
  /// no candidate.
  package init(incumbent: Score, proposals: [Proposal]) throws(DecisionError) {
    try Self.check(incumbent, tokens: incumbent.tokens)
    var known: [Digest: Proposal] = [incumbent.candidate: .scored(incumbent)]
    for proposal in proposals {
      if case .scored(let score) = proposal { try Self.check(score, tokens: incumbent.tokens) }
      guard known[proposal.candidate, default: proposal] == proposal else { throw .contradiction(proposal.candidate) }
      known[proposal.candidate] = proposal
    }
    known[incumbent.candidate] = nil
    let sorted = known.values.sorted { $0.candidate < $1.candidate }
    self.incumbent = incumbent
    scores = sorted.compactMap { if case .scored(let score) = $0 { score } else { nil } }
    diverged = sorted.compactMap { if case .diverged(let digest) = $0 { digest } else { nil } }
  }

  private static func check(_ score: Score, tokens: Int64) throws(DecisionError) {
    let possible = 0...JSONValue.largestExactInteger
    guard possible.contains(score.total), possible.contains(score.tokens), score.tokens > 0 else {
      throw .impossibleScore(score.candidate)
    }
    guard score.tokens == tokens else {
      throw .tokensDiffer(candidate: score.candidate, tokens: score.tokens, expected: tokens)
    }
  }

  /// The candidates, without the incumbent.
  var candidates: Set<Digest> { Set(scores.map(\.candidate)).union(diverged) }

  subscript(candidate: Digest) -> Score? { ([incumbent] + scores).first { $0.candidate == candidate } }
}

extension ScoreTable {
  static let members: Set<String> = ["incumbent", "scores", "diverged"]

  /// Without a schema of its own: always a part of a larger document.
  var document: [String: JSONValue] {
    [
      "incumbent": Self.document(of: incumbent), "scores": .array(scores.map(Self.document)), "diverged": .array(diverged.map { .digest($0) }),
    ]
  }

  private static func document(of score: Score) -> JSONValue {
    [
      "candidate": .digest(score.candidate), "total": .integer(score.total), "tokens": .integer(score.tokens), "records": .digest(score.records),
    ]
  }

  /// Reads the members from a document that may have others. Whether they stand in their order, who reads finds out by writing them again.
  init(_ reader: DocumentReader) throws(DocumentError) {
    var proposals: [Proposal] = []
    for score in try reader.member("scores").elements() { proposals.append(.scored(try Self.score(score))) }
    for digest in try reader.member("diverged").elements() { proposals.append(.diverged(try digest.digest())) }
    let incumbent = try Self.score(reader.member("incumbent"))
    do throws(DecisionError) {
      try self.init(incumbent: incumbent, proposals: proposals)
    } catch {
      throw reader.failure(error.message)
    }
  }

  private static func score(_ reader: DocumentReader) throws(DocumentError) -> Score {
    try reader.object(["candidate", "total", "tokens", "records"])
    return Score(
      candidate: try reader.member("candidate").digest(), total: try reader.member("total").count(),
      tokens: try reader.member("tokens").count(), records: try reader.member("records").digest())
  }
}
