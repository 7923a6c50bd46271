package import Artifacts
internal import Hashing
internal import Signing

/// The decision of one ALBFT round with a committee of one: who wins, from integers alone.
///
/// The lowest score wins if S_incumbent − S_winner ≥ η·2²⁰·tokens; ties go to the smallest `tieBreak`. That nobody wins is a decision like any
/// other. With n = 1 the label is `self-measured`: the one who trained is the one who measured.
package struct Decision: Hashable, Sendable {
  package static let label = "self-measured"

  package enum Outcome: Hashable, Sendable {
    case promoted(Digest)
    /// Nobody gained enough over the incumbent; `closest` came nearest.
    case incumbentStays(closest: Digest)
    /// There was nothing to choose from.
    case noCandidate
  }

  /// What the round was about; the tie-break depends on it.
  package let round: Digest
  package let incumbent: Score
  /// One for each distinct candidate, by digest.
  package let scores: [Score]
  /// By digest.
  package let diverged: [Digest]
  package let improvement: Improvement
  package let outcome: Outcome

  package var winner: Digest? {
    if case .promoted(let digest) = outcome { digest } else { nil }
  }

  /// The winner, or who came nearest where nobody gained enough.
  package var best: Digest? {
    switch outcome {
    case .promoted(let digest), .incumbentStays(let digest): digest
    case .noCandidate: nil
    }
  }
}

package enum DecisionError: ExplainedError, Hashable {
  /// Totals and counts are from 0 to 2⁵³ − 1, tokens at least 1.
  case impossibleScore(Digest)
  /// Scores over another number of tokens were not measured on the same holdout.
  case tokensDiffer(candidate: Digest, tokens: Int64, expected: Int64)
  /// One candidate, two different scores.
  case contradiction(Digest)

  package var message: String {
    switch self {
    case .impossibleScore(let digest): "impossible score of candidate \(digest.short)"
    case .tokensDiffer(let candidate, let tokens, let expected):
      "candidate \(candidate.short) was scored over \(tokens) tokens, the incumbent over \(expected)"
    case .contradiction(let digest): "candidate \(digest.short) has two different scores"
    }
  }

  package var hint: String? { nil }
}

// MARK: - Deciding

extension Decision {
  /// Decides. `incumbent` is the parent's adapter or, at first, the bare base. Candidates with equal digests are one; a candidate that is the
  /// incumbent is no candidate.
  package init(round: Digest, incumbent: Score, proposals: [Proposal], improvement: Improvement) throws(DecisionError) {
    let table = try Self.table(incumbent: incumbent, proposals: proposals)
    self.round = round
    self.incumbent = incumbent
    self.improvement = improvement
    scores = table.scores
    diverged = table.diverged
    outcome = Self.outcome(round: round, incumbent: incumbent, scores: table.scores, improvement: improvement)
  }

  private static func outcome(round: Digest, incumbent: Score, scores: [Score], improvement: Improvement) -> Outcome {
    let best = scores.min { left, right in
      left.total == right.total
        ? tieBreak(round: round, candidate: left.candidate) < tieBreak(round: round, candidate: right.candidate)
        : left.total < right.total
    }
    guard let best else { return .noCandidate }
    return gains(best, over: incumbent, improvement) ? .promoted(best.candidate) : .incumbentStays(closest: best.candidate)
  }

  /// (S_incumbent − S_winner)·denominator ≥ numerator·2²⁰·tokens. Each factor but 2²⁰ is below 2⁵³, so neither side reaches 2¹²⁷.
  private static func gains(_ score: Score, over incumbent: Score, _ improvement: Improvement) -> Bool {
    let gain = Int128(incumbent.total - score.total) * Int128(improvement.denominator)
    return gain >= Int128(improvement.numerator) * Int128(Score.unitsPerNat) * Int128(incumbent.tokens)
  }

  /// SHA-256 of the ASCII text `soulpack/albft/1/tie`, the 32 bytes of the round id and the 32 bytes of the candidate's digest: no trainer
  /// can aim for it before the round is fixed.
  package static func tieBreak(round: Digest, candidate: Digest) -> Digest {
    Digest(hashing: Array("soulpack/albft/1/tie".utf8) + round.bytes + candidate.bytes)
  }

  /// Each candidate once, by digest, after looking for what cannot be.
  private static func table(incumbent: Score, proposals: [Proposal]) throws(DecisionError) -> (scores: [Score], diverged: [Digest]) {
    try check(incumbent, tokens: incumbent.tokens)
    var known: [Digest: Proposal] = [incumbent.candidate: .scored(incumbent)]
    for proposal in proposals {
      if case .scored(let score) = proposal { try check(score, tokens: incumbent.tokens) }
      guard known[proposal.candidate, default: proposal] == proposal else { throw .contradiction(proposal.candidate) }
      known[proposal.candidate] = proposal
    }
    known[incumbent.candidate] = nil
    let sorted = known.values.sorted { $0.candidate < $1.candidate }
    let scores = sorted.compactMap { if case .scored(let score) = $0 { score } else { nil } }
    let diverged = sorted.compactMap { if case .diverged(let digest) = $0 { digest } else { nil } }
    return (scores, diverged)
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
}
