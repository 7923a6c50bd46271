internal import Artifacts
internal import Engine

/// What a run of the engine commits to, and how much it read.
struct EmbeddedRun {
  let trace: TrainingTrace
  let counts: EncodedDataset.Counts
  /// Nil where nothing was measured while it trained.
  private let validation: Validation?

  /// The losses of the trace are sums over so many tokens.
  private struct Validation {
    let tokenCount, plannedSteps, keptStep: Int

    var document: JSONValue {
      ["tokens": .integer(Int64(tokenCount)), "plannedSteps": .integer(Int64(plannedSteps)), "keptStep": .integer(Int64(keptStep))]
    }
  }

  init(_ trainer: Trainer, counts: EncodedDataset.Counts) {
    (trace, self.counts) = (trainer.trace, counts)
    validation = trainer.validationTokenCount.map { Validation(tokenCount: $0, plannedSteps: trainer.totalSteps, keptStep: trainer.keptStep) }
  }

  var document: JSONValue {
    var members: [String: JSONValue] = ["schema": "soulpack.training-run/1", "trace": trace.canonical, "counts": counts.document]
    members["validation"] = validation?.document
    return .object(members)
  }
}

extension EncodedDataset.Counts {
  var document: JSONValue {
    [
      "records": .integer(Int64(records)), "examples": .integer(Int64(examples)), "tokens": .integer(Int64(tokens)),
      "supervisedTokens": .integer(Int64(supervisedTokens)), "cutRecords": .integer(Int64(cutRecords)),
      "recordsWithoutTarget": .integer(Int64(recordsWithoutTarget)),
    ]
  }
}
