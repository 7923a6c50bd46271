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
  /// The root over what each record came to (`RecordLosses.root`): whoever says that one record was scored falsely can open that one.
  package let records: Digest

  package init(candidate: Digest, total: Int64, tokens: Int64, records: Digest) {
    self.candidate = candidate
    self.total = total
    self.tokens = tokens
    self.records = records
  }

  /// For people. Decisions compare `total`.
  package var lossNatsPerToken: Double { Double(total) / Double(Self.unitsPerNat) / Double(tokens) }
}

/// A rational number of nats a token: how much a winner must gain over the incumbent, or how far two honest measurements may be apart.
package struct Margin: Hashable, Sendable {
  /// At least 0, at most 2⁵³ − 1.
  package let numerator: Int64
  /// At least 1, at most 2⁵³ − 1.
  package let denominator: Int64

  package static let zero = Margin(0, over: 1)

  package init?(numerator: Int64, denominator: Int64) {
    let largest = JSONValue.largestExactInteger
    guard (0...largest).contains(numerator), (1...largest).contains(denominator) else { return nil }
    self.init(numerator, over: denominator)
  }

  private init(_ numerator: Int64, over denominator: Int64) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// Whether a difference of totals over so many tokens is at least this margin: difference·denominator ≥ numerator·2²⁰·tokens. Each factor but
  /// 2²⁰ is below 2⁵⁴, so neither side reaches 2¹²⁷.
  func isReached(by difference: Int64, tokens: Int64) -> Bool {
    Int128(difference) * Int128(denominator) >= Int128(numerator) * Int128(Score.unitsPerNat) * Int128(tokens)
  }

  /// Whether a difference of totals, in either direction, is at most this margin.
  func holds(_ difference: Int64, tokens: Int64) -> Bool {
    Int128(difference.magnitude) * Int128(denominator) <= Int128(numerator) * Int128(Score.unitsPerNat) * Int128(tokens)
  }
}

/// What a trainer's proposal came to.
package enum Proposal: Hashable, Sendable {
  case scored(Score)
  /// Its loss on the holdout is not finite: out of the choice.
  case diverged(Digest)

  package var candidate: Digest {
    switch self {
    case .scored(let score): score.candidate
    case .diverged(let digest): digest
    }
  }
}
