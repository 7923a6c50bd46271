/// What a schema cannot say: references that must resolve, values that must fit each other, and what this version does not have.
///
/// Works on whatever the schema check left standing, so that a slip in one block does not hide a slip in another.
struct RecipeRules {
  private let recipe: Setting
  private var errors: [RecipeError] = []

  static func errors(in recipe: Setting) -> [RecipeError] {
    var rules = RecipeRules(recipe: recipe)
    rules.checkBase()
    rules.checkRuns()
    for dataset in recipe["datasets"]?.members ?? [] { rules.check(dataset: dataset.setting) }
    rules.checkTargets()
    rules.checkSelection()
    rules.checkPermissions()
    return rules.errors
  }

  private init(recipe: Setting) { self.recipe = recipe }

  private mutating func note(_ problem: RecipeError.Problem, at place: Place?) {
    errors.append(RecipeError(problem, at: place ?? recipe.place))
  }

  private mutating func contradiction(_ text: String, hint: String? = nil, at place: Place?) {
    note(.contradiction(text, hint: hint), at: place)
  }

  // MARK: Base

  private mutating func checkBase() {
    guard let base = recipe["base"] else { return }
    if let path = base["path"], let text = path.text {
      if let scheme = remoteScheme(text) {
        note(.notInThisVersion(scheme, instead: "fetch the model and name its folder"), at: path.place)
      } else if text.hasSuffix(".soul") {
        note(.notInThisVersion("a Soul as base", instead: "name the recipe that makes it with \"recipe\""), at: path.place)
      }
    }
    if let model = base["new"] { check(newModel: model) }
  }

  private func remoteScheme(_ text: String) -> String? {
    text.firstRange(of: "://").map { String(text[..<$0.upperBound]) }
  }

  private mutating func check(newModel model: Setting) {
    if let hidden = model["hidden"]?.integer, let heads = model["heads"]?.integer {
      if !hidden.isMultiple(of: 2 * heads) {
        let text = "\"hidden\" \(hidden) does not give \(heads) heads of equal, even width"
        contradiction(text, hint: "a multiple of \(2 * heads)", at: model["hidden"]?.place)
      }
      if let shared = model["kv-heads"]?.integer, !heads.isMultiple(of: shared) {
        contradiction("\"kv-heads\" \(shared) does not divide \"heads\" \(heads)", at: model["kv-heads"]?.place)
      }
    }
  }

  // MARK: Datasets

  private mutating func check(dataset: Setting) {
    if let from = dataset["from"] { check(origin: from) }
    if let stages = dataset["curate"] { check(stages: stages.list) }
    guard let split = dataset["split"], let validation = split["validation"]?.percentage, let holdout = split["holdout"]?.percentage else { return }
    if validation.partsPerMillion + holdout.partsPerMillion >= Percentage.whole {
      let text = "validation \(validation) and holdout \(holdout) leave nothing to train on"
      contradiction(text, hint: "together they must stay under 100%", at: split["holdout"]?.place)
    }
  }

  private static let archiveSuffixes = [".zip", ".tar", ".tgz", ".gz", ".zst", ".xz", ".bz2", ".7z"]

  private mutating func check(origin: Setting) {
    if let run = origin["run"] { checkRun(run) }
    guard let path = origin.text else { return }
    if let scheme = remoteScheme(path) {
      note(.notInThisVersion(scheme, instead: "fetch the data and name its folder"), at: origin.place)
    } else if path.contains(where: { "*?[".contains($0) }) {
      contradiction("\"from\" takes a folder or file, found a pattern", hint: "name the folder in \"from\" and the pattern in \"files\"", at: origin.place)
    } else if let suffix = RecipeRules.archiveSuffixes.first(where: { path.lowercased().hasSuffix($0) }) {
      note(.notInThisVersion("from: a \(suffix) archive", instead: "unpack it, or let a run step do so"), at: origin.place)
    }
  }

  private mutating func check(stages: [Setting]) {
    var seen: Set<String> = []
    for stage in stages {
      guard let member = stage.members.first else { continue }
      if !seen.insert(member.key).inserted { contradiction("stage \"\(member.key)\" is given twice", hint: "keep one of the two", at: member.keyPlace) }
      let length = member.setting
      if let least = length["min-characters"]?.integer, let most = length["max-characters"]?.integer, least > most {
        contradiction("\"min-characters\" \(least) is more than \"max-characters\" \(most)", at: length["min-characters"]?.place)
      }
    }
  }

  // MARK: Run steps

  private mutating func checkRuns() {
    let runs = recipe["run"]?.sortedMembers ?? []
    for run in runs {
      for input in run.setting["inputs"]?.members ?? [] {
        if let producer = input.setting["run"] { checkRun(producer) }
      }
      check(command: run.setting)
    }
    checkCircles(runs)
  }

  private mutating func checkRun(_ reference: Setting) {
    let known = (recipe["run"]?.members ?? []).map(\.key)
    guard let name = reference.text, !known.contains(name) else { return }
    note(.unknownName(kind: "run step", name: name, known: known), at: reference.place)
  }

  private mutating func check(command run: Setting) {
    guard let command = run["command"], !command.list.isEmpty else { return }
    let inputs = (run["inputs"]?.members ?? []).map(\.key)
    var hasOutput = false
    for argument in command.list {
      for name in RunPlaceholder.names(in: argument.text ?? "") {
        if name == "output" {
          hasOutput = true
        } else if !name.hasPrefix("input.") {
          note(.unknownName(kind: "placeholder", name: "{\(name)}", known: ["{output}"] + inputs.map { "{input.\($0)}" }), at: argument.place)
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

  // MARK: Training

  private mutating func checkTargets() {
    if let datasets = recipe["datasets"], datasets.members.isEmpty { contradiction("a recipe needs a dataset", at: datasets.place) }
    guard let targets = recipe["train"] else { return }
    if targets.members.isEmpty { contradiction("a recipe needs a train target", at: targets.place) }
    for extra in targets.members.dropFirst() {
      note(.notInThisVersion("train.\(extra.key)", instead: "a recipe has one train target: give the other a recipe of its own"), at: extra.keyPlace)
    }
    for target in targets.members { check(target: target.setting) }
  }

  private mutating func check(target: Setting) {
    if let name = target["dataset"], let text = name.text { check(datasetNamed: text, at: name.place) }
    if let betas = target["optimizer"]?["betas"], betas.list.count > 2 {
      contradiction("\"betas\" needs two values, found \(betas.list.count)", at: betas.place)
    }
    if let targets = target["lora"]?["targets"], Set(targets.list.compactMap(\.text)).count < targets.list.count {
      contradiction("\"targets\" names a layer twice", at: targets.place)
    }
    checkMethod(of: target)
    checkContext(of: target)
    checkRepeats(of: target)
  }

  private mutating func check(datasetNamed name: String, at place: Place) {
    guard let datasets = recipe["datasets"]?.members else { return }
    guard let dataset = datasets.first(where: { $0.key == name })?.setting else {
      return note(.unknownName(kind: "dataset", name: name, known: datasets.map(\.key)), at: place)
    }
    guard let holdout = dataset["split"]?["holdout"], holdout.percentage?.partsPerMillion == 0 else { return }
    contradiction("dataset \"\(name)\" has no holdout, so no candidate could be scored", hint: "set \"holdout\" above 0%", at: holdout.place)
  }

  private mutating func checkMethod(of target: Setting) {
    guard let method = target["method"]?.text else { return }
    if method == "sft", let model = recipe["base"]?["new"] {
      contradiction("a new model has no weights to adapt: \"base.new\" needs \"method: full\"", at: target["method"]?.place ?? model.place)
    }
    guard method == "full" else { return }
    if let lora = target.members.first(where: { $0.key == "lora" }) {
      contradiction("\"lora\" has no meaning with \"method: full\"", hint: "remove it, or use \"method: sft\"", at: lora.keyPlace)
    }
    for candidate in target["candidates"]?.list ?? [] {
      for member in candidate.members where member.key.hasPrefix("lora.") {
        contradiction("\"\(member.key)\" has no meaning with \"method: full\"", at: member.keyPlace)
      }
    }
  }

  private mutating func checkContext(of target: Setting) {
    guard let context = target["context"], let tokens = context.integer, let most = recipe["base"]?["new"]?["context"]?.integer, tokens > most
    else { return }
    contradiction("\"context\" \(tokens) is more than the model's \(most) positions", at: context.place)
  }

  private mutating func checkRepeats(of target: Setting) {
    var seen: [CandidateSetting: Int] = [:]
    for (index, setting) in (target["candidates"]?.list ?? []).enumerated() {
      guard setting["seed"] != nil else { continue }
      let candidate = CandidateSetting(setting, in: target)
      if let first = seen[candidate] { contradiction("candidate \(index + 1) repeats candidate \(first)", at: setting.place) }
      seen[candidate] = seen[candidate] ?? index + 1
    }
  }

  // MARK: Selection and permissions

  private mutating func checkSelection() {
    guard let select = recipe["select"] else { return }
    if let rounds = select["rounds"], let count = rounds.integer, count > 1 { note(.notInThisVersion("rounds: \(count)", instead: nil), at: rounds.place) }
    guard let committee = select["committee"], let text = committee.text, text != "local" else { return }
    note(wordOrLater(text, known: "local", key: "committee"), at: committee.place)
  }

  private mutating func checkPermissions() {
    for entry in recipe["permissions"]?["run"]?["allow"]?.list ?? [] {
      guard let text = entry.text, text != "public" else { continue }
      note(wordOrLater(text, known: "public", key: "allow"), at: entry.place)
    }
  }

  /// A slip of the one word that is known, or something that only a later version has.
  private func wordOrLater(_ text: String, known: String, key: String) -> RecipeError.Problem {
    if Spelling.nearest(to: text, among: [known]) != nil { return .unknownWord(key: key, word: text, known: [known]) }
    return .notInThisVersion("\(key): \(text)", instead: "this version has \"\(known)\"")
  }
}
