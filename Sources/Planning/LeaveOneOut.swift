internal import Artifacts

/// What groups of a candidate's training records are worth: the candidate as it is, and for each group the same trained again without it. The
/// actions of the recipe are its own, so that what a build has done is not done again; the others stand under `attribute/`.
///
/// Leave-one-out is the oldest of the ways to credit data (Cook, Technometrics 19(1), 1977), and needs a training for each group: others
/// estimate it. Here it repeats exactly. What it does not keep still is the order: fewer records come in another one.
package struct LeaveOneOut: Hashable, Sendable {
  package struct Group: Hashable, Sendable {
    /// Names the files whose records are left out.
    package let files: String
    package let leftOut: ActionID
    package let score: ActionID
  }

  /// In an order in which they can run.
  package let actions: [Action]
  /// The score with everything.
  package let whole: ActionID
  /// In the order asked for.
  package let groups: [Group]

  private static let prefix = "attribute/"

  /// Nil where the plan has no such candidate; they are counted from 1.
  package init?(of plan: Plan, target: String, dataset: String, candidate: Int, files patterns: [String]) {
    let name = "\(target).\(candidate)"
    whole = ActionID("score.\(name)")
    guard let training = plan[ActionID("train.\(name)")], let scoring = plan[whole] else { return nil }
    let train = InputReference.output(ActionID("split.\(dataset)"), Partition.train.rawValue)
    let ledger = InputReference.output(ActionID("curate.\(dataset)"), "ledger")
    var (added, groups): ([Action], [Group]) = ([], [])
    for (index, files) in patterns.enumerated() {
      func id(_ kind: ActionKind) -> ActionID { ActionID("\(Self.prefix)\(kind.rawValue).\(name).\(index + 1)") }
      added += [
        Action(id: id(.leaveOut), kind: .leaveOut, parameters: ["files": .string(files)], inputs: ["train": train, "ledger": ledger]),
        training.with(id: id(.train), inputs: ["train": .output(id(.leaveOut), "train"), "pace": train]),
        scoring.with(id: id(.score), inputs: ["candidate": .output(id(.train), "files")]),
      ]
      groups.append(Group(files: files, leftOut: id(.leaveOut), score: id(.score)))
    }
    self.groups = groups
    actions = Plan(actions: plan.actions + added, goals: [.train: [whole] + groups.map(\.score)]).actions(for: .train)
  }
}
