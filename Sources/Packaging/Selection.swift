package import Artifacts
package import Signing

extension SoulManifest {
  /// The selection that promoted this Soul's component, as Judging wrote it (`soulpack.selection/1`). It is kept whole, so that whoever imports
  /// Judging can decide again from the same table; here only what the manifest and the card need is read.
  package struct Selection: Hashable, Sendable {
    package struct Score: Hashable, Sendable {
      package let candidate: Digest
      /// Σ round(nats × 2²⁰) over the holdout.
      package let total: Int64
      package let tokens: Int64
    }

    package let document: JSONValue
    /// Who the component is: the one promoted or, in a smoke build alone, the one that came nearest.
    package let winner: Digest
    package let isPromoted: Bool
    package let incumbent: Score
    package let scores: [Score]
    package let label: String

    /// Reads the document of a decision that promoted somebody, or of a smoke build's, which need not have.
    package init(document: JSONValue) throws(DocumentError) {
      try self.init(DocumentReader(document, document: "selection"))
    }

    init(_ reader: DocumentReader) throws(DocumentError) {
      isPromoted = reader.value["outcome"] != "incumbent-stays"
      let chosen = isPromoted ? "winner" : "closest"
      try reader.object(["round", "label", "incumbent", "scores", "diverged", "improvement", "outcome", chosen], schema: "soulpack.selection/1")
      let outcome = try reader.member("outcome")
      guard try outcome.string() == (isPromoted ? "promoted" : "incumbent-stays") else { throw outcome.failure("is not \"promoted\"") }
      document = reader.value
      label = try reader.member("label").nonEmptyString()
      winner = try reader.member(chosen).digest()
      incumbent = try Self.score(reader.member("incumbent"))
      var scores: [Score] = []
      for score in try reader.member("scores").elements() { scores.append(try Self.score(score)) }
      self.scores = scores
      _ = try reader.member("round").digest()
      for digest in try reader.member("diverged").elements() { _ = try digest.digest() }
      try Self.checkImprovement(reader.member("improvement"))
      guard scores.contains(where: { $0.candidate == winner }) else { throw reader.failure("the winner has no score") }
    }

    private static func score(_ reader: DocumentReader) throws(DocumentError) -> Score {
      try reader.object(["candidate", "total", "tokens"])
      return Score(
        candidate: try reader.member("candidate").digest(), total: try reader.member("total").count(),
        tokens: try reader.member("tokens").integer(1...JSONValue.largestExactInteger))
    }

    private static func checkImprovement(_ reader: DocumentReader) throws(DocumentError) {
      try reader.object(["numerator", "denominator"])
      _ = try reader.member("numerator").count()
      _ = try reader.member("denominator").integer(1...JSONValue.largestExactInteger)
    }
  }
}

extension SoulManifest.Selection.Score {
  /// Nats a token, rounded half up to four places, from integers: the same text everywhere.
  var lossText: String {
    let scale = Int128(10_000)
    let divisor = Int128(tokens) << 20
    let rounded = (2 * Int128(total) * scale + divisor) / (2 * divisor)
    let fraction = String(rounded % scale)
    return "\(rounded / scale)." + String(repeating: "0", count: 4 - fraction.count) + fraction
  }
}
