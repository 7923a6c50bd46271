internal import Artifacts
internal import Engine

/// What a training run commits to, and how much it read: the `trace` of a train action.
struct TrainingRun {
  let trace: TrainingTrace
  let counts: EncodedDataset.Counts

  var document: JSONValue {
    [
      "schema": "soulpack.training-run/1", "trace": trace.canonical,
      "counts": [
        "records": .integer(Int64(counts.records)), "examples": .integer(Int64(counts.examples)), "tokens": .integer(Int64(counts.tokens)),
        "supervisedTokens": .integer(Int64(counts.supervisedTokens)), "cutRecords": .integer(Int64(counts.cutRecords)),
        "recordsWithoutTarget": .integer(Int64(counts.recordsWithoutTarget)),
      ],
    ]
  }
}
