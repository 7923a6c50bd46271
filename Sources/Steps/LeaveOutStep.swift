internal import Artifacts
internal import Curation
internal import Planning
internal import Running
internal import Store

/// A train split without the records that come from certain files alone.
struct LeaveOutStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let files = try ParameterReader(context.action).string("files")
    let train = try context.dataset("train").whole()
    let rest = try RecordsElsewhere(of: train, ledger: try context.ledger("ledger").whole(), notIn: files)
    context.note("\(rest.leftOut) of \(train.count) records left out")
    let account: JSONValue = ["schema": "soulpack.leave-out/1", "records": .integer(Int64(train.count)), "left-out": .integer(Int64(rest.leftOut))]
    let objects = context.store.reading.objects
    return try await context.store.objects.withSharedBatch { batch in
      let shards = try rest.dataset.shards(on: Shelf { try batch.add($0) })
      let dataset = StoredDataset(shards: shards) { try objects.get($0) }
      return ["train": try batch.add(dataset.canonical.canonical, holding: shards.map(\.digest)), "account": try batch.add(account.canonical)]
    }
  }
}
