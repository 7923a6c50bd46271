internal import Artifacts
internal import Curation
internal import Planning
internal import Running
internal import Store

/// A dataset is parted into train, validation and holdout, each conversation whole on one side.
struct SplitStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let objects = context.store.reading.objects
    let (dataset, parameters) = (try context.dataset("dataset"), try SplitParameters(context.action.parameters))
    return try await context.store.objects.withSharedBatch { batch in
      let split = try await Split(dataset, parameters, shelf: Shelf { try batch.add($0) }, get: { try objects.get($0) })
      context.note(Partition.allCases.map { "\($0.rawValue) \(split[$0].count)" }.joined(separator: ", "))
      let indexes = try Partition.allCases.map { try batch.add(split[$0].canonical.canonical, holding: split[$0].shards.map(\.digest)) }
      return Dictionary(uniqueKeysWithValues: zip(Partition.allCases.map(\.rawValue), indexes))
    }
  }
}
