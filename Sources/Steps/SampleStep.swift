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
    let train = try context.dataset("train")
    let records = try train.records()
    if let untrainable = UntrainableRecords(records) { throw untrainable }
    let counts = try encoder.encode(records).counts
    let sample = try UncuratedSample(
      of: try context.dataset("pool").whole(), without: try context.dataset("holdout").whole(), tokens: counts.supervisedTokens, salt: try parameters.string("salt")
    ) { try encoder.encode([$0]).counts.supervisedTokens }
    context.note("\(sample.dataset.count) of \(sample.pool) uncurated records, with \(sample.tokens) tokens; \(sample.nearHoldout) left out, since the holdout has them")
    let account: JSONValue = [
      "schema": "soulpack.sample/1", "pool": .integer(Int64(sample.pool)), "near-holdout": .integer(Int64(sample.nearHoldout)),
      "curated": ["records": .integer(Int64(train.count)), "tokens": .integer(Int64(counts.supervisedTokens))],
      "uncurated": ["records": .integer(Int64(sample.dataset.count)), "tokens": .integer(Int64(sample.tokens))],
    ]
    let objects = context.store.reading.objects
    return try await context.store.objects.withSharedBatch { batch in
      let shards = try sample.dataset.shards(on: Shelf { try batch.add($0) })
      let dataset = StoredDataset(shards: shards) { try objects.get($0) }
      return ["train": try batch.add(dataset.canonical.canonical, holding: shards.map(\.digest)), "account": try batch.add(account.canonical)]
    }
  }

  /// Tokens are counted as the base counts them, or a new model with the tokenizer that was trained for it.
  private func format(_ context: StepContext) throws -> ChatFormat {
    guard context.inputs["tokenizer"] != nil else { return try BaseModel.format(context, "base") }
    return try ChatFormat(tokenizer: try TokenizerFile.read(try context.input("tokenizer")))
  }
}
