internal import Artifacts

/// Drops what holds text of the files that the Soul will be measured with. docs/curation.md, "decontaminate", is the contract.
struct DecontaminationStage: RecordStage {
  let name = StageName.decontaminate
  let rule: DecontaminationRule
  /// Nil where only the stage's name is wanted; `Curator` runs none without.
  let evaluations: EvaluationIndex?

  func judge(_ record: DatasetRecord) -> Verdict {
    guard let overlap = evaluations?.overlap(with: record.content) else { return .pass }
    let threshold = Double(rule.thresholdPPM) / 1_000_000
    let isContaminated = overlap.share >= threshold
    return Verdict(
      decision: isContaminated ? .drop(.evaluationText, measured: overlap.share, threshold: threshold) : .pass,
      measured: isContaminated ? nil : overlap.share, detail: .overlap(overlap))
  }
}

/// What counts as text of an evaluation record.
package struct DecontaminationRule: Hashable, Sendable {
  /// Words that must stand in a row (Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C: 13).
  package let wordsInRun: Int
  /// The share of an evaluation record's runs from which a record is dropped, in parts per million. At 0 one run is enough.
  package let thresholdPPM: Int

  package init(wordsInRun: Int = 13, thresholdPPM: Int = 0) {
    (self.wordsInRun, self.thresholdPPM) = (wordsInRun, thresholdPPM)
  }
}
