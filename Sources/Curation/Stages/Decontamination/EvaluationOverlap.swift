/// How much of an evaluation record stands in a record.
package struct EvaluationOverlap: Hashable, Sendable {
  /// Of the evaluation record, in the file that was compared with.
  package let place: RecordPlace
  /// Runs of words that both have, and all that the evaluation record has; each run counts once.
  package let sharedRuns: Int
  package let runs: Int

  package init(place: RecordPlace, sharedRuns: Int, runs: Int) {
    (self.place, self.sharedRuns, self.runs) = (place, sharedRuns, runs)
  }

  /// Rounded to six decimals, and judged so.
  package var share: Double { (Double(sharedRuns) / Double(runs) * 1_000_000).rounded() / 1_000_000 }
}
