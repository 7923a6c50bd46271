/// The three parts of a split dataset.
package enum Partition: String, CaseIterable, Hashable, Sendable {
  /// What trainers learn from.
  case train
  /// What early stopping and tuning may look at.
  case validation
  /// What only validators see.
  case holdout
}
