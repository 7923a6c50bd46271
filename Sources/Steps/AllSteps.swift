package import Planning
package import Running

/// The step for each kind of action.
package func allSteps(
  approve: @escaping RunStep.Approval, changedSources: @escaping RunStep.ChangedSources, showLastWords: @escaping RunStep.LastWords
) -> [ActionKind: any Step] {
  Dictionary(
    uniqueKeysWithValues: ActionKind.allCases.map { kind in
      let step: any Step =
        switch kind {
        case .run: RunStep(approve: approve, changedSources: changedSources, showLastWords: showLastWords)
        case .curate: CurateStep()
        case .split: SplitStep()
        case .tokenizer: TokenizerStep()
        case .train: TrainStep()
        case .score: ScoreStep()
        case .select: SelectStep()
        case .gate: GateStep()
        case .seal: SealStep()
        }
      return (kind, step)
    })
}
