internal import Artifacts
internal import Engine
internal import Planning
internal import Running
internal import Store

/// A base, an adapter on it, or a model alone is measured on the holdout: an integer score that anybody can measure again.
struct ScoreStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let parameters = ParameterReader(context.action)
    let subject = try parameters.string("subject")
    let measured = try context.digest(of: subject == "base" ? "base" : "candidate")
    // A training that diverged leaves no files. It is recorded and out of the choice; the others go on.
    if try context.snapshot(subject == "base" ? "base" : "candidate").entries.isEmpty {
      return ["score": try context.store.objects.put(MeasuredScore.divergence(candidate: measured).canonical)]
    }
    let base = try BaseModel(context, subject == "model" ? "candidate" : "base")
    let adapter = subject == "adapter" ? try AdapterFolder(files: try context.files("candidate")) : nil
    try adapter?.check(against: base.model.configuration)
    let contextLength = try parameters.count("context")
    let recordLimit = context.action.isSmoke ? Plan.smokeRecordLimit : nil
    let holdout = try base.encode(context, "holdout", contextLength: contextLength, recordLimit: recordLimit)
    guard !holdout.examples.isEmpty else { throw NothingToScore(counts: holdout.counts, contextLength: contextLength) }
    let examples = holdout.examples
    let document: JSONValue
    do {
      let evaluator = try Evaluator.fitting(examples, contextLength: contextLength, base: base.model, adapter: adapter, threads: context.threads)
      let score = try measure(examples, evaluator, contextLength, context)
      document = MeasuredScore.document(candidate: measured, score: score, vocabulary: base.model.configuration.vocabularySize)
    } catch TrainingError.scoreOverflow where subject != "base" {
      document = MeasuredScore.divergence(candidate: measured)
    }
    return ["score": try context.store.objects.put(document.canonical)]
  }

  private func measure(_ examples: [EncodedExample], _ evaluator: Evaluator, _ contextLength: Int, _ context: StepContext) throws -> Engine.Score {
    do {
      return try evaluator.score(
        examples, maximumTokens: contextLength, isCancelled: { Task.isCancelled },
        report: { context.report(StepProgress(done: Int64($0), total: Int64(examples.count), unit: "examples")) })
    } catch TrainingError.cancelled {
      throw CancellationError()
    }
  }
}

/// No token of the holdout is the assistant's, as far as the context reaches.
struct NothingToScore: ExplainedError {
  let counts: EncodedDataset.Counts
  let contextLength: Int

  var message: String {
    "the holdout has no token that is scored, in \(counts.records) \(counts.records == 1 ? "record" : "records")"
      + (counts.cutRecords == 0 ? "" : ", \(counts.cutRecords) of which a context of \(contextLength) tokens cuts off before an answer")
  }

  var hint: String? { counts.cutRecords == 0 ? "give the split a larger holdout" : "raise the target's \"context\", or shorten the records: curate with \"length\"" }
}
