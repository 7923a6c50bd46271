internal import Artifacts
internal import Engine
internal import Hashing
internal import Judging
internal import Planning
internal import Running

/// All that a selection chooses among, read from the inputs that `select`, `gate` and `seal` share: `score.0`, `score.1`, … and `trace.1`, ….
struct Contenders {
  /// What is to be beaten: the base or, for a new model, guessing every token alike.
  struct Incumbent {
    let candidate: Digest
    let losses: RecordLosses
    let kind: GateBase
  }

  struct Contender {
    /// From 1, through all targets.
    let number: Int
    /// The digest of the listing of its files, which is empty where the training diverged.
    let files: Digest
    let outcome: Outcome
    let claim: Claim?

    enum Outcome {
      case measured(RecordLosses)
      case diverged(Divergence)
    }

    var losses: RecordLosses? {
      if case .measured(let losses) = outcome { losses } else { nil }
    }
  }

  let all: [Contender]
  /// Nil where no candidate of a new model was measured: there is nothing to guess over.
  let incumbent: Incumbent?

  init(_ context: StepContext) throws {
    var all: [Contender] = []
    var vocabulary: (RecordLosses, Int64)?
    while context.inputs["score.\(all.count + 1)"] != nil {
      let number = all.count + 1
      let score = try Self.score(number, context)
      if case .measured(let losses, let size) = score.outcome, vocabulary == nil { vocabulary = (losses, size) }
      all.append(try Self.contender(number, score, context))
    }
    self.all = all
    if context.inputs["score.0"] != nil {
      let base = try Self.score(0, context)
      guard let losses = base.losses else { throw MissingInput(action: context.action.id, input: "score.0") }
      incumbent = Incumbent(candidate: base.candidate, losses: losses, kind: .base)
    } else {
      incumbent = try vocabulary.map { try BlindGuess(vocabulary: $1).incumbent(over: $0) }
    }
  }

  private static func score(_ number: Int, _ context: StepContext) throws -> MeasuredScore {
    let name = "score.\(number)"
    guard let score = try MeasuredScore(document: try JSONValue(parsingCanonical: try context.input(name))) else {
      throw MissingInput(action: context.action.id, input: name)
    }
    return score
  }

  /// A gate has no use for the traces, and does not get them.
  private static func contender(_ number: Int, _ score: MeasuredScore, _ context: StepContext) throws -> Contender {
    let trace = context.inputs["trace.\(number)"] == nil ? .null : try JSONValue(parsingCanonical: try context.input("trace.\(number)"))
    let outcome: Contender.Outcome =
      switch score.outcome {
      case .measured(let losses, _): .measured(losses)
      case .diverged: .diverged(Divergence(trace: trace))
      }
    return Contender(number: number, files: score.candidate, outcome: outcome, claim: try claim(in: trace, number, context))
  }

  private static func claim(in trace: JSONValue, _ number: Int, _ context: StepContext) throws -> Claim? {
    guard let claimed = trace["claim"] else { return nil }
    guard let claim = claimed["lossNatsPerToken"]?.string.flatMap({ Claim(lossNatsPerToken: $0) }) else {
      throw UnreadableClaim(action: context.action.id, number: number)
    }
    return claim
  }
}

extension Contenders {
  var measured: [(contender: Contender, losses: RecordLosses)] {
    all.compactMap { contender in contender.losses.map { (contender, $0) } }
  }

  /// The first with these files: equal files have equal losses.
  func contender(_ files: Digest) -> Contender? { all.first { $0.files == files } }
}

extension Contenders.Contender {
  /// What a training that diverged leaves of files: no entry.
  private static let noFiles = Digest(hashing: Snapshot(entries: []).canonical)

  var hasFiles: Bool { files != Self.noFiles }

  /// Who has no files proposes nothing.
  var proposal: Proposal? {
    if let losses { return .scored(losses.score(of: files)) }
    return hasFiles ? .diverged(files) : nil
  }

  var claimVerdict: Claim.Verdict? {
    claim.map { claim in losses.map { claim.verdict(against: $0) } ?? Claim.verdictOnDivergence }
  }
}

/// Where and why there is no finite loss.
struct Divergence {
  /// Of the training. Nil where it ended well and the loss on the holdout is not finite.
  let step: Int64?
  let reason: String

  /// From the `trace` of the training.
  init(trace: JSONValue) {
    guard trace["schema"]?.string == "soulpack.divergence/1" else {
      step = nil
      reason = "the loss on the holdout is not finite"
      return
    }
    step = trace["step"]?.integer
    reason = trace["reason"]?.string ?? "the loss is not finite"
  }

  var words: String { (step.map { "at step \($0): " } ?? "") + reason }
}

/// Guessing every token of the vocabulary alike: log V nats a token, whatever the text.
struct BlindGuess {
  let vocabulary: Int64

  func incumbent(over measured: RecordLosses) throws(RecordLossError) -> Contenders.Incumbent {
    let name: JSONValue = ["schema": "soulpack.blind-guess/1", "vocabulary": .integer(vocabulary)]
    let loss = UniformLoss.scaled(vocabularySize: vocabulary)
    let records = measured.records.map { RecordLosses.Record(id: $0.id, total: $0.tokens * loss, tokens: $0.tokens) }
    return Contenders.Incumbent(candidate: Digest(hashing: name), losses: try RecordLosses(records), kind: .blindGuess)
  }
}

/// A substrate's claim that is no number should not have passed its checks.
struct UnreadableClaim: ExplainedError {
  let action: ActionID
  let number: Int

  var message: String { "\(action): candidate \(number) claims a loss that is no decimal number" }
  var hint: String? { "a claim is written as digits with a point, such as \"4.1023\"" }
}
