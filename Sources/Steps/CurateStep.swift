internal import Artifacts
internal import Curation
internal import Planning
internal import Running
internal import Store

/// A snapshot becomes a curated dataset, and a ledger that answers for every record of it.
struct CurateStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let objects = context.store.reading.objects
    let curator = Curator(parameters: try parameters(context))
    let curation = try await curator.curate(try context.snapshot("source")) { try objects.get($0.digest) }
    let summary = curation.ledger.summary
    context.note("\(summary.recordsRead) records in: \(summary.kept) kept, \(summary.droppedCount) dropped, \(summary.merged) merged")
    return [
      "dataset": try context.store.objects.put(curation.dataset.bytes),
      "ledger": try context.store.objects.put(curation.ledger.bytes),
    ]
  }

  private func parameters(_ context: StepContext) throws -> CurationParameters {
    var parameters = try CurationParameters(context.action.parameters)
    if context.inputs["retractions"] != nil { parameters.retractions = try Retractions(parsing: try context.input("retractions")) }
    return parameters
  }
}
