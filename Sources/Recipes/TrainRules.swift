/// What must hold for the train targets, between them, and between them and the rest.
extension RecipeRules {
  mutating func checkTargets() {
    if let datasets = recipe["datasets"], datasets.members.isEmpty { contradiction("a recipe needs a dataset", at: datasets.place) }
    guard let targets = recipe["train"] else { return }
    if targets.members.isEmpty { contradiction("a recipe needs a train target", at: targets.place) }
    for target in targets.members { check(target: target.setting) }
    checkComparable(targets.sortedMembers)
  }

  /// One holdout decides between all candidates, and one kind of thing wins.
  private mutating func checkComparable(_ targets: [Setting.Member]) {
    guard let first = targets.first else { return }
    for other in targets.dropFirst() {
      if let own = other.setting["dataset"], let text = own.text, let firsts = first.setting["dataset"]?.text, text != firsts {
        let hint = "candidates are chosen by one holdout: give the other dataset a recipe of its own"
        contradiction("train.\(other.key) learns from \"\(text)\", train.\(first.key) from \"\(firsts)\"", hint: hint, at: own.place)
      }
      if let own = other.setting["method"], let text = own.text, let firsts = first.setting["method"]?.text, (text == "full") != (firsts == "full") {
        let hint = "an adapter and a whole model are not the same kind of Soul: give one of them a recipe of its own"
        contradiction("train.\(other.key) has \"method: \(text)\", train.\(first.key) \"method: \(firsts)\"", hint: hint, at: own.place)
      }
    }
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
    checkSubstrate(of: target)
    checkValidation(of: target)
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

  private mutating func checkSubstrate(of target: Setting) {
    guard let substrate = target["substrate"], substrate["command"] != nil else { return }
    check(inputsOf: substrate)
    check(command: substrate, mayWrite: false)
    guard target["method"]?.text == "full" else { return }
    note(.notInThisVersion("method: full by a command", instead: "a command trains adapters; leave \"substrate\" out for whole models"), at: substrate.place)
  }

  /// Who measures on the validation part needs one, and the engine to do it.
  private mutating func checkValidation(of target: Setting) {
    for member in target.members where ["validate", "early-stopping"].contains(member.key) {
      if target["substrate"]?["command"] != nil {
        let hint = "a command is given the validation part and may stop when it likes: remove \"\(member.key)\""
        contradiction("\"\(member.key)\" is for soulpack's own engine, and this target is trained by a command", hint: hint, at: member.keyPlace)
      }
      guard let name = target["dataset"]?.text, let part = recipe["datasets"]?[name]?["split"]?["validation"], part.percentage?.partsPerMillion == 0 else { continue }
      contradiction("\"\(member.key)\" needs a validation part, and dataset \"\(name)\" has none", hint: "set its \"validation\" above 0%", at: member.keyPlace)
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
