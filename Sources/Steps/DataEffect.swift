internal import Artifacts
package import Foundation
internal import Judging

/// What two models that differ in their data alone lose on one holdout.
package struct DataEffect: Sendable {
  package struct Loss: Hashable, Sendable {
    /// Σ round(nats × 2²⁰).
    package let total: Int64
    package let natsPerToken: Double
  }

  /// Nil where a new model has no base.
  package let base: Loss?
  /// With the recipe's own data. Nil where training diverged.
  package let own: Loss?
  package let other: Loss?
  package let records: Int
  package let tokens: Int64
  /// Other − own, in nats a token: what the own data gain.
  package let gain: Double?
  /// Of the gain, record by record. Nil for fewer than two records.
  package let standardError: Double?

  /// From the documents that score actions leave.
  package init(own: Data, other: Data, base: Data?) throws {
    let (good, plain) = (try Self.losses(own), try Self.losses(other))
    let reference = try base.flatMap { try Self.losses($0) }
    self.base = reference.map(Loss.init)
    (self.own, self.other) = (good.map(Loss.init), plain.map(Loss.init))
    let any = good ?? plain ?? reference
    (records, tokens) = (any?.records.count ?? 0, any?.tokens ?? 0)
    guard let good, let plain else {
      (gain, standardError) = (nil, nil)
      return
    }
    gain = Self.nats(plain.total - good.total, good.tokens)
    standardError = try plain.standardError(ofDifferenceFrom: good).map { Self.nats($0, good.tokens) }
  }

  private static func losses(_ document: Data) throws -> RecordLosses? {
    guard let score = try MeasuredScore(document: try JSONValue(parsingCanonical: document)) else { throw UnreadableScore() }
    return score.losses
  }

  fileprivate static func nats(_ total: Int64, _ tokens: Int64) -> Double { Double(total) / Double(1 << 20) / Double(tokens) }
}

extension DataEffect.Loss {
  fileprivate init(_ losses: RecordLosses) {
    self.init(total: losses.total, natsPerToken: DataEffect.nats(losses.total, losses.tokens))
  }
}

/// A score in the store is not what a score action writes.
struct UnreadableScore: ExplainedError {
  var message: String { "a score in the store cannot be read" }
  var hint: String? { "soulpack fsck looks for damage" }
}
