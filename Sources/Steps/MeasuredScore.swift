internal import Artifacts
internal import Engine
internal import Judging

/// The document that a score action leaves: the total that decides, and each record's part of it, so that a single record can be measured again.
struct MeasuredScore {
  let candidate: Digest
  let total: Int64
  let tokens: Int64
  let vocabulary: Int64
  private let records: JSONValue

  init(candidate: Digest, score: Engine.Score, vocabulary: Int) {
    self.candidate = candidate
    total = score.scaledLoss
    tokens = Int64(score.tokenCount)
    self.vocabulary = Int64(vocabulary)
    records = .array(score.records.map { [.digest($0.recordID.digest), .integer($0.scaledLoss), .integer(Int64($0.tokenCount))] })
  }

  var document: JSONValue {
    [
      "schema": "soulpack.score/1", "candidate": .digest(candidate), "total": .integer(total), "tokens": .integer(tokens),
      "vocabulary": .integer(vocabulary), "records": records,
    ]
  }

  init?(document: JSONValue) {
    guard document["schema"]?.string == "soulpack.score/1", let candidate = document["candidate"]?.digest,
      let total = document["total"]?.integer, let tokens = document["tokens"]?.integer, let vocabulary = document["vocabulary"]?.integer,
      let records = document["records"]
    else { return nil }
    self.candidate = candidate
    self.total = total
    self.tokens = tokens
    self.vocabulary = vocabulary
    self.records = records
  }

  var score: Judging.Score { Judging.Score(candidate: candidate, total: total, tokens: tokens) }
}
