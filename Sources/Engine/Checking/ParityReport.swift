/// How far a run of ours is from a stored run of PyTorch, in relative differences.
package struct ParityReport: Hashable, Sendable {
  package static let lossLimit = 1e-4
  package static let gradientNormLimit = 1e-4
  package static let adapterLimit = 1e-3

  package let stepCount: Int
  /// The largest |ours − theirs| / |theirs| of any step's loss.
  package let losses: Double
  package let gradientNorms: Double
  /// The largest difference of any element of the final adapter, relative to its tensor's largest element.
  package let adapter: Double
  /// The same of the gradients of the first steps, where the folder holds them.
  package let gradients: Double?

  package var isWithinLimits: Bool {
    losses <= Self.lossLimit && gradientNorms <= Self.gradientNormLimit && adapter <= Self.adapterLimit
  }

  /// |ours − theirs| / |theirs|, the largest.
  static func largestDifference(_ ours: [Double], _ theirs: [Double]) -> Double {
    zip(ours, theirs).map { abs($0 - $1) / abs($1) }.max() ?? 0
  }

  /// The largest difference of any element, relative to its tensor's largest. Both in name order, of equal names and shapes.
  static func largestDifference(_ ours: [Tensor], _ theirs: [Tensor]) -> Double {
    zip(ours, theirs).map { ours, theirs in
      let scale = theirs.values.reduce(Float(0)) { max($0, abs($1)) }
      let difference = zip(ours.values, theirs.values).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      return difference == 0 ? 0 : Double(difference / scale)
    }.max() ?? 0
  }
}
