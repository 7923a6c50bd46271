/// What must hold for a dataset.
extension RecipeRules {
  mutating func check(dataset: Setting) {
    if let from = dataset["from"] { check(origin: from) }
    if let stages = dataset["curate"] { check(stages: stages.list) }
    guard let split = dataset["split"], let validation = split["validation"]?.percentage, let holdout = split["holdout"]?.percentage else { return }
    if validation.partsPerMillion + holdout.partsPerMillion >= Percentage.whole {
      let text = "validation \(validation) and holdout \(holdout) leave nothing to train on"
      contradiction(text, hint: "together they must stay under 100%", at: split["holdout"]?.place)
    }
  }

  /// Archives that cannot be read from a stream, or not without a library of their own.
  private static let archiveSuffixes = [".7z", ".rar"]

  private mutating func check(origin: Setting) {
    if let run = origin["run"] { checkRun(run) }
    guard let path = origin.text else { return }
    if let scheme = remoteScheme(path) {
      note(.notInThisVersion(scheme, instead: "fetch the data and name its folder"), at: origin.place)
    } else if path.contains(where: { "*?[".contains($0) }) {
      let hint = "name the folder in \"from\" and the pattern in \"files\""
      contradiction("\"from\" takes a folder or file, found a pattern", hint: hint, at: origin.place)
    } else if let suffix = RecipeRules.archiveSuffixes.first(where: { path.lowercased().hasSuffix($0) }) {
      note(.notInThisVersion("from: a \(suffix) archive", instead: "unpack it, or let a run step do so"), at: origin.place)
    }
  }

  private mutating func check(evaluations: Setting?) {
    for path in (evaluations?.list ?? []) + [evaluations].compactMap({ $0 }) {
      guard let text = path.text, let scheme = remoteScheme(text) else { continue }
      note(.notInThisVersion(scheme, instead: "fetch the file and name it"), at: path.place)
    }
  }

  private mutating func check(stages: [Setting]) {
    var seen: Set<String> = []
    for stage in stages {
      guard let member = stage.members.first else { continue }
      if !seen.insert(member.key).inserted {
        contradiction("stage \"\(member.key)\" is given twice", hint: "keep one of the two", at: member.keyPlace)
      }
      if member.key == "deduplicate", member.setting["exact"]?.boolean == false, member.setting["near"] == nil {
        contradiction("\"deduplicate\" with neither \"exact\" nor \"near\" does nothing", hint: "remove the stage", at: member.keyPlace)
      }
      if let threshold = member.setting["near"]?["threshold"], let value = threshold.decimal, value.partsPerMillion < 500_000 {
        let hint = "records that share less than half of their shingles are not the same; 0.75 is usual"
        contradiction("\"threshold\" \(value) is below 0.5", hint: hint, at: threshold.place)
      }
      if member.key == "language", member.setting["keep"] == nil, member.setting["undecided"]?.text == "drop" {
        contradiction("\"undecided: drop\" without \"keep\" drops nothing", hint: "name the languages to keep", at: member.setting["undecided"]?.place)
      }
      if member.key == "pii", let kinds = Optional(member.setting.members), !kinds.isEmpty, kinds.allSatisfy({ $0.setting.text == "keep" }) {
        contradiction("\"pii\" that keeps every kind does nothing", hint: "remove the stage", at: member.keyPlace)
      }
      if member.key == "decontaminate" { check(evaluations: member.setting["against"]) }
      let length = member.setting
      if let least = length["min-characters"]?.integer, let most = length["max-characters"]?.integer, least > most {
        contradiction("\"min-characters\" \(least) is more than \"max-characters\" \(most)", at: length["min-characters"]?.place)
      }
    }
  }
}
