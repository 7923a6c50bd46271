/// When a training saves its state in passing: often enough that a kill costs little, seldom enough that saving does.
///
/// A state of a compact model is written in a hundredth of a second, one of a billion numbers in many: what a save took decides how long the next
/// one waits, counted from its end.
package struct CheckpointPace: Sendable {
  /// How much work a kill can cost where saving is cheap.
  private static let least = Duration.seconds(5)
  /// Saving takes a fiftieth of the time at the most.
  private static let timesItsCost = 50

  private var due: ContinuousClock.Instant

  package init(from start: ContinuousClock.Instant) { due = start + Self.least }

  package func isDue(at now: ContinuousClock.Instant) -> Bool { now > due }

  package mutating func saved(from began: ContinuousClock.Instant, to ended: ContinuousClock.Instant) {
    due = ended + max(Self.least, (ended - began) * Self.timesItsCost)
  }
}
