package import Artifacts
internal import Signing

/// What a candidate lost on the holdout, as an integer: no rounding is left to whoever adds or compares.
package struct Score: Hashable, Sendable {
  /// One nat, in the units of `total`.
  package static let unitsPerNat: Int64 = 1 << 20

  package let candidate: Digest
  /// Σ over the holdout's records of round(negative log-likelihood in nats × 2²⁰).
  package let total: Int64
  /// How many tokens were predicted: the same for every candidate of a round.
  package let tokens: Int64

  package init(candidate: Digest, total: Int64, tokens: Int64) {
    self.candidate = candidate
    self.total = total
    self.tokens = tokens
  }

  /// For people. Decisions compare `total`.
  package var lossNatsPerToken: Double { Double(total) / Double(Self.unitsPerNat) / Double(tokens) }
}

/// A rational number of nats a token: how much a winner must gain over the incumbent.
package struct Improvement: Hashable, Sendable {
  /// At least 0, at most 2⁵³ − 1.
  package let numerator: Int64
  /// At least 1, at most 2⁵³ − 1.
  package let denominator: Int64

  package init?(numerator: Int64, denominator: Int64) {
    let largest = JSONValue.largestExactInteger
    guard (0...largest).contains(numerator), (1...largest).contains(denominator) else { return nil }
    self.numerator = numerator
    self.denominator = denominator
  }
}

/// What a trainer's proposal came to.
package enum Proposal: Hashable, Sendable {
  case scored(Score)
  /// Its loss was not finite, or its training stopped: out of the choice.
  case diverged(Digest)

  package var candidate: Digest {
    switch self {
    case .scored(let score): score.candidate
    case .diverged(let digest): digest
    }
  }
}
