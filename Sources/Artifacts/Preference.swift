/// Two answers to one prompt, and which was preferred: what preference optimisation (Rafailov et al. 2023, "Direct Preference Optimization")
/// learns from.
package struct Preference: Hashable, Sendable {
  package var prompt: [Message]
  package var chosen: [Message]
  package var rejected: [Message]

  package init(prompt: [Message], chosen: [Message], rejected: [Message]) {
    (self.prompt, self.chosen, self.rejected) = (prompt, chosen, rejected)
  }
}

/// One answer to a prompt, judged good or bad: what KTO (Ethayarajh et al. 2024, "Model Alignment as Prospect Theoretic Optimization") learns from.
package struct JudgedAnswer: Hashable, Sendable {
  package var prompt: [Message]
  package var completion: [Message]
  package var isGood: Bool

  package init(prompt: [Message], completion: [Message], isGood: Bool) {
    (self.prompt, self.completion, self.isGood) = (prompt, completion, isGood)
  }
}

// MARK: - Canonical form: TRL's conversational formats

extension Preference {
  var members: [String: JSONValue] { ["prompt": prompt.canonical, "chosen": chosen.canonical, "rejected": rejected.canonical] }

  init?(members: [String: JSONValue]) {
    guard let prompt = [Message](canonical: members["prompt"]), let chosen = [Message](canonical: members["chosen"]),
      let rejected = [Message](canonical: members["rejected"])
    else { return nil }
    self.init(prompt: prompt, chosen: chosen, rejected: rejected)
  }
}

extension JudgedAnswer {
  var members: [String: JSONValue] { ["prompt": prompt.canonical, "completion": completion.canonical, "label": .bool(isGood)] }

  init?(members: [String: JSONValue]) {
    guard let prompt = [Message](canonical: members["prompt"]), let completion = [Message](canonical: members["completion"]),
      let isGood = members["label"]?.bool
    else { return nil }
    self.init(prompt: prompt, completion: completion, isGood: isGood)
  }
}
