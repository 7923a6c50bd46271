internal import Artifacts

/// Where two runs part, first things first.
package enum TraceDifference: Hashable, Sendable {
  /// Before the first step: `semantics`, `base`, `parameters`, `tokens`, `validation`, `plan` or `initialState`.
  case commitment(String)
  /// At a step, counted from 1: its loss, its gradient's norm, the state that it left, or that state's loss on the validation part.
  case step(Int, Quantity)
  /// One run goes on where the other ends, after so many steps.
  case length(Int)
  /// One run came to no finite number, and has no trace.
  case diverged

  package enum Quantity: String, Hashable, Sendable { case loss, norm, state, validation }
}

extension TrainingTrace {
  /// Nil where the two are one run.
  package func difference(from other: TrainingTrace) -> TraceDifference? {
    let (mine, theirs) = (commitments, other.commitments)
    if mine.semantics != theirs.semantics { return .commitment("semantics") }
    for (name, part) in Commitments.parts where part(mine) != part(theirs) { return .commitment(name) }
    guard let index = firstDifference(from: other) else { return nil }
    guard index < min(steps.count, other.steps.count) else { return .length(index) }
    let (step, otherStep) = (steps[index], other.steps[index])
    return .step(index + 1, step.firstDifference(from: otherStep))
  }

  /// The same, of one of which all steps but the last are known to be the other's: a run that is held against another as it goes asks this after each step.
  func lastDifference(from other: TrainingTrace) -> TraceDifference? {
    guard let step = steps.last else { return nil }
    guard steps.count <= other.steps.count else { return .length(other.steps.count) }
    let otherStep = other.steps[steps.count - 1]
    return step == otherStep ? nil : .step(steps.count, step.firstDifference(from: otherStep))
  }
}

extension TrainingTrace.Step {
  /// Of two that are not the same. A root that one of them alone has follows from the losses on the validation part: it is the last step.
  fileprivate func firstDifference(from other: Self) -> TraceDifference.Quantity {
    if lossNatsPerToken != other.lossNatsPerToken { return .loss }
    if gradientNorm != other.gradientNorm { return .norm }
    if let state, let others = other.state, state != others { return .state }
    return validation != other.validation ? .validation : .state
  }
}

extension TrainingTrace.Commitments {
  /// In the order in which one follows from the other.
  fileprivate static var parts: [(String, @Sendable (Self) -> Digest?)] {
    [
      ("base", { $0.base }), ("parameters", { $0.parameters }), ("tokens", { $0.tokens }), ("validation", { $0.validation }), ("plan", { $0.plan }),
      ("initialState", { $0.initialState }),
    ]
  }
}
