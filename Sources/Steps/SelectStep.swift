internal import Artifacts
internal import Engine
internal import Foundation
internal import Hashing
internal import Judging
package import Planning
internal import Running
internal import Store

/// One local round decides which candidate wins, from integer scores alone. A new model has no incumbent to beat but blind guessing.
struct SelectStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let parameters = ParameterReader(context.action)
    let numbers = Array(1...(try parameters.count("candidates")))
    let proposals = try numbers.map { Proposal.scored(try measured(context, $0).score) }
    let decision = try Decision(
      round: round(context), incumbent: try incumbent(context, parameters), proposals: proposals, improvement: try improvement(parameters, context))
    tell(decision, context)
    guard let winner = winner(of: decision, context) else { throw NoWinner(action: context.action.id, decision: decision) }
    return ["decision": try context.store.objects.put(decision.document.canonical), "winner": winner]
  }

  /// A smoke build goes on with the candidate that came nearest: what it is about is the rest of the way.
  private func winner(of decision: Decision, _ context: StepContext) -> Digest? {
    guard context.action.isSmoke, decision.winner == nil else { return decision.winner }
    context.note(NoWinner(action: context.action.id, decision: decision).message + "; a smoke build goes on")
    return decision.best
  }

  private func incumbent(_ context: StepContext, _ parameters: ParameterReader) throws -> Judging.Score {
    if try parameters.flag("incumbent") { return try measured(context, 0).score }
    let first = try measured(context, 1)
    return BlindGuess(vocabulary: first.vocabulary).score(tokens: first.tokens)
  }

  private func measured(_ context: StepContext, _ number: Int) throws -> MeasuredScore {
    let name = "score.\(number)"
    guard let score = MeasuredScore(document: try JSONValue(parsingCanonical: try context.input(name))) else {
      throw MissingInput(action: context.action.id, input: name)
    }
    return score
  }

  /// What the round is about. Two rounds over other scores or by other rules are two, which is all that the tie-break asks.
  private func round(_ context: StepContext) -> Digest {
    Digest(
      hashing: [
        "schema": "soulpack.local-round/1", "parameters": context.action.parameters, "inputs": .object(context.inputs.mapValues(JSONValue.digest)),
      ])
  }

  private func improvement(_ parameters: ParameterReader, _ context: StepContext) throws -> Improvement {
    guard let member = parameters.member("improvement"),
      let improvement = Improvement(numerator: try member.integer("numerator"), denominator: try member.integer("denominator"))
    else { throw UnreadableParameter(action: context.action.id, place: "improvement") }
    return improvement
  }

  private func tell(_ decision: Decision, _ context: StepContext) {
    let loss = { (score: Judging.Score) in String(format: "%.4f", score.lossNatsPerToken) }
    let candidates = decision.scores.map { ($0.candidate == decision.winner ? "*" : "") + loss($0) }
    context.note("holdout \(loss(decision.incumbent)) before, \(candidates.joined(separator: ", ")) after (nats/token, self-measured)")
  }
}

/// Guessing every token of the vocabulary alike: log V nats a token, whatever the text.
struct BlindGuess {
  let vocabulary: Int64

  func score(tokens: Int64) -> Judging.Score {
    let name: JSONValue = ["schema": "soulpack.blind-guess/1", "vocabulary": .integer(vocabulary)]
    return Judging.Score(candidate: Digest(hashing: name), total: tokens * UniformLoss.scaled(vocabularySize: vocabulary), tokens: tokens)
  }
}

/// No candidate gained what the recipe asks over what was there before. A Soul that is no better is not made.
package struct NoWinner: ExplainedError {
  package let action: ActionID
  private let incumbent: Double
  private let closest: Double?
  private let improvement: String

  init(action: ActionID, decision: Decision) {
    self.action = action
    incumbent = decision.incumbent.lossNatsPerToken
    closest = decision.scores.map(\.lossNatsPerToken).min()
    improvement = "\(decision.improvement.numerator)/\(decision.improvement.denominator)"
  }

  package var message: String {
    let best = closest.map { String(format: "the best has %.4f", $0) } ?? "there was none to choose"
    return "\(action): no candidate is better on the holdout by \(improvement) nats a token: \(best), before it was " + String(format: "%.4f", incumbent)
  }

  package var hint: String? { "train longer or at another learning rate, or look at the data with `soulpack why`" }
}
