internal import Artifacts
internal import Engine

/// What a run of the engine commits to, and how much it read.
struct EmbeddedRun {
  let trace: TrainingTrace
  let counts: EncodedDataset.Counts

  var document: JSONValue { ["schema": "soulpack.training-run/1", "trace": trace.canonical, "counts": counts.document] }
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
