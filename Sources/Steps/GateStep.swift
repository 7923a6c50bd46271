internal import Artifacts
internal import Judging
package import Planning
internal import Running
internal import Store

/// Holds the winner against what the recipe asks of it.
struct GateStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let decision = try Decision(document: try JSONValue(parsingCanonical: try context.input("decision")))
    guard let winner = decision.scores.first(where: { $0.candidate == decision.best }) else {
      throw MissingInput(action: context.action.id, input: "score of the winner")
    }
    var results: [JSONValue] = []
    for gate in try ParameterReader(context.action).array("gates") {
      guard let asked = gate["holdout-loss"]?["below-base-ppm"]?.integer else { throw UnreadableParameter(action: context.action.id, place: "gates") }
      let gained = (decision.incumbent.total - winner.total) * 1_000_000 / decision.incumbent.total
      if gained < asked {
        let missed = GateMissed(action: context.action.id, askedPPM: asked, gainedPPM: gained)
        guard context.action.isSmoke else { throw missed }
        context.note(missed.message + "; a smoke build goes on")
      }
      results.append(["holdout-loss": ["asked-ppm": .integer(asked), "gained-ppm": .integer(gained)]])
    }
    let document: JSONValue = ["schema": "soulpack.gates/1", "gates": .array(results)]
    return ["gates": try context.store.objects.put(document.canonical)]
  }
}

/// The winner does not hold what the recipe asks, so nothing is sealed.
package struct GateMissed: ExplainedError {
  package let action: ActionID
  package let askedPPM: Int64
  package let gainedPPM: Int64

  package var message: String {
    "\(action): the winner's loss is \(Double(gainedPPM) / 10_000) % below the base's, the recipe asks for \(Double(askedPPM) / 10_000) %"
  }
  package var hint: String? { "train longer or on more data, or ask for less in \"gates\"" }
}
