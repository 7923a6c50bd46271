package import Planning
package import Running

/// The step for each kind of action.
package func allSteps(
  approve: @escaping Supervision.Approval, changedSources: @escaping Supervision.ChangedSources, showLastWords: @escaping Supervision.LastWords
) -> [ActionKind: any Step] {
  let supervision = Supervision(approve: approve, changedSources: changedSources, showLastWords: showLastWords)
  return Dictionary(
    uniqueKeysWithValues: ActionKind.allCases.map { kind in
      let step: any Step =
        switch kind {
        case .run: RunStep(supervision: supervision)
        case .curate: CurateStep()
        case .split: SplitStep()
        case .sample: SampleStep()
        case .leaveOut: LeaveOutStep()
        case .tokenizer: TokenizerStep()
        case .train: TrainStep(supervision: supervision)
        case .score: ScoreStep()
        case .select: SelectStep()
        case .gate: GateStep()
        case .seal: SealStep()
        }
      return (kind, step)
    })
}
