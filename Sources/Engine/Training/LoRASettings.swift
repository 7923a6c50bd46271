internal import Artifacts

/// A low-rank adapter (arXiv 2106.09685) as a training is asked for it.
package struct LoRASettings: Hashable, Sendable {
  package var rank: Int
  package var alpha: Double
  package var targets: Set<Projection>
  /// The adapter's output counts α/√r instead of α/r (arXiv 2312.03732).
  package var isRankStabilized: Bool
  /// The part of an adapter's input features that a training step leaves out, each token and map its own.
  package var dropout: Double

  package init(rank: Int, alpha: Double, targets: Set<Projection>, isRankStabilized: Bool = false, dropout: Double = 0) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
    self.isRankStabilized = isRankStabilized
    self.dropout = dropout
  }

  var isPossible: Bool { rank > 0 && alpha > 0 && alpha.isFinite && !targets.isEmpty && (0..<1).contains(dropout) }

  /// The adapter that comes of it. Dropout is no part of it: it ends with training.
  package func configuration(baseName: String?) -> AdapterConfiguration {
    AdapterConfiguration(rank: rank, alpha: alpha, targets: targets, isRankStabilized: isRankStabilized, baseName: baseName)
  }
}

extension LoRASettings {
  /// What a plain adapter does not have is not written: digests of plain trainings are what they were before there was anything else.
  var canonicalMembers: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "rank": .integer(Int64(rank)), "alpha": .number(alpha), "targets": .array(targets.map(\.rawValue).sorted().map { .string($0) }),
    ]
    if isRankStabilized { members["rankStabilized"] = true }
    if dropout > 0 { members["dropout"] = .number(dropout) }
    return members
  }
}
