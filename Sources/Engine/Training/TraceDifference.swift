internal import Artifacts

/// Where two runs part, first things first.
package enum TraceDifference: Hashable, Sendable {
  /// Before the first step: `semantics`, `base`, `parameters`, `tokens`, `plan` or `initialState`.
  case commitment(String)
  /// At a step, counted from 1: its loss, its gradient's norm, or the state that it left.
  case step(Int, Quantity)
  /// One run goes on where the other ends, after so many steps.
  case length(Int)
  /// One run came to no finite number, and has no trace.
  case diverged

  package enum Quantity: String, Hashable, Sendable { case loss, norm, state }
}

extension TrainingTrace {
  /// Nil where the two are one run.
  package func difference(from other: TrainingTrace) -> TraceDifference? {
    let (mine, theirs) = (commitments, other.commitments)
    if mine.semantics != theirs.semantics { return .commitment("semantics") }
    for (name, part) in Commitments.parts where mine[keyPath: part] != theirs[keyPath: part] { return .commitment(name) }
    guard let index = firstDifference(from: other) else { return nil }
    guard index < min(steps.count, other.steps.count) else { return .length(index) }
    let (step, otherStep) = (steps[index], other.steps[index])
    let quantity: TraceDifference.Quantity =
      step.lossNatsPerToken != otherStep.lossNatsPerToken ? .loss : step.gradientNorm != otherStep.gradientNorm ? .norm : .state
    return .step(index + 1, quantity)
  }
}

extension TrainingTrace.Commitments {
  /// In the order in which one follows from the other.
  fileprivate static var parts: [(String, KeyPath<Self, Digest>)] {
    [("base", \.base), ("parameters", \.parameters), ("tokens", \.tokens), ("plan", \.plan), ("initialState", \.initialState)]
  }
}
