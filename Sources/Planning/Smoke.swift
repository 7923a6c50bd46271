internal import Artifacts

/// A smoke build goes the whole way of a recipe in minutes: does everything fit together? What it gives is not what the recipe means, so it is said in
/// every action whose output would be another: their keys differ, and no smoke result is ever taken for a real one.
extension Plan {
  /// At most this many steps in a training.
  package static let smokeStepLimit = 8
  /// At most this many records of the holdout in a score.
  package static let smokeRecordLimit = 16

  package var asSmoke: Plan {
    Plan(actions: actions.map { $0.kind.differsInSmoke ? $0.asSmoke : $0 }, goals: goals)
  }
}

extension Action {
  package var isSmoke: Bool { parameters["smoke"]?.bool == true }

  fileprivate var asSmoke: Action {
    guard case .object(let members) = parameters else { preconditionFailure("the parameters of an action are an object") }
    return Action(id: id, kind: kind, parameters: .object(members.merging(["smoke": true]) { _, smoke in smoke }), inputs: inputs)
  }
}

extension ActionKind {
  /// Data is prepared as always: it is quick, and a smoke build shall meet the real records.
  fileprivate var differsInSmoke: Bool {
    switch self {
    case .run, .curate, .split, .sample, .leaveOut, .tokenizer: false
    case .train, .score, .select, .gate, .seal: true
    }
  }
}
