internal import CKernels

/// The loss of a model that knows nothing: each token of the vocabulary alike.
package enum UniformLoss {
  /// round(ln(size)·2²⁰), in the units of `Score.scaledLoss` for one token.
  package static func scaled(vocabularySize: Int64) -> Int64 {
    Int64((ck_log64(Double(vocabularySize)) * RecordScore.unitsPerNat).rounded())
  }
}
