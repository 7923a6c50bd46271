internal import Artifacts
internal import Curation
internal import Planning
internal import Running
internal import Store

/// A snapshot becomes a curated dataset, and a ledger that answers for every record of it.
struct CurateStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let objects = context.store.reading.objects
    let curator = Curator(parameters: try CurationParameters(context.action.parameters))
    let curation = try await curator.curate(
      try context.snapshot("source"), scratch: context.workFolder, load: { SourceFile(try objects.get($0.digest)) }, shelf: context.shelf,
      get: { try objects.get($0) })
    let summary = curation.ledger.summary
    context.note("\(summary.recordsRead) records in: \(summary.kept) kept, \(summary.droppedCount) dropped, \(summary.merged) merged")
    return [
      "dataset": try context.store.objects.put(curation.dataset.canonical.canonical),
      "ledger": try context.store.objects.put(curation.ledger.canonical.canonical),
    ]
  }
}
