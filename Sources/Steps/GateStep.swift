internal import Artifacts
internal import Judging
package import Planning
internal import Running
internal import Store

/// Holds the winner against what the recipe asks of it. A missed gate ends the build: nothing is sealed.
struct GateStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let decision = try Decision(document: try JSONValue(parsingCanonical: try context.input("decision")))
    let contenders = try Contenders(context)
    guard let winner = decision.best.flatMap({ contenders.contender($0)?.losses }), let incumbent = contenders.incumbent else {
      throw MissingInput(action: context.action.id, input: "score of the winner")
    }
    let outcomes = try ParameterReader(context.action).array("gates").map { gate in
      try gate["canaries"].map { GateOutcome(try CanaryGate(context, $0).result()) }
        ?? GateOutcome(try GateResult(try holdoutLoss(gate, context), winner: winner, base: incumbent.losses, called: incumbent.kind))
    }
    let missed = outcomes.filter { !$0.isMet }
    guard missed.isEmpty || context.action.isSmoke else { throw GateMissed(action: context.action.id, missed: missed) }
    for outcome in outcomes { context.note(outcome.words + (outcome.isMet ? "" : "; a smoke build goes on")) }
    return ["gates": try context.store.objects.put(GateResult.document(of: outcomes.map(\.document)).canonical)]
  }

  private func holdoutLoss(_ gate: JSONValue, _ context: StepContext) throws -> Gate {
    guard let asked = gate["holdout-loss"]?["below-base-ppm"]?.integer, (0...1_000_000).contains(asked) else {
      throw UnreadableParameter(action: context.action.id, place: "gates")
    }
    return .holdoutLoss(belowBasePPM: asked)
  }
}

/// How the winner stands to one gate.
struct GateOutcome {
  let words: String
  let document: JSONValue
  let isMet: Bool
  let hint: String

  init(_ result: GateResult) {
    (words, document, isMet) = (result.words, result.document, result.isMet)
    hint = "train longer or on more data, or ask for less in \"gates\""
  }

  /// Records are named by their ids, for `why`; what they say is in no message.
  init(_ result: CanaryResult) {
    (words, document, isMet) = (result.words, result.document, result.isMet)
    let named = result.verbatim.prefix(3).map { "`soulpack why \($0.short)`" }.joined(separator: ", ")
    hint = "train for fewer epochs, merge more copies, or take out what must not be said: `soulpack retract`" + (named.isEmpty ? "" : "; it said \(named)")
  }
}

/// The winner does not hold what the recipe asks, so nothing is sealed.
package struct GateMissed: ExplainedError {
  package let action: ActionID
  /// What was asked and measured, a gate each.
  package let missed: [String]
  package let hint: String?

  init(action: ActionID, missed: [GateOutcome]) {
    self.action = action
    self.missed = missed.map(\.words)
    hint = missed.first?.hint
  }

  package var message: String { "\(action): \(missed.joined(separator: "; "))" }
}
