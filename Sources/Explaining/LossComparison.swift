internal import Artifacts
package import Packaging

/// The losses that two Souls were chosen by, and whether they can be held against each other at all.
package struct LossComparison: Sendable {
  package struct Side: Sendable {
    package let selection: SoulManifest.Selection
    package let winner: SoulManifest.Selection.Score
  }

  /// What the two winners' losses have in common.
  package enum Ground: String, Sendable {
    /// The same records, cut into the same number of tokens.
    case sameHoldout = "same-holdout"
    /// The same records, but another tokenizer or context: nats a token are of other tokens.
    case otherTokens = "other-tokens"
    /// Other records: the losses are not of the same text.
    case otherHoldout = "other-holdout"
    /// A Soul that names no dataset does not say what it was measured on.
    case unknown
  }

  package let old: Side
  package let new: Side
  package let ground: Ground

  /// New − old. Says something only on the same ground.
  package var changeNatsPerToken: Double { new.winner.lossNatsPerToken - old.winner.lossNatsPerToken }

  /// Nil where one of the two was not selected by losses.
  init?(_ old: SoulManifest, _ new: SoulManifest) {
    guard let left = Side(old.selection), let right = Side(new.selection) else { return nil }
    self.old = left
    self.new = right
    if old.datasets.isEmpty || new.datasets.isEmpty {
      ground = .unknown
    } else if old.datasets.map(\.roots.holdout) != new.datasets.map(\.roots.holdout) {
      ground = .otherHoldout
    } else {
      ground = left.winner.tokens == right.winner.tokens ? .sameHoldout : .otherTokens
    }
  }
}

extension LossComparison.Side {
  fileprivate init?(_ selection: SoulManifest.Selection?) {
    guard let selection, let winner = selection.scores.first(where: { $0.candidate == selection.winner }) else { return nil }
    (self.selection, self.winner) = (selection, winner)
  }
}

extension SoulManifest.Selection.Score {
  /// For people: a score is Σ round(nats × 2²⁰).
  package var lossNatsPerToken: Double { Double(total) / 1_048_576 / Double(tokens) }
}
