internal import Artifacts
internal import Licensing

/// From settings that the schema and the rules found in order to the values the other rooms use. Nothing here can fail: where a value is
/// missing, the schema and this file disagree, which is a defect of ours.

extension Setting {
  fileprivate func needed(_ key: String) -> Setting {
    guard let setting = self[key] else { preconditionFailure("the schema lets \"\(key)\" be missing") }
    return setting
  }

  private func value<T>(_ key: String, _ read: (Setting) -> T?) -> T {
    guard let value = read(needed(key)) else { preconditionFailure("the schema gives \"\(key)\" another type") }
    return value
  }

  fileprivate func text(_ key: String) -> String { value(key, \.text) }
  fileprivate func integer(_ key: String) -> Int64 { value(key, \.integer) }
  fileprivate func decimal(_ key: String) -> DecimalNumber { value(key, \.decimal) }
  fileprivate func percentage(_ key: String) -> Percentage { value(key, \.percentage) }
  fileprivate func ratio(_ key: String) -> Ratio { value(key, \.ratio) }
  fileprivate func period(_ key: String) -> Period { value(key, \.period) }
  fileprivate func boolean(_ key: String) -> Bool { value(key, \.boolean) }
  fileprivate func texts(_ key: String) -> [String] { needed(key).list.compactMap(\.text) }
}

extension Recipe {
  init(_ recipe: Setting, path: String, overrides: [String]) {
    let terms = RecipeTerms(recipe)
    self.init(
      path: path, soul: recipe.text("soul"), version: recipe.text("version"), intent: recipe.text("intent"),
      description: recipe.text("description"), license: recipe.text("license"), use: terms.use, licenses: terms.book, contact: recipe["contact"]?.text,
      limits: recipe.texts("limits"), base: Base(recipe.needed("base")),
      datasets: recipe.needed("datasets").sortedMembers.map { Dataset(name: $0.key, $0.setting, terms) },
      runs: recipe.needed("run").sortedMembers.map { RunStep(name: $0.key, $0.setting) },
      targets: recipe.needed("train").sortedMembers.map { TrainTarget(name: $0.key, $0.setting) },
      selection: Selection(recipe.needed("select")), gates: recipe.needed("gates").list.compactMap(Gate.init),
      contributions: recipe["contributions"]?.text.map(normalisedPath), permissions: Permissions(recipe.needed("permissions")), wallBudget: recipe["budget"]?["wall"]?.period,
      memoryBudget: recipe["budget"]?["memory"]?.size, overrides: overrides,
      normalised: recipe.without("budget").json)
  }
}

extension Setting {
  fileprivate func without(_ key: String) -> Setting { Setting(place: place, value: .members(members.filter { $0.key != key })) }
}

extension Base {
  fileprivate init(_ base: Setting) {
    if let model = base.text.flatMap(HubReference.init) {
      self = .hub(model)
    } else if let path = base["path"]?.text {
      self = .path(normalisedPath(path))
    } else if let path = base["soul"]?.text {
      self = .soul(normalisedPath(path))
    } else if let recipe = base["recipe"] {
      self = .recipe(normalisedPath(base.text("recipe")), recipe.place)
    } else {
      self = .new(NewModel(base.needed("new")))
    }
  }
}

extension NewModel {
  fileprivate init(_ model: Setting) {
    self.init(
      architecture: model.text("architecture"), hidden: model.integer("hidden"), layers: model.integer("layers"),
      heads: model.integer("heads"), keyValueHeads: model.integer("kv-heads"), intermediate: model.integer("intermediate"),
      context: model.integer("context"), ropeTheta: model.decimal("rope-theta"), vocabulary: model.needed("tokenizer").integer("vocabulary"))
  }
}

extension Dataset {
  init(name: String, _ dataset: Setting, _ terms: RecipeTerms? = nil) {
    let from = dataset.needed("from")
    let split = dataset.needed("split")
    self.init(
      name: name, origin: from.text.map { .path(normalisedPath($0)) } ?? .run(from.text("run")),
      files: dataset["files"].map { Set($0.list.compactMap(\.text)).sorted() }, reading: ReadingSettings(dataset), license: dataset.text("license"),
      terms: terms?.rule(for: dataset), contributor: dataset["contributor"]?.text, attribution: dataset["attribution"]?.text,
      stages: dataset.needed("curate").list.compactMap(CurationStage.init),
      split: SplitRule(
        by: split.text("by"), validation: split.percentage("validation"), holdout: split.percentage("holdout"), salt: split.text("salt")))
  }
}

extension ReadingSettings {
  fileprivate init(_ dataset: Setting) {
    self.init()
    if let format = dataset["format"] {
      formats = format.text.map { [Format(word: $0)] } ?? format.list.map { Format(files: $0["files"]?.text, word: $0.text("is")) }
    }
    columns = dataset["columns"].map { $0.list.compactMap(\.text) }
    if let speaker = dataset["speaker"] { speakers = speaker.text.map { [$0] } ?? speaker.list.compactMap(\.text) }
    if let chat = dataset["chat"] {
      pauseInSeconds = chat["pause"]?.period?.seconds ?? pauseInSeconds
      namesOthers = chat.boolean("names")
    }
  }
}

extension CurationStage {
  fileprivate init?(_ stage: Setting) {
    guard let member = stage.members.first else { return nil }
    let settings = member.setting
    switch member.key {
    case "normalize": self = .normalize(unicode: settings.text("unicode"), mojibake: settings.text("mojibake"))
    case "language":
      self = .language(
        keep: settings["keep"].map { Set($0.list.compactMap(\.text)).sorted() }, minShare: settings.percentage("min-share"),
        undecided: settings.text("undecided"))
    case "quality": self = .quality(profile: stage.text("quality"))
    case "deduplicate": self = .deduplicate(exact: settings.boolean("exact"), near: settings["near"].map { NearDuplicates($0) })
    case "decontaminate": self = .decontaminate(Decontamination(settings))
    case "pii": self = .pii(actions: RecipeSchema.personalDataActions(settings))
    case "length": self = .length(minCharacters: settings.integer("min-characters"), maxCharacters: settings.integer("max-characters"))
    default: preconditionFailure("the schema has a stage \"\(member.key)\" that nobody reads")
    }
  }
}

extension Decontamination {
  fileprivate init(_ settings: Setting) {
    let against = settings.needed("against")
    self.init(
      against: Set((against.text.map { [$0] } ?? against.list.compactMap(\.text)).map(normalisedPath)).sorted(), ngram: settings.integer("ngram"),
      threshold: settings.decimal("threshold"))
  }
}

extension RecipeSchema {
  /// A word is for all kinds.
  fileprivate static func personalDataActions(_ pii: Setting) -> [String: String] {
    if let word = pii.text { return Dictionary(uniqueKeysWithValues: personalData.fields.map { ($0.key, word) }) }
    return Dictionary(uniqueKeysWithValues: pii.members.map { ($0.key, $0.setting.text ?? "") })
  }
}

extension NearDuplicates {
  fileprivate init(_ near: Setting) { self.init(ngram: near.integer("ngram"), threshold: near.decimal("threshold")) }
}

extension RunStep {
  fileprivate init(name: String, _ run: Setting) {
    self.init(name: name, command: run.texts("command"), inputs: Input.named(run.needed("inputs")))
  }
}

extension RunStep.Input {
  fileprivate static func named(_ inputs: Setting) -> [String: RunStep.Input] {
    Dictionary(inputs.members.map { ($0.key, RunStep.Input($0.setting)) }, uniquingKeysWith: { first, _ in first })
  }

  fileprivate init(_ input: Setting) {
    guard let path = input.text else {
      self = .run(input.text("run"))
      return
    }
    self = path.hasSuffix("/") ? .folder(normalisedPath(path)) : .file(normalisedPath(path))
  }
}

extension TrainTarget {
  fileprivate init(name: String, _ target: Setting) {
    self.init(
      name: name, dataset: target.text("dataset"), method: target["lora"].map { .adapter(LoRA($0)) } ?? .full,
      optimizer: Optimizer(target.needed("optimizer")), epochs: target.integer("epochs"), batch: target.integer("batch"),
      context: target.integer("context"), substrate: SubstrateChoice(target.needed("substrate")),
      candidates: target.needed("candidates").list.map { CandidateSetting($0) }, validation: Validation(target))
  }
}

extension Validation {
  /// Nil where the target asks for neither of the two.
  fileprivate init?(_ target: Setting) {
    let stopping = target["early-stopping"]
    guard target["validate"] != nil || stopping != nil else { return nil }
    self.init(
      steps: target["validate"]?["every"]?.integer,
      stopping: stopping.map { Stopping(patience: $0.integer("patience"), minimumChange: $0.decimal("minimum-change")) })
  }
}

extension SubstrateChoice {
  fileprivate init(_ substrate: Setting) {
    self = substrate.text == nil ? .command(substrate.texts("command"), inputs: RunStep.Input.named(substrate.needed("inputs"))) : .embedded
  }
}

extension LoRA {
  fileprivate init(_ lora: Setting) {
    let modules = lora.texts("targets").sorted()
    self.init(
      rank: lora.integer("rank"), alpha: lora.decimal("alpha"), targets: modules.isEmpty ? .allLinear : .modules(modules),
      dropout: lora["dropout"]?.decimal.flatMap { $0 == DecimalNumber(0) ? nil : $0 }, isRankStabilized: lora["rank-stabilized"]?.boolean ?? false)
  }
}

extension Optimizer {
  fileprivate init(_ optimizer: Setting) {
    guard let schedule = Schedule(rawValue: optimizer.text("schedule")) else { preconditionFailure("the schema has a schedule that nobody knows") }
    self.init(
      learningRate: optimizer.decimal("learning-rate"), schedule: schedule, warmup: optimizer.decimal("warmup"),
      weightDecay: optimizer.decimal("weight-decay"), betas: optimizer.needed("betas").list.compactMap(\.decimal),
      epsilon: optimizer.decimal("epsilon"), clip: optimizer.decimal("clip"))
  }
}

extension CandidateSetting {
  fileprivate init(_ candidate: Setting) {
    self.init(
      seed: candidate.integer("seed"), learningRate: candidate["learning-rate"]?.decimal, rank: candidate["lora.rank"]?.integer,
      alpha: candidate["lora.alpha"]?.decimal)
  }

  /// With the target's own values where the candidate changes nothing: two that are equal here would train the same thing.
  init(_ candidate: Setting, in target: Setting) {
    let own = CandidateSetting(candidate)
    self.init(
      seed: own.seed, learningRate: own.learningRate ?? target["optimizer"]?["learning-rate"]?.decimal,
      rank: own.rank ?? target["lora"]?["rank"]?.integer, alpha: own.alpha ?? target["lora"]?["alpha"]?.decimal)
  }
}

extension Selection {
  fileprivate init(_ select: Setting) {
    self.init(
      protocol: select.text("protocol"), rounds: select.integer("rounds"), committee: select.text("committee"),
      improvement: select.ratio("improvement"))
  }
}

extension Gate {
  fileprivate init?(_ gate: Setting) {
    if let loss = gate["holdout-loss"] {
      self = .holdoutLoss(belowBaseBy: loss.percentage("below-base-by"))
    } else if let canaries = gate["canaries"] {
      self = .canaries(CanaryRule(canaries))
    } else {
      return nil
    }
  }
}

extension CanaryRule {
  fileprivate init(_ rule: Setting) {
    self.init(
      file: rule["file"]?.text.map(normalisedPath), records: rule.integer("records"), tokens: rule.integer("tokens"), allowed: rule.integer("allowed"),
      alternatives: rule.integer("alternatives"), exposure: rule.integer("exposure"), seed: rule.integer("seed"))
  }
}

extension Permissions {
  fileprivate init(_ permissions: Setting) {
    self.init(
      runAllow: permissions.needed("run").texts("allow"), derive: permissions.boolean("derive"),
      promptLogging: permissions.text("prompt-logging"), lease: permissions.period("lease"))
  }
}

/// One spelling for one path: no `.`, no doubled or trailing `/`.
private func normalisedPath(_ path: String) -> String {
  let parts = path.split(separator: "/").filter { $0 != "." }
  return (path.hasPrefix("/") ? "/" : "") + (parts.isEmpty && !path.hasPrefix("/") ? "." : parts.joined(separator: "/"))
}
