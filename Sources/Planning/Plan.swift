/// The graph of actions that a recipe means: a value that can be printed and tested. Making it touches neither disk nor clock.
package struct Plan: Hashable, Sendable {
  /// Each action stands after those it takes inputs from.
  package let actions: [Action]

  /// What each verb ends at: `curate`, `train`, `build`.
  package let goals: [Goal: [ActionID]]

  package enum Goal: String, CaseIterable, Sendable { case curate, train, build }

  package init(actions: [Action], goals: [Goal: [ActionID]]) {
    self.actions = actions
    self.goals = goals
  }

  package subscript(id: ActionID) -> Action? { actions.first { $0.id == id } }

  /// The sources that the given actions need, directly or through others, each once, in the order of the plan.
  package func sources(for actions: [Action]) -> [Source] {
    var seen: Set<Source> = []
    return actions.flatMap { $0.inputs.sorted { $0.key < $1.key } }.compactMap { input in
      guard case .source(let source) = input.value, seen.insert(source).inserted else { return nil }
      return source
    }
  }

  /// The actions that `goal` needs, in the order of the plan.
  package func actions(for goal: Goal) -> [Action] {
    var needed = Set(goals[goal] ?? [])
    for action in actions.reversed() where needed.contains(action.id) {
      for case .output(let producer, _) in action.inputs.values { needed.insert(producer) }
    }
    return actions.filter { needed.contains($0.id) }
  }
}
