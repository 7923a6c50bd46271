/// What must hold for run steps, one by one and together.
extension RecipeRules {
  mutating func checkRuns() {
    let runs = recipe["run"]?.sortedMembers ?? []
    for run in runs {
      check(inputsOf: run.setting)
      check(command: run.setting, mayWrite: true)
    }
    checkCircles(runs)
  }

  mutating func check(inputsOf command: Setting) {
    for input in command["inputs"]?.members ?? [] {
      if let producer = input.setting["run"] { checkRun(producer) }
    }
  }

  mutating func checkRun(_ reference: Setting) {
    let known = (recipe["run"]?.members ?? []).map(\.key)
    guard let name = reference.text, !known.contains(name) else { return }
    note(.unknownName(kind: "run step", name: name, known: known), at: reference.place)
  }

  /// `mayWrite`: the command is given `{output}`, a folder of its own, and must use it.
  mutating func check(command run: Setting, mayWrite: Bool) {
    guard let command = run["command"], !command.list.isEmpty else { return }
    let inputs = (run["inputs"]?.members ?? []).map(\.key)
    var hasOutput = !mayWrite
    for argument in command.list {
      for name in RunPlaceholder.names(in: argument.text ?? "") {
        if name == "output", mayWrite {
          hasOutput = true
        } else if !name.hasPrefix("input.") {
          note(.unknownName(kind: "placeholder", name: "{\(name)}", known: (mayWrite ? ["{output}"] : []) + inputs.map { "{input.\($0)}" }), at: argument.place)
        } else if !inputs.contains(String(name.dropFirst(6))) {
          note(.unknownName(kind: "input", name: String(name.dropFirst(6)), known: inputs), at: argument.place)
        }
      }
    }
    guard !hasOutput else { return }
    contradiction("the command is not told where to write", hint: "give it \"{output}\", the folder of its results", at: command.place)
  }

  /// One error for each circle, at the first of its names.
  private mutating func checkCircles(_ runs: [Setting.Member]) {
    let needs = Dictionary(
      runs.map { run in (run.key, (run.setting["inputs"]?.sortedMembers ?? []).compactMap { $0.setting["run"]?.text }) },
      uniquingKeysWith: { first, _ in first })
    var told: Set<String> = []
    for run in runs where !told.contains(run.key) {
      guard let circle = circle(through: run.key, needs) else { continue }
      told.formUnion(circle)
      note(.cycle(kind: "run steps", names: circle), at: run.keyPlace)
    }
  }

  private func circle(through start: String, _ needs: [String: [String]]) -> [String]? {
    var paths = [[start]]
    var seen: Set<String> = []
    while let path = paths.popLast() {
      for next in needs[path[path.count - 1]] ?? [] {
        if next == start { return path + [start] }
        if seen.insert(next).inserted { paths.append(path + [next]) }
      }
    }
    return nil
  }
}
