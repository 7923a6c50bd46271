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
    let base = try BaseModel(context, subject == "model" ? "candidate" : "base")
    let adapter = subject == "adapter" ? try AdapterFolder(files: try context.files("candidate")) : nil
    try adapter?.check(against: base.model.configuration)
    let contextLength = try parameters.count("context")
    let holdout = try base.encode(context, "holdout", contextLength: contextLength).examples
    let examples = context.action.isSmoke ? Array(holdout.prefix(Plan.smokeRecordLimit)) : holdout
    let score = try measure(examples, Evaluator(base: base.model, adapter: adapter, threads: context.threads), contextLength, context)
    let measured = MeasuredScore(
      candidate: try context.digest(of: subject == "base" ? "base" : "candidate"), score: score,
      vocabulary: base.model.configuration.vocabularySize)
    return ["score": try context.store.objects.put(measured.document.canonical)]
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
