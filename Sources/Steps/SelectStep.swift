internal import Artifacts
internal import Foundation
internal import Judging
package import Planning
internal import Running
internal import Store

/// One local round decides which candidate wins, from integer scores alone. A new model has no incumbent to beat but blind guessing.
///
/// No key is asked for: the question, the table and the answer are what a committee signs later, where an identity is at hand.
struct SelectStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let contenders = try Contenders(context)
    tellDivergences(contenders, context)
    guard let incumbent = contenders.incumbent, !contenders.measured.isEmpty else { throw AllDiverged(action: context.action.id, contenders) }
    let improvement = try improvement(ParameterReader(context.action), context)
    let question = Question(incumbent: incumbent.candidate, holdout: incumbent.losses.holdout, improvement: improvement)
    let table = try table(contenders, incumbent)
    let decision = try Decision(question, table, label: .selfMeasured)
    try tell(decision, contenders, incumbent, context)
    guard let winner = winner(of: decision, context) else { throw NoWinner(action: context.action.id, decision: decision) }
    return ["decision": try context.store.objects.put(decision.document.canonical), "winner": winner]
  }

  /// A smoke build goes on with the candidate that came nearest: what it is about is the rest of the way.
  private func winner(of decision: Decision, _ context: StepContext) -> Digest? {
    guard context.action.isSmoke, decision.winner == nil else { return decision.winner }
    context.note(NoWinner(action: context.action.id, decision: decision).words + "; a smoke build goes on")
    return decision.best
  }

  /// All over the same records: a sum over others is no score of this round.
  private func table(_ contenders: Contenders, _ incumbent: Contenders.Incumbent) throws -> ScoreTable {
    guard contenders.measured.allSatisfy({ $0.losses.isOfTheSameRecords(as: incumbent.losses) }) else { throw RecordLossError.otherRecords }
    return try ScoreTable(incumbent: incumbent.losses.score(of: incumbent.candidate), proposals: contenders.all.compactMap(\.proposal))
  }

  private func improvement(_ parameters: ParameterReader, _ context: StepContext) throws -> Margin {
    guard let member = parameters.member("improvement"),
      let improvement = Margin(numerator: try member.integer("numerator"), denominator: try member.integer("denominator"))
    else { throw UnreadableParameter(action: context.action.id, place: "improvement") }
    return improvement
  }
}

// MARK: - Telling

extension SelectStep {
  private func tellDivergences(_ contenders: Contenders, _ context: StepContext) {
    for contender in contenders.all {
      if case .diverged(let divergence) = contender.outcome { context.note("candidate \(contender.number) diverged \(divergence.words)") }
    }
  }

  private func tell(_ decision: Decision, _ contenders: Contenders, _ incumbent: Contenders.Incumbent, _ context: StepContext) throws {
    let loss = { (losses: RecordLosses) in losses.natsPerToken(losses.total) }
    let candidates = contenders.measured.map { ($0.contender.files == decision.winner ? "*" : "") + loss($0.losses) }
    context.note("holdout \(loss(incumbent.losses)) before, \(candidates.joined(separator: ", ")) after (nats/token, \(decision.label.rawValue))")
    if let winner = decision.winner.flatMap({ contenders.contender($0)?.losses }) {
      let gain = winner.natsPerToken(incumbent.losses.total - winner.total)
      let error = try winner.standardError(ofDifferenceFrom: incumbent.losses).map { ", paired standard error \(winner.natsPerToken($0))" } ?? ""
      context.note("gain \(gain) nats/token over \(winner.records.count) \(winner.records.count == 1 ? "record" : "records")\(error)")
    }
    for contender in contenders.all {
      guard let claim = contender.claim, let verdict = contender.claimVerdict else { continue }
      let measured = contender.losses.map { "measured \(loss($0))" + errorWords($0) } ?? "diverged"
      context.note("candidate \(contender.number) claims \(claim.lossNatsPerToken) nats/token, \(measured): \(verdict.rawValue)")
    }
  }
}

private func errorWords(_ losses: RecordLosses) -> String {
  losses.standardError.map { ", standard error \(losses.natsPerToken($0))" } ?? ""
}

extension RecordLosses {
  /// A total of these records' units, for people.
  fileprivate func natsPerToken(_ units: Int64) -> String {
    String(format: "%.4f", Double(units) / Double(Judging.Score.unitsPerNat) / Double(tokens))
  }
}

// MARK: - Errors

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

  package var message: String { "\(action): \(words)" }

  /// Where it is said already which action it is.
  var words: String {
    let best = closest.map { String(format: "the best has %.4f", $0) } ?? "there was none to choose"
    return "no candidate is better on the holdout by \(improvement) nats a token: \(best), before it was " + String(format: "%.4f", incumbent)
  }

  package var hint: String? { "train longer or at another learning rate, or look at the data with `soulpack why`" }
}

/// Nothing is left to choose from.
struct AllDiverged: ExplainedError {
  let action: ActionID
  private let causes: [String]

  init(action: ActionID, _ contenders: Contenders) {
    self.action = action
    causes = contenders.all.compactMap { contender in
      if case .diverged(let divergence) = contender.outcome { "candidate \(contender.number) \(divergence.words)" } else { nil }
    }
  }

  var message: String {
    let what = causes.count == 1 ? "the only candidate diverged" : "all \(causes.count) candidates diverged"
    return "\(action): \(what): \(causes.joined(separator: "; "))"
  }

  var hint: String? { "lower \"learning-rate\", or give it a \"warmup\"" }
}
