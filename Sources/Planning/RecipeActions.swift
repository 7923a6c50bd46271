internal import Artifacts
internal import Licensing
internal import Recipes

/// The actions of one recipe: their names, inputs and parameters.
struct RecipeActions {
  let recipe: Recipe
  /// Stands before every id: `base/` for the recipe that makes the base.
  let prefix: String
  /// Where a base that another recipe makes comes from.
  let base: InputReference?
  let consent: Consent

  /// A candidate of one of the targets.
  private struct Contender {
    let target: TrainTarget
    /// Within the target.
    let number: Int
    let setting: CandidateSetting

    var name: String { "\(target.name).\(number)" }
  }

  /// All that are chosen from. Where each stands here is its number in the selection, from 1.
  private var contenders: [Contender] {
    recipe.targets.flatMap { target in
      target.candidates.enumerated().map { Contender(target: target, number: $0 + 1, setting: $1) }
    }
  }

  private var numbered: [(number: Int, contender: Contender)] { contenders.enumerated().map { ($0 + 1, $1) } }

  /// What all targets share: the recipe's rules see to it.
  private var shared: TrainTarget {
    guard let target = recipe.targets.first else { preconditionFailure("a recipe that trains nothing") }
    return target
  }

  private func id(_ kind: ActionKind, _ parts: String...) -> ActionID {
    ActionID(prefix + ([kind.rawValue] + parts).joined(separator: "."))
  }

  private func output(_ kind: ActionKind, _ name: String, _ output: String) -> InputReference { .output(id(kind, name), output) }
  private func split(_ part: Partition) -> InputReference { output(.split, shared.dataset, part.rawValue) }

  /// Every action up to the selection, each after those it needs.
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

  /// Without those that were retracted.
  private var datasets: [Dataset] { recipe.datasets.filter(consent.allows) }

  var curations: [Action] {
    datasets.map { dataset in
      let source: InputReference =
        switch dataset.origin {
        case .path(let path): .source(Source(kind: .fileOrFolder, path: path))
        case .run(let name): output(.run, name, "files")
        }
      let inputs = consent.inputs.merging(dataset.decontamination?.inputs ?? [:]) { own, _ in own }.merging(["source": source]) { _, own in own }
      return Action(id: id(.curate, dataset.name), kind: .curate, parameters: dataset.curationParameters, inputs: inputs)
    }
  }

  private var splits: [Action] {
    datasets.map { dataset in
      Action(
        id: id(.split, dataset.name), kind: .split, parameters: dataset.split.parameters,
        inputs: ["dataset": output(.curate, dataset.name, "dataset")])
    }
  }

  // MARK: Training

  /// What training starts from: `base` or, for a new model, `tokenizer`.
  private var foundation: [String: InputReference] {
    switch recipe.base {
    case .path(let path): return ["base": .source(Source(kind: .modelFolder, path: path))]
    case .hub(let model): return ["base": .source(Source(kind: .hubModel, path: model.description))]
    case .soul(let path): return ["base": .source(Source(kind: .soulModel, path: path))]
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
    contenders.map { contender in
      var inputs = foundation
      inputs["train"] = split(.train)
      if case .command(_, let programs) = contender.target.substrate {
        inputs["validation"] = split(.validation)
        for (name, input) in programs { inputs["program.\(name)"] = reference(input) }
      }
      if contender.target.validation != nil { inputs["validation"] = split(.validation) }
      let parameters = contender.target.parameters(for: contender.setting, base: recipe.base)
      return Action(id: id(.train, contender.name), kind: .train, parameters: parameters, inputs: inputs)
    }
  }

  /// All are measured on the same tokens: as much of each record as the longest context of any target holds.
  private var scores: [Action] {
    let context = longestContext
    let score = { (name: String, subject: JSONValue, inputs: [String: InputReference]) in
      let parameters: JSONValue = ["subject": subject, "context": .integer(context)]
      return Action(id: id(.score, name), kind: .score, parameters: parameters, inputs: inputs.merging(["holdout": split(.holdout)]) { own, _ in own })
    }
    let base = foundation.filter { $0.key == "base" }
    let incumbent = hasIncumbent ? [score("base", "base", base)] : []
    return incumbent
      + contenders.map { contender in
        let files = ["candidate": output(.train, contender.name, "files")]
        return isAdapter
          ? score(contender.name, "adapter", files.merging(base) { own, _ in own }) : score(contender.name, "model", files)
      }
  }

  private var isAdapter: Bool { shared.method != .full }

  /// A new model has no base to be measured against.
  private var hasIncumbent: Bool {
    if case .new = recipe.base { false } else { true }
  }

  private var scoreInputs: [String: InputReference] {
    var inputs = candidateInputs("score", of: .score, "score")
    if hasIncumbent { inputs["score.0"] = output(.score, "base", "score") }
    return inputs
  }

  /// `NAME.1`, … for what each contender's action of that kind gives.
  private func candidateInputs(_ name: String, of kind: ActionKind, _ output: String) -> [String: InputReference] {
    Dictionary(uniqueKeysWithValues: numbered.map { ("\(name).\($0)", self.output(kind, $1.name, output)) })
  }

  var selection: Action {
    var inputs = scoreInputs
    inputs.merge(candidateInputs("candidate", of: .train, "files")) { own, _ in own }
    inputs.merge(candidateInputs("trace", of: .train, "trace")) { own, _ in own }
    let parameters = recipe.selection.parameters(candidates: contenders.count, hasIncumbent: hasIncumbent)
    return Action(id: id(.select), kind: .select, parameters: parameters, inputs: inputs)
  }

  /// Nil where the recipe asks for nothing.
  var gate: Action? {
    guard !recipe.gates.isEmpty else { return nil }
    var inputs = scoreInputs
    inputs["decision"] = .output(id(.select), "decision")
    inputs.merge(canaryInputs) { own, _ in own }
    let gates = recipe.gates.map { $0.parameters(context: longestContext, subject: isAdapter ? "adapter" : "model") }
    return Action(id: id(.gate), kind: .gate, parameters: ["gates": .array(gates)], inputs: inputs)
  }

  /// What is listened to, and for what: none where no gate asks for it.
  private var canaryInputs: [String: InputReference] {
    for case .canaries(let rule) in recipe.gates {
      var inputs = foundation.filter { $0.key == "base" }
      inputs["winner"] = .output(id(.select), "winner")
      inputs["train"] = split(.train)
      inputs["canaries"] = rule.file.map { .source(Source(kind: .file, path: $0)) }
      return inputs
    }
    return [:]
  }

  private var longestContext: Int64 { recipe.targets.map(\.context).max() ?? shared.context }

  // MARK: The Soul

  /// The one action whose parameters hold names and paths: they belong in the archive, and changing them retrains nothing.
  /// `origin`: the base at the end of the chain.
  func seal(bases: [JSONValue], origin: Base) -> Action {
    var inputs = scoreInputs.merging(foundation) { first, _ in first }
    switch origin {
    case .hub(let model): inputs["base-origin"] = .source(Source(kind: .hubOrigin, path: model.description))
    case .soul(let path): inputs["base-origin"] = .source(Source(kind: .soulOrigin, path: path))
    case .path(let path): inputs["base-origin"] = .source(Source(kind: .modelFolderOrigin, path: path))
    case .recipe, .new: break
    }
    inputs.merge(candidateInputs("trace", of: .train, "trace")) { own, _ in own }
    for output in ["dataset", "ledger"] { inputs[output] = self.output(.curate, shared.dataset, output) }
    for part in Partition.allCases { inputs[part.rawValue] = split(part) }
    for output in ["decision", "winner"] { inputs[output] = .output(id(.select), output) }
    if let gate { inputs["gates"] = .output(gate.id, "gates") }
    inputs["contributions"] = recipe.contributions.map { .source(Source(kind: .file, path: $0)) }
    return Action(id: id(.seal), kind: .seal, parameters: sealParameters(bases: bases), inputs: inputs)
  }

  private func sealParameters(bases: [JSONValue]) -> JSONValue {
    let terms = recipe.dataset(shared.dataset)?.terms?.standard
    return [
      "recipe": recipe.normalised, "bases": .array(bases), "overrides": .array(recipe.overrides.map { .string($0) }),
      "dataset": .string(shared.dataset), "terms": terms.map { .string($0.expression) } ?? .null,
      "candidates": .array(contenders.map { ["target": .string($0.target.name), "number": .integer(Int64($0.number))] }),
      "component": isAdapter ? "adapter" : "model", "lease-seconds": .integer(recipe.permissions.lease.seconds),
    ]
  }
}

extension RunStep {
  fileprivate var needs: [String] {
    inputs.values.compactMap { input in
      if case .run(let name) = input { name } else { nil }
    }
  }
}
