package import Foundation

/// A step of somebody's run can be checked without the steps before it, from the last state that the run's trace commits to: a state that is
/// opened is believed where it has that root.
extension TrainingTrace {
  /// How many steps stand before the state from which `step`, counted from 1, is checked. 0: the initial state, which everybody can make.
  package static func opening(before step: Int) -> Int { (step - 1) / stateInterval * stateInterval }

  /// The run's first steps.
  package func prefix(_ count: Int) -> TrainingTrace { TrainingTrace(commitments: commitments, steps: Array(steps.prefix(count))) }
}

extension Trainer {
  /// Takes the steps of `claimed` from its last committed state up to `step`, and says where they part. Nil: they do not.
  ///
  /// - Parameters:
  ///   - step: counted from 1, and one of the claimed ones.
  ///   - opened: the state after `TrainingTrace.opening(before: step)` steps; nil where that is 0. Throws where it is not the one committed to.
  package func difference(
    atStep step: Int, of claimed: TrainingTrace, opened: Data?, report: (StepReport) -> Void = { _ in }
  ) throws(TrainingError) -> TraceDifference? {
    if let before = trace.difference(from: claimed.prefix(0)) { return before }
    if let other = otherLength(than: claimed) ?? misplacedValidation(in: claimed) { return other }
    if let opened { try restore(opened, after: TrainingTrace.opening(before: step), of: claimed) }
    return try difference(upTo: step, of: claimed, report: report)
  }

  /// Takes steps until `count` are done. What is left behind is, where nothing parts, a state to open: `checkpoint`.
  package func difference(
    upTo count: Int, of claimed: TrainingTrace, report: (StepReport) -> Void = { _ in }
  ) throws(TrainingError) -> TraceDifference? {
    if let before = trace.difference(from: claimed.prefix(completedSteps)) { return before }
    // A trace that was cut short or padded holds no step that is wrong.
    if let other = otherLength(than: claimed) ?? misplacedValidation(in: claimed) { return other }
    while completedSteps < count || isValidationDue {
      do {
        if isValidationDue { _ = try validate() } else { report(try step()) }
      } catch {
        guard case .notFinite = error else { throw error }
        return .diverged
      }
      // A step is whole when its validation is there.
      if !isValidationDue, let here = trace.lastDifference(from: claimed) { return here }
    }
    return nil
  }

  /// The first step that says a loss on the validation part where none is measured, or none where one is: also among those that are not taken again.
  private func misplacedValidation(in claimed: TrainingTrace) -> TraceDifference? {
    let isMisplaced = { (index: Int) in (claimed.steps[index].validation != nil) != (self.validation?.isDue(after: index + 1) ?? false) }
    return claimed.steps.indices.first(where: isMisplaced).map { .step($0 + 1, .validation) }
  }

  private func otherLength(than claimed: TrainingTrace) -> TraceDifference? {
    let length = validation?.length(of: claimed.steps) ?? totalSteps
    return claimed.steps.count == length ? nil : .length(min(claimed.steps.count, length))
  }
}
