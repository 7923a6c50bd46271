/// What must hold for the train target, and between it and the rest.
extension RecipeRules {
  mutating func checkTargets() {
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
}
