/// What the validations of a run have come to so far: a function of their losses in their order, so that whoever has these knows where the run ended and
/// which state it kept.
package struct EarlyStopping: Hashable, Sendable {
  package struct Best: Hashable, Sendable {
    /// How many steps had been taken.
    package let step: Int
    /// As in `RecordScore.scaledLoss`, over all of the validation part.
    package let loss: Int64
  }

  private let patience: Int
  /// In the same units.
  private let minimumChange: Int64
  /// The least loss, and of several alike the first.
  package private(set) var best: Best?
  /// The loss at the last progress. Slow progress adds up: it is not always the best one's.
  private var lastProgress: Int64?
  /// Validations since then.
  package private(set) var waited = 0

  /// `tokenCount`: the supervised tokens of the validation part.
  package init(_ settings: ValidationSettings.Stopping, tokenCount: Int) {
    patience = settings.patience
    minimumChange = Int64((settings.minimumChange * RecordScore.unitsPerNat * Double(tokenCount)).rounded())
  }

  package var isOver: Bool { waited >= patience }

  package mutating func note(_ loss: Int64, step: Int) {
    if best.map({ loss < $0.loss }) ?? true { best = Best(step: step, loss: loss) }
    if lastProgress.map({ $0 - loss > minimumChange }) ?? true {
      lastProgress = loss
      waited = 0
    } else {
      waited += 1
    }
  }
}
