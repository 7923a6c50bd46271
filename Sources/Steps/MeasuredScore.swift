internal import Artifacts
internal import Engine
internal import Judging

/// The document that a score action leaves: what each record lost, so that a single one can be measured again; or that the loss is not finite.
struct MeasuredScore {
  enum Outcome {
    /// `vocabulary` is the number of tokens that the model chooses among.
    case measured(RecordLosses, vocabulary: Int64)
    /// Training left nothing to measure, or what it left has no finite loss.
    case diverged
  }

  /// The digest of the listing of its files.
  let candidate: Digest
  let outcome: Outcome

  var losses: RecordLosses? {
    if case .measured(let losses, _) = outcome { losses } else { nil }
  }
}

// MARK: - Document

extension MeasuredScore {
  private static let schema = "soulpack.score/1"

  /// The windows of a long text stand as they were measured, each under the record's id.
  static func document(candidate: Digest, score: Engine.Score, vocabulary: Int) -> JSONValue {
    [
      "schema": .string(schema), "candidate": .digest(candidate), "total": .integer(score.scaledLoss), "tokens": .integer(Int64(score.tokenCount)),
      "vocabulary": .integer(Int64(vocabulary)),
      "records": .array(score.records.map { [.digest($0.recordID.digest), .integer($0.scaledLoss), .integer(Int64($0.tokenCount))] }),
    ]
  }

  static func divergence(candidate: Digest) -> JSONValue {
    ["schema": .string(schema), "candidate": .digest(candidate), "diverged": true]
  }

  /// Nil where the document is not a score, or its sums are not the sums of its records.
  init?(document: JSONValue) throws(RecordLossError) {
    guard document["schema"]?.string == Self.schema, let candidate = document["candidate"]?.digest else { return nil }
    self.candidate = candidate
    if document["diverged"]?.bool == true {
      outcome = .diverged
      return
    }
    guard let vocabulary = document["vocabulary"]?.integer, let rows = document["records"]?.array else { return nil }
    let parts = rows.compactMap(RecordLosses.Record.init)
    guard parts.count == rows.count else { return nil }
    let losses = try RecordLosses(parts)
    guard losses.total == document["total"]?.integer, losses.tokens == document["tokens"]?.integer else { return nil }
    outcome = .measured(losses, vocabulary: vocabulary)
  }
}

extension RecordLosses.Record {
  fileprivate init?(_ row: JSONValue) {
    guard let cells = row.array, cells.count == 3, let id = cells[0].digest, let total = cells[1].integer, let tokens = cells[2].integer else {
      return nil
    }
    self.init(id: id, total: total, tokens: tokens)
  }
}
