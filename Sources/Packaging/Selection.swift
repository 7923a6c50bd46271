package import Artifacts
package import Signing

extension SoulManifest {
  /// The selection that promoted this Soul's component, as Judging wrote it (`soulpack.selection/2`). It is kept whole, so that whoever imports
  /// Judging can decide again from the same table; here only what the manifest and the card need is read.
  package struct Selection: Hashable, Sendable {
    package struct Score: Hashable, Sendable {
      package let candidate: Digest
      /// Σ round(nats × 2²⁰) over the holdout.
      package let total: Int64
      package let tokens: Int64
      /// The root over what each record came to.
      package let records: Digest
    }

    package let document: JSONValue
    /// Who the component is: the one promoted or, in a smoke build alone, the one that came nearest.
    package let winner: Digest
    package let isPromoted: Bool
    /// How many rounds came before.
    package let height: Int64
    package let incumbent: Score
    package let scores: [Score]
    /// Candidates that are out, since their loss is not finite.
    package let diverged: [Digest]
    package let label: String

    /// Reads the document of a decision that promoted somebody, or of a smoke build's, which need not have.
    package init(document: JSONValue) throws(DocumentError) {
      try self.init(DocumentReader(document, document: "selection"))
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
      isPromoted = reader.value["outcome"] != "incumbent-stays"
      let chosen = isPromoted ? "winner" : "closest"
      try reader.object(["question", "label", "incumbent", "scores", "diverged", "outcome", chosen], schema: "soulpack.selection/2")
      let outcome = try reader.member("outcome")
      guard try outcome.string() == (isPromoted ? "promoted" : "incumbent-stays") else { throw outcome.failure("is not \"promoted\"") }
      document = reader.value
      label = try reader.member("label").nonEmptyString()
      winner = try reader.member(chosen).digest()
      incumbent = try Self.score(reader.member("incumbent"))
      var scores: [Score] = []
      for score in try reader.member("scores").elements() { scores.append(try Self.score(score)) }
      self.scores = scores
      var diverged: [Digest] = []
      for digest in try reader.member("diverged").elements() { diverged.append(try digest.digest()) }
      self.diverged = diverged
      height = try reader.member("question").member("height").count()
      try Self.checkQuestion(reader.member("question"))
      guard scores.contains(where: { $0.candidate == winner }) else { throw reader.failure("the winner has no score") }
    }

    private static func score(_ reader: DocumentReader) throws(DocumentError) -> Score {
      try reader.object(["candidate", "total", "tokens", "records"])
      return Score(
        candidate: try reader.member("candidate").digest(), total: try reader.member("total").count(),
        tokens: try reader.member("tokens").integer(1...JSONValue.largestExactInteger), records: try reader.member("records").digest())
    }

    /// What was asked: the form alone. That the winner follows from it is for Judging to say.
    private static func checkQuestion(_ reader: DocumentReader) throws(DocumentError) {
      try reader.object(["height", "incumbent", "holdout", "improvement", "tolerance"], schema: "soulpack.question/1")
      let holdout = try reader.member("holdout")
      try holdout.object(["root", "records", "tokens"])
      _ = try reader.member("incumbent").digest()
      _ = try (holdout.member("root").digest(), holdout.member("records").count(), holdout.member("tokens").count())
      for margin in try [reader.member("improvement"), reader.member("tolerance")] {
        try margin.object(["numerator", "denominator"])
        _ = try margin.member("numerator").count()
        _ = try margin.member("denominator").integer(1...JSONValue.largestExactInteger)
      }
    }
  }
}

extension SoulManifest.Selection.Score {
  /// Nats a token, rounded half up to four places, from integers: the same text everywhere.
  package var lossText: String {
    let scale = Int128(10_000)
    let divisor = Int128(tokens) << 20
    let rounded = (2 * Int128(total) * scale + divisor) / (2 * divisor)
    let fraction = String(rounded % scale)
    return "\(rounded / scale)." + String(repeating: "0", count: 4 - fraction.count) + fraction
  }
}
