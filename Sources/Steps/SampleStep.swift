internal import Artifacts
internal import Curation
internal import Engine
internal import Planning
internal import Running
internal import Store

/// As many tokens of the uncurated records as there are in a train split, without what is in the holdout.
struct SampleStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let parameters = ParameterReader(context.action)
    let contextLength = try parameters.count("context")
    let encoder = ExampleEncoder(format: try format(context), contextLength: contextLength)
    let train = try CuratedDataset(parsing: try context.input("train"))
    let counts = encoder.encode(try train.records()).counts
    let sample = try UncuratedSample(
      of: try CuratedDataset(parsing: try context.input("pool")), without: try CuratedDataset(parsing: try context.input("holdout")),
      tokens: counts.supervisedTokens, salt: try parameters.string("salt")
    ) { encoder.encode([$0]).counts.supervisedTokens }
    context.note("\(sample.dataset.count) of \(sample.pool) uncurated records, with \(sample.tokens) tokens; \(sample.nearHoldout) left out, since the holdout has them")
    let account: JSONValue = [
      "schema": "soulpack.sample/1", "pool": .integer(Int64(sample.pool)), "near-holdout": .integer(Int64(sample.nearHoldout)),
      "curated": ["records": .integer(Int64(train.count)), "tokens": .integer(Int64(counts.supervisedTokens))],
      "uncurated": ["records": .integer(Int64(sample.dataset.count)), "tokens": .integer(Int64(sample.tokens))],
    ]
    return ["train": try context.store.objects.put(sample.dataset.bytes), "account": try context.store.objects.put(account.canonical)]
  }

  /// Tokens are counted as the base counts them, or a new model with the tokenizer that was trained for it.
  private func format(_ context: StepContext) throws -> ChatFormat {
    guard context.inputs["tokenizer"] != nil else { return try BaseModel(context, "base").format }
    return try ChatFormat(tokenizer: try TokenizerFile.read(try context.input("tokenizer")))
  }
}
