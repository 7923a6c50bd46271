internal import Artifacts
internal import Licensing
internal import Recipes

/// The canonical parameters of actions. What `ActionKind` documents and what stands here are one contract with the steps.

extension Dataset {
  var curationParameters: JSONValue {
    var members: [String: JSONValue] = ["files": files.map { .array($0.map { .string($0) }) } ?? .null, "stages": .array(stages.map(\.parameters))]
    // Absent where it says what holds anyway, so that writing out a default changes no key.
    if reading != ReadingSettings() { members["reading"] = reading.parameters }
    members["terms"] = terms?.document
    return .object(members)
  }
}

extension ReadingSettings {
  var parameters: JSONValue {
    var members: [String: JSONValue] = ["chat": ["names": .bool(namesOthers), "pause-seconds": .integer(pauseInSeconds)]]
    if let columns { members["columns"] = .array(columns.map { .string($0) }) }
    if !speakers.isEmpty { members["speakers"] = .array(speakers.map { .string($0) }) }
    if !formats.isEmpty {
      members["formats"] = .array(formats.map { format in
        var rule: [String: JSONValue] = ["is": .string(format.word)]
        rule["files"] = format.files.map { .string($0) }
        return .object(rule)
      })
    }
    return .object(members)
  }
}

extension CurationStage {
  fileprivate var parameters: JSONValue {
    switch self {
    case .normalize(let unicode, let mojibake): ["normalize": ["unicode": .string(unicode), "mojibake": .string(mojibake)]]
    case .language(let keep, let minShare, let undecided):
      [
        "language": [
          "keep": keep.map { .array($0.map { .string($0) }) } ?? .null, "min-share-ppm": .integer(minShare.partsPerMillion),
          "undecided": .string(undecided),
        ]
      ]
    case .quality(let profile): ["quality": ["profile": .string(profile)]]
    case .deduplicate(let exact, let near): ["deduplicate": ["exact": .bool(exact), "near": near?.parameters ?? .null]]
    case .decontaminate(let settings): settings.parameters
    case .pii(let actions): ["pii": .object(actions.mapValues { .string($0) })]
    case .length(let least, let most): ["length": ["min-characters": .integer(least), "max-characters": .integer(most)]]
    }
  }
}

extension Decontamination {
  /// The files are inputs, and no parameter.
  var parameters: JSONValue { ["decontaminate": ["ngram": .integer(ngram), "threshold-ppm": .integer(threshold.partsPerMillion)]] }

  /// Numbered in the order of their paths.
  var inputs: [String: InputReference] {
    Dictionary(uniqueKeysWithValues: against.enumerated().map { ("evaluation.\($0 + 1)", .source(Source(kind: .fileOrFolder, path: $1))) })
  }
}

extension NearDuplicates {
  fileprivate var parameters: JSONValue { ["ngram": .integer(ngram), "threshold-ppm": .integer(threshold.partsPerMillion)] }
}

extension SplitRule {
  var parameters: JSONValue {
    [
      "by": .string(by), "validation-ppm": .integer(validation.partsPerMillion), "holdout-ppm": .integer(holdout.partsPerMillion),
      "salt": .string(salt),
    ]
  }
}

extension NewModel {
  var tokenizerParameters: JSONValue { ["kind": "byte-level-bpe", "vocabulary": .integer(vocabulary)] }

  fileprivate var parameters: JSONValue {
    [
      "architecture": .string(architecture), "hidden": .integer(hidden), "layers": .integer(layers), "heads": .integer(heads),
      "kv-heads": .integer(keyValueHeads), "intermediate": .integer(intermediate), "context": .integer(context),
      "rope-theta": .decimal(ropeTheta),
    ]
  }
}

extension TrainTarget {
  /// What the candidate changes stands in place of the target's own value, so that writing out a default changes no key.
  func parameters(for candidate: CandidateSetting, base: Base) -> JSONValue {
    var members: [String: JSONValue] = [
      "substrate": substrate.parameters, "seed": .integer(candidate.seed), "epochs": .integer(epochs), "batch": .integer(batch),
      "context": .integer(context), "optimizer": optimizer.parameters(learningRate: candidate.learningRate),
    ]
    switch method {
    case .adapter(let lora):
      members["method"] = "sft"
      members["lora"] = lora.parameters(rank: candidate.rank, alpha: candidate.alpha)
    case .full: members["method"] = "full"
    }
    if case .new(let model) = base { members["model"] = model.parameters }
    members["validation"] = validation?.parameters
    return .object(members)
  }
}

extension Validation {
  fileprivate var parameters: JSONValue {
    var members: [String: JSONValue] = ["every": steps.map { .integer($0) } ?? "epoch"]
    if let stopping { members["stopping"] = ["patience": .integer(stopping.patience), "minimum-change": .decimal(stopping.minimumChange)] }
    return .object(members)
  }
}

extension SubstrateChoice {
  fileprivate var parameters: JSONValue {
    switch self {
    case .embedded: "embedded"
    case .command(let command, _): ["command": .array(command.map { .string($0) })]
    }
  }
}

extension LoRA {
  fileprivate func parameters(rank: Int64?, alpha: DecimalNumber?) -> JSONValue {
    let targets: JSONValue =
      switch self.targets {
      case .allLinear: "all-linear"
      case .modules(let names): .array(names.map { .string($0) })
      }
    var members: [String: JSONValue] = ["rank": .integer(rank ?? self.rank), "alpha": .decimal(alpha ?? self.alpha), "targets": targets]
    // Written only where asked for: a plain adapter's key is what it was before there was anything else.
    if let dropout { members["dropout"] = .decimal(dropout) }
    if isRankStabilized { members["rank-stabilized"] = true }
    return .object(members)
  }
}

extension Optimizer {
  fileprivate func parameters(learningRate: DecimalNumber?) -> JSONValue {
    [
      "learning-rate": .decimal(learningRate ?? self.learningRate), "schedule": .string(schedule.rawValue), "warmup": .decimal(warmup),
      "weight-decay": .decimal(weightDecay), "betas": .array(betas.map { .decimal($0) }), "epsilon": .decimal(epsilon), "clip": .decimal(clip),
    ]
  }
}

extension Selection {
  func parameters(candidates: Int, hasIncumbent: Bool) -> JSONValue {
    [
      "protocol": .string(`protocol`), "rounds": .integer(rounds), "committee": .string(committee),
      "improvement": ["numerator": .integer(improvement.numerator), "denominator": .integer(improvement.denominator)],
      "candidates": .integer(Int64(candidates)), "incumbent": .bool(hasIncumbent),
    ]
  }
}

extension Gate {
  /// `context`: the most tokens of an example in any target. `subject`: what the winner is, `adapter` or `model`.
  func parameters(context: Int64, subject: String) -> JSONValue {
    switch self {
    case .holdoutLoss(let share): ["holdout-loss": ["below-base-ppm": .integer(share.partsPerMillion)]]
    case .canaries(let rule):
      [
        "canaries": [
          "records": .integer(rule.records), "tokens": .integer(rule.tokens), "allowed": .integer(rule.allowed),
          "alternatives": .integer(rule.alternatives), "exposure-bits": .integer(rule.exposure), "seed": .integer(rule.seed),
          "context": .integer(context), "subject": .string(subject),
        ]
      ]
    }
  }
}

extension JSONValue {
  /// As a string: a reader takes the float32 or binary64 nearest to the decimal itself, with no rounding in between.
  fileprivate static func decimal(_ value: DecimalNumber) -> JSONValue { .string(value.description) }
}
