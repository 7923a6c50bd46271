internal import Artifacts

/// What groups of a candidate's training records are worth: the candidate as it is, and for each group the same trained again without it. The
/// actions of the recipe are its own, so that what a build has done is not done again; the others stand under `attribute/`.
///
/// Leave-one-out is the oldest of the ways to credit data (Cook, Technometrics 19(1), 1977), and needs a training for each group: others
/// estimate it. Here it repeats exactly, and all else keeps still: what is left stands in the step in which it stood.
package struct LeaveOneOut: Hashable, Sendable {
  package struct Group: Hashable, Sendable {
    /// Names the files whose records are left out.
    package let files: String
    package let leftOut: ActionID
    package let score: ActionID
  }

  /// In an order in which they can run.
  package let actions: [Action]
  /// The training with everything, and the split that it learns from.
  package let training, split: ActionID
  /// The score with everything.
  package let whole: ActionID
  /// In the order asked for.
  package let groups: [Group]

  private static let prefix = "attribute/"

  /// Nil where the plan has no such candidate; they are counted from 1.
  package init?(of plan: Plan, target: String, dataset: String, candidate: Int, files patterns: [String]) {
    let name = "\(target).\(candidate)"
    (whole, self.training, split) = (ActionID("score.\(name)"), ActionID("train.\(name)"), ActionID("split.\(dataset)"))
    guard let training = plan[training], let scoring = plan[whole] else { return nil }
    let train = InputReference.output(split, Partition.train.rawValue)
    let ledger = InputReference.output(ActionID("curate.\(dataset)"), "ledger")
    var (added, groups): ([Action], [Group]) = ([], [])
    for (index, files) in patterns.enumerated() {
      func id(_ kind: ActionKind) -> ActionID { ActionID("\(Self.prefix)\(kind.rawValue).\(name).\(index + 1)") }
      added += [
        Action(id: id(.leaveOut), kind: .leaveOut, parameters: ["files": .string(files)], inputs: ["train": train, "ledger": ledger]),
        training.with(id: id(.train), inputs: ["rest": .output(id(.leaveOut), "train")]),
        scoring.with(id: id(.score), inputs: ["candidate": .output(id(.train), "files")]),
      ]
      groups.append(Group(files: files, leftOut: id(.leaveOut), score: id(.score)))
    }
    self.groups = groups
    let all = plan.actions + added
    // Before a base is trained for hours: a pattern that names no group.
    let first = Plan(actions: all, goals: [.train: groups.map(\.leftOut)]).actions(for: .train)
    let others = Plan(actions: all, goals: [.train: [whole] + groups.map(\.score)]).actions(for: .train)
    actions = first + others.filter { !first.contains($0) }
  }
}
