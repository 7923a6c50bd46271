internal import Artifacts
internal import Engine
internal import Explaining
internal import Packaging

/// Why a training cannot be done again here, before anything was trained.
struct CannotReproduce: ExplainedError {
  enum Problem {
    case label(SoulManifest.Training.Label)
    /// The archive does not say enough.
    case unrecorded
    /// `recipe.json` is not the one that soul.json names.
    case otherRecipe
    case semantics(String)
    /// A base of a hub is named by a branch or tag, and the archive does not say at which commit.
    case noCommit(String)
    case missing([String], root: String, contact: String?)
    case noStep(Int, of: Int)
    /// The state that a step begins from is needed, and is not in the archive.
    case closed(step: Int, opening: Int, contact: String?)
    /// A state was given for a step that begins from the start.
    case needless(step: Int)
    case opened(String)
    case occupied(String)
    /// A Soul here that its base comes from.
    case base(any ExplainedError)
    case unwritable(String)
  }

  let problem: Problem

  init(_ problem: Problem) { self.problem = problem }

  var isOfAnotherRecipe: Bool { if case .otherRecipe = problem { true } else { false } }

  var message: String {
    switch problem {
    case .label(let label): "its training is labelled \(label.rawValue), and not reproducible: there is nothing that its bytes could be held against"
    case .unrecorded: "the archive does not say how its files were trained: its recipe, its trace or the chosen candidate is not in it"
    case .otherRecipe: "the archive's recipe.json is not the recipe that its soul.json names"
    case .semantics(let version): "it was trained by engine semantics \(version), and this soulpack computes by \(EngineSemantics.version)"
    case .noCommit(let path): "\(path): the archive does not say which commit of it was the base"
    case .missing(let paths, let root, _): "\(paths.joined(separator: ", ")): not there, and needed (looked for in \(root))"
    case .noStep(let step, let count): "the training has \(count) steps, and no step \(step)"
    case .closed(let step, let opening, _): "step \(step) is checked from the state after step \(opening), which is not in the archive"
    case .needless(let step): "step \(step) is checked from the training's own start, and takes no --state"
    case .opened(let reason): reason
    case .occupied(let path): "\(path) is there already"
    case .base(let error): error.message
    case .unwritable(let folder): "\(folder): there is no such folder, or nothing can be written there"
    }
  }

  var hint: String? {
    switch problem {
    case .label: "the engine inside soulpack gives reproducible training; a command's is opaque"
    case .unrecorded: nil
    case .otherRecipe: "somebody changed one of the two: ask whoever made it"
    case .semantics: "take the release of soulpack that made it: CHANGELOG.md says which has which"
    case .missing(_, _, let contact):
      "go to a clone of the project that made it (-C), or ask for its data" + (contact.map { ": \($0)" } ?? "") + "; `soulpack pull` lays data in place"
    case .noCommit: "its lineage.json names none: ask whoever made it"
    case .noStep: nil
    case .closed(let step, _, let contact):
      "whoever can do the training makes it by `soulpack reproduce … --open \(step) --to FILE`" + (contact.map { ": ask \($0)" } ?? "")
        + "; give it by --state. Steps 1 to \(TrainingTrace.stateInterval) take none"
    case .needless(let step): "leave --state away: soulpack reproduce … --step \(step)"
    case .opened: "ask for the state again: only the one whose root is in the archive's training.json is of use"
    case .occupied: "name a file that is not there"
    case .base(let error): error.hint
    case .unwritable: "name a file in a folder of yours"
    }
  }
}
