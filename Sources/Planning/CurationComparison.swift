internal import Artifacts

/// What curation is worth: one candidate of a recipe as it is, and the same trained on as many tokens of the same source uncurated. The actions of the
/// recipe are its own, so that what a build has done is not done again; the others stand under `report/`.
package struct CurationComparison: Hashable, Sendable {
  /// In an order in which they can run.
  package let actions: [Action]
  /// The scores on the holdout. Nil where a new model has no base.
  package let base: ActionID?
  package let curated: ActionID
  package let uncurated: ActionID
  package let sample: ActionID

  private static let prefix = "report/"

  /// Nil where the plan has no such candidate; they are counted from 1.
  package init?(of plan: Plan, target: String, dataset: String, candidate: Int) {
    let name = "\(target).\(candidate)"
    let (train, score) = (ActionID("train.\(name)"), ActionID("score.\(name)"))
    guard let training = plan[train], let scoring = plan[score], let curation = plan[ActionID("curate.\(dataset)")], let context = scoring.parameters["context"]
    else { return nil }
    let (pool, sample) = (ActionID("\(Self.prefix)curate.\(dataset)"), ActionID("\(Self.prefix)sample.\(name)"))
    let (twin, twinScore) = (ActionID("\(Self.prefix)train.\(name)"), ActionID("\(Self.prefix)score.\(name)"))
    let part = { (part: Partition) in InputReference.output(ActionID("split.\(dataset)"), part.rawValue) }
    let foundation = training.inputs.filter { ["base", "tokenizer"].contains($0.key) }
    let added = [
      curation.with(id: pool, parameters: ["stages": []]),
      Action(
        id: sample, kind: .sample, parameters: ["context": training.parameters["context"] ?? context, "salt": "soulpack"],
        inputs: foundation.merging(["pool": .output(pool, "dataset"), "train": part(.train), "holdout": part(.holdout)]) { own, _ in own }),
      training.with(id: twin, inputs: ["train": .output(sample, "train"), "pace": part(.train)]),
      scoring.with(id: twinScore, inputs: ["candidate": .output(twin, "files")]),
    ]
    let base = ActionID("score.base")
    self.base = plan[base] == nil ? nil : base
    (curated, uncurated, self.sample) = (score, twinScore, sample)
    let goals = [score, twinScore] + (self.base.map { [$0] } ?? [])
    actions = Plan(actions: plan.actions + added, goals: [.train: goals]).actions(for: .train)
  }
}
