package import Artifacts
package import Signing

extension Decision {
  package static let schema = "soulpack.selection/1"

  /// The table and what follows from it.
  package var document: JSONValue {
    var members: [String: JSONValue] = [
      "schema": .string(Self.schema), "round": .digest(round), "label": .string(Self.label), "incumbent": Self.document(of: incumbent),
      "scores": .array(scores.map(Self.document)), "diverged": .array(diverged.map { .digest($0) }),
      "improvement": ["numerator": .integer(improvement.numerator), "denominator": .integer(improvement.denominator)],
    ]
    switch outcome {
    case .promoted(let digest):
      members["outcome"] = "promoted"
      members["winner"] = .digest(digest)
    case .incumbentStays(let closest):
      members["outcome"] = "incumbent-stays"
      members["closest"] = .digest(closest)
    case .noCandidate:
      members["outcome"] = "no-candidate"
    }
    return .object(members)
  }

  private static func document(of score: Score) -> JSONValue {
    ["candidate": .digest(score.candidate), "total": .integer(score.total), "tokens": .integer(score.tokens)]
  }

  /// Reads a decision and decides again: a document whose outcome does not follow from its own table is refused.
  package init(document: JSONValue) throws(DocumentError) {
    let reader = DocumentReader(document, document: "selection")
    var proposals: [Proposal] = []
    for score in try reader.member("scores").elements() { proposals.append(.scored(try Self.score(score))) }
    for digest in try reader.member("diverged").elements() { proposals.append(.diverged(try digest.digest())) }
    let (round, incumbent) = (try reader.member("round").digest(), try Self.score(reader.member("incumbent")))
    let improvement = try Self.improvement(reader.member("improvement"))
    do throws(DecisionError) {
      try self.init(round: round, incumbent: incumbent, proposals: proposals, improvement: improvement)
    } catch {
      throw reader.failure(error.message)
    }
    // Covers the schema, the label, the outcome, the order, and members that nobody knows.
    guard self.document == document else { throw reader.failure("does not follow from its scores") }
  }

  private static func score(_ reader: DocumentReader) throws(DocumentError) -> Score {
    try reader.object(["candidate", "total", "tokens"])
    return Score(
      candidate: try reader.member("candidate").digest(), total: try reader.member("total").count(),
      tokens: try reader.member("tokens").count())
  }

  private static func improvement(_ reader: DocumentReader) throws(DocumentError) -> Improvement {
    try reader.object(["numerator", "denominator"])
    let (numerator, denominator) = (try reader.member("numerator").count(), try reader.member("denominator").count())
    guard let improvement = Improvement(numerator: numerator, denominator: denominator) else {
      throw reader.failure("has no positive denominator")
    }
    return improvement
  }
}
