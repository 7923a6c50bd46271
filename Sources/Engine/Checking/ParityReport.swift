/// How far a run of ours is from a stored run of PyTorch, in relative differences.
///
/// Where an element's gradient is as small as the rounding of the sums that make it, Adam divides noise by noise: its first steps follow
/// neither the data nor the arithmetic, and two correct trainers part there (in the fixture kept beside the repository, a binary64
/// reference is as far from PyTorch as we are, at the same single element). Such elements count like all others; beside them stands what
/// the difference is without them, so that a reader can tell noise from a defect.
package struct ParityReport: Hashable, Sendable {
  package static let lossLimit = 1e-4
  package static let gradientNormLimit = 1e-4
  package static let adapterLimit = 1e-3
  /// An element is undecided where its stored gradient is below this part of its tensor's largest: float32 has 24 bits.
  package static let undecidedGradient: Float = 0x1p-20

  package let stepCount: Int
  /// The largest |ours − theirs| / |theirs| of any step's loss.
  package let losses: Double
  package let gradientNorms: Double
  /// The largest difference of any element of the final adapter, relative to its tensor's largest element.
  package let adapter: Double
  /// The same over the decided elements alone.
  package let decidedAdapter: Double
  package let undecidedElementCount: Int
  package let elementCount: Int
  /// As `adapter`, of the gradients of the first steps, where the folder holds them.
  package let gradients: Double?

  package var isWithinLimits: Bool {
    losses <= Self.lossLimit && gradientNorms <= Self.gradientNormLimit && adapter <= Self.adapterLimit
  }
}

extension ParityReport {
  /// |ours − theirs| / |theirs|, the largest.
  static func largestDifference(_ ours: [Double], _ theirs: [Double]) -> Double {
    zip(ours, theirs).map { abs($0 - $1) / abs($1) }.max() ?? 0
  }

  /// The largest difference of any element that `isCounted`, relative to its tensor's largest. All in name order, of equal shapes.
  static func largestDifference(_ ours: [Tensor], _ theirs: [Tensor], isCounted: [[Bool]]? = nil) -> Double {
    var largest = 0.0
    for (index, (ours, theirs)) in zip(ours, theirs).enumerated() {
      let scale = largestMagnitude(theirs)
      for element in ours.values.indices where isCounted?[index][element] ?? true {
        let difference = abs(ours.values[element] - theirs.values[element])
        if difference > 0 { largest = max(largest, Double(difference / scale)) }
      }
    }
    return largest
  }

  /// For each element, whether the first gradient that its tensor has says where it goes.
  static func decided(_ shapes: [Tensor], gradients: [[Tensor]]) -> [[Bool]] {
    shapes.indices.map { index in
      guard let first = gradients.map({ $0[index] }).first(where: { largestMagnitude($0) > 0 }) else {
        return shapes[index].values.map { _ in true }
      }
      let limit = largestMagnitude(first) * undecidedGradient
      return first.values.map { abs($0) >= limit }
    }
  }

  private static func largestMagnitude(_ tensor: Tensor) -> Float { tensor.values.reduce(0) { max($0, abs($1)) } }
}
