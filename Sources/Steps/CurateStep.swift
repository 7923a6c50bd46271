internal import Artifacts
internal import Curation
internal import Hashing
internal import Planning
internal import Running
internal import Store

/// A snapshot becomes a curated dataset, and a ledger that answers for every record of it.
struct CurateStep: Step {
  func run(_ context: StepContext) async throws -> [String: Digest] {
    let objects = context.store.reading.objects
    let parameters = try self.parameters(context)
    let evaluations = try EvaluationIndex(try evaluationFiles(context), for: parameters)
    if let evaluations, evaluations.unsearchableCount > 0 {
      context.note("\(evaluations.unsearchableCount) of \(evaluations.recordCount) evaluation records are too short to be looked for, or say what the others say")
    }
    let curator = Curator(parameters: parameters, evaluations: evaluations)
    let snapshot = try context.snapshot("source")
    return try await context.store.objects.withSharedBatch { batch in
      let (dataset, ledger) = try await curator.curate(
        snapshot, scratch: context.workFolder, load: { try SourceFile(objects.open($0.digest)) }, shelf: Shelf { try batch.add($0) },
        get: { try objects.get($0) }, memo: memo(context))
      let summary = ledger.summary
      context.note("\(summary.recordsRead) records in: \(summary.kept) kept, \(summary.droppedCount) dropped, \(summary.merged) merged")
      return [
        "dataset": try batch.add(dataset.canonical.canonical, holding: dataset.shards.map(\.digest)),
        "ledger": try batch.add(ledger.canonical.canonical, holding: ledger.chunks.map(\.digest)),
      ]
    }
  }

  /// What a record comes to depends on all that the action's key depends on, but for the source.
  private func memo(_ context: StepContext) -> CurationMemo {
    let store = context.store
    let inputs = context.inputs.filter { $0.key != "source" }.mapValues { JSONValue.digest($0) }
    let scope: JSONValue = [
      "semantics": .integer(context.action.kind.semantics), "parameters": context.action.parameters, "inputs": .object(inputs),
    ]
    return CurationMemo(
      scope: Digest(hashing: scope), name: context.action.id.description, lookup: { try store.memo.lookup($0) }, keep: { try store.memo.keep($0) },
      areStored: { try store.reading.objects.missing($0).isEmpty })
  }

  /// What the data is kept clear of, in the order in which the plan numbers it. A name that was there before gets its input's number.
  private func evaluationFiles(_ context: StepContext) throws -> [EvaluationIndex.File] {
    var files: [EvaluationIndex.File] = []
    var names: Set<String> = []
    for number in 1... {
      let input = "evaluation.\(number)"
      guard context.inputs[input] != nil else { break }
      for entry in try context.snapshot(input).entries {
        let name = names.insert(entry.path).inserted ? entry.path : "\(number)/\(entry.path)"
        files.append(EvaluationIndex.File(name: name, data: try context.store.objects.get(entry.digest)))
      }
    }
    return files
  }

  private func parameters(_ context: StepContext) throws -> CurationParameters {
    var parameters = try CurationParameters(context.action.parameters)
    if context.inputs["retractions"] != nil { parameters.retractions = try Retractions(parsing: try context.input("retractions")) }
    return parameters
  }
}

extension SourceFile {
  fileprivate init(_ object: ObjectReader) {
    self.init(byteCount: Int(object.byteCount)) { try object.read(Int64($0.lowerBound)..<Int64($0.upperBound)) }
  }
}
