internal import Artifacts
internal import Curation
internal import Planning
internal import Running
internal import Store

/// A dataset is parted into train, validation and holdout, each conversation whole on one side.
struct SplitStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let objects = context.store.reading.objects
    let split = try await Split(
      try context.dataset("dataset"), try SplitParameters(context.action.parameters), shelf: context.shelf, get: { try objects.get($0) })
    context.note(Partition.allCases.map { "\($0.rawValue) \(split[$0].count)" }.joined(separator: ", "))
    let digests = try context.store.objects.put(Partition.allCases.map { split[$0].canonical.canonical })
    return Dictionary(uniqueKeysWithValues: zip(Partition.allCases.map(\.rawValue), digests))
  }
}
