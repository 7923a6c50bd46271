internal import Artifacts
internal import Recipes

/// The actions of one recipe: their names, inputs and parameters.
struct RecipeActions {
  let recipe: Recipe
  /// Stands before every id: `base/` for the recipe that makes the base.
  let prefix: String
  /// Where a base that another recipe makes comes from.
  let base: InputReference?

  private var target: TrainTarget { recipe.train }
  private var numbers: ClosedRange<Int> { 1...target.candidates.count }

  private func id(_ kind: ActionKind, _ parts: String...) -> ActionID {
    ActionID(prefix + ([kind.rawValue] + parts).joined(separator: "."))
  }

  private func output(_ kind: ActionKind, _ name: String, _ output: String) -> InputReference { .output(id(kind, name), output) }
  private func split(_ part: Partition) -> InputReference { output(.split, target.dataset, part.rawValue) }
  private func candidate(_ number: Int, _ name: String) -> InputReference { .output(id(.train, target.name, "\(number)"), name) }
  private func score(_ number: Int) -> InputReference { .output(id(.score, target.name, "\(number)"), "score") }

  /// Every action but the seal, each after those it needs.
  var upToSelection: [Action] { runs + curations + splits + tokenizers + trainings + scores + [selection] }

  // MARK: Data

  /// In the order of need, by name within it. The recipe's rules let no circle through.
  private var runs: [Action] {
    var done: Set<String> = []
    var ordered: [RunStep] = []
    while let next = recipe.runs.first(where: { !done.contains($0.name) && $0.needs.allSatisfy(done.contains) }) {
      done.insert(next.name)
      ordered.append(next)
    }
    precondition(ordered.count == recipe.runs.count, "run steps in a circle")
    return ordered.map { run in
      Action(
        id: id(.run, run.name), kind: .run, parameters: ["command": .array(run.command.map { .string($0) })],
        inputs: run.inputs.mapValues(reference))
    }
  }

  private func reference(_ input: RunStep.Input) -> InputReference {
    switch input {
    case .file(let path): .source(Source(kind: .file, path: path))
    case .folder(let path): .source(Source(kind: .folder, path: path))
    case .run(let name): output(.run, name, "files")
    }
  }

  var curations: [Action] {
    recipe.datasets.map { dataset in
      let source: InputReference =
        switch dataset.origin {
        case .path(let path): .source(Source(kind: .fileOrFolder, path: path))
        case .run(let name): output(.run, name, "files")
        }
      return Action(id: id(.curate, dataset.name), kind: .curate, parameters: dataset.curationParameters, inputs: ["source": source])
    }
  }

  private var splits: [Action] {
    recipe.datasets.map { dataset in
      Action(
        id: id(.split, dataset.name), kind: .split, parameters: dataset.split.parameters,
        inputs: ["dataset": output(.curate, dataset.name, "dataset")])
    }
  }

  // MARK: Training

  /// What training starts from: `base` or, for a new model, `tokenizer`.
  private var foundation: [String: InputReference] {
    switch recipe.base {
    case .path(let path): return ["base": .source(Source(kind: .folder, path: path))]
    case .recipe:
      guard let base else { preconditionFailure("a base recipe is planned before what needs it") }
      return ["base": base]
    case .new: return ["tokenizer": .output(id(.tokenizer), "tokenizer")]
    }
  }

  private var tokenizers: [Action] {
    guard case .new(let model) = recipe.base else { return [] }
    return [Action(id: id(.tokenizer), kind: .tokenizer, parameters: model.tokenizerParameters, inputs: ["train": split(.train)])]
  }

  private var trainings: [Action] {
    zip(numbers, target.candidates).map { number, candidate in
      Action(
        id: id(.train, target.name, "\(number)"), kind: .train, parameters: target.parameters(for: candidate, base: recipe.base),
        inputs: foundation.merging(["train": split(.train)]) { first, _ in first })
    }
  }

  private var scores: [Action] {
    let scored = (hasIncumbent ? [0] : []) + numbers
    return scored.map { number in
      var inputs = ["holdout": split(.holdout)]
      if number == 0 || isAdapter { inputs["base"] = foundation["base"] }
      if number > 0 { inputs["candidate"] = candidate(number, "files") }
      let subject: JSONValue = number == 0 ? "base" : isAdapter ? "adapter" : "model"
      return Action(
        id: id(.score, target.name, "\(number)"), kind: .score, parameters: ["subject": subject, "context": .integer(target.context)],
        inputs: inputs)
    }
  }

  private var isAdapter: Bool { target.method != .full }

  /// A new model has no base to be measured against.
  private var hasIncumbent: Bool {
    if case .new = recipe.base { false } else { true }
  }

  private var scoreInputs: [String: InputReference] {
    let scored = (hasIncumbent ? [0] : []) + numbers
    return Dictionary(uniqueKeysWithValues: scored.map { ("score.\($0)", score($0)) })
  }

  var selection: Action {
    let candidates = numbers.map { ("candidate.\($0)", candidate($0, "files")) }
    return Action(
      id: id(.select, target.name), kind: .select,
      parameters: recipe.selection.parameters(candidates: target.candidates.count, hasIncumbent: hasIncumbent),
      inputs: scoreInputs.merging(candidates) { first, _ in first })
  }

  // MARK: The Soul

  /// The one action whose parameters hold names and paths: they belong in the archive, and changing them retrains nothing.
  func seal(bases: [JSONValue]) -> Action {
    var inputs = scoreInputs.merging(foundation) { first, _ in first }
    for output in ["dataset", "ledger"] { inputs[output] = self.output(.curate, target.dataset, output) }
    for part in Partition.allCases { inputs[part.rawValue] = split(part) }
    for output in ["decision", "winner"] { inputs[output] = self.output(.select, target.name, output) }
    for number in numbers { inputs["trace.\(number)"] = candidate(number, "trace") }
    return Action(
      id: id(.seal), kind: .seal,
      parameters: [
        "recipe": recipe.normalised, "bases": .array(bases), "overrides": .array(recipe.overrides.map { .string($0) }),
        "dataset": .string(target.dataset), "target": .string(target.name), "component": isAdapter ? "adapter" : "model",
        "lease-seconds": .integer(recipe.permissions.lease.seconds),
      ],
      inputs: inputs)
  }
}

extension RunStep {
  fileprivate var needs: [String] {
    inputs.values.compactMap { input in
      if case .run(let name) = input { name } else { nil }
    }
  }
}
