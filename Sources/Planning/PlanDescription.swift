package import Artifacts

extension Plan: CustomStringConvertible {
  /// For people: a line for each action, `ID  NAME=WHERE …`, in the order of the plan.
  package var description: String {
    let width = actions.map { $0.id.name.count }.max() ?? 0
    return actions.map { action in
      let inputs = action.inputs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      return ([action.id.name + String(repeating: " ", count: width - action.id.name.count)] + inputs).joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// For programs, `soulpack.plan/1`.
  package var json: JSONValue {
    let goals = goals.map { ($0.key.rawValue, JSONValue.array($0.value.map { .string($0.name) })) }
    return [
      "schema": "soulpack.plan/1", "actions": .array(actions.map(\.json)),
      "goals": .object(Dictionary(goals, uniquingKeysWith: { first, _ in first })),
    ]
  }
}

extension Action {
  package var json: JSONValue {
    [
      "id": .string(id.name), "kind": .string(kind.rawValue), "semantics": .integer(kind.semantics), "parameters": parameters,
      "inputs": .object(inputs.mapValues(\.json)),
    ]
  }
}

extension InputReference: CustomStringConvertible {
  /// `datasets/letters`, or `curate.letters:dataset`.
  package var description: String {
    switch self {
    case .source(let source): source.path
    case .output(let action, let name): "\(action):\(name)"
    }
  }

  package var json: JSONValue {
    switch self {
    case .source(let source): ["kind": .string(source.kind.rawValue), "path": .string(source.path)]
    case .output(let action, let name): ["action": .string(action.name), "output": .string(name)]
    }
  }
}
