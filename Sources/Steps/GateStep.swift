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
    let results = try gates(context).map { try GateResult($0, winner: winner, base: incumbent.losses, called: incumbent.kind) }
    let missed = results.filter { !$0.isMet }
    guard missed.isEmpty || context.action.isSmoke else { throw GateMissed(action: context.action.id, missed: missed.map(\.words)) }
    for result in results { context.note(result.words + (result.isMet ? "" : "; a smoke build goes on")) }
    return ["gates": try context.store.objects.put(GateResult.document(results).canonical)]
  }

  private func gates(_ context: StepContext) throws -> [Gate] {
    try ParameterReader(context.action).array("gates").map { gate in
      guard let asked = gate["holdout-loss"]?["below-base-ppm"]?.integer, (0...1_000_000).contains(asked) else {
        throw UnreadableParameter(action: context.action.id, place: "gates")
      }
      return .holdoutLoss(belowBasePPM: asked)
    }
  }
}

/// The winner does not hold what the recipe asks, so nothing is sealed.
package struct GateMissed: ExplainedError {
  package let action: ActionID
  /// What was asked and measured, a gate each.
  package let missed: [String]

  package var message: String { "\(action): \(missed.joined(separator: "; "))" }
  package var hint: String? { "train longer or on more data, or ask for less in \"gates\"" }
}
