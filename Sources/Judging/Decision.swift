package import Artifacts
internal import Hashing
package import Signing

/// The decision of one ALBFT round: who wins, from integers alone.
///
/// The lowest score wins if S_incumbent − S_winner ≥ η·2²⁰·tokens; ties go to the smallest `tieBreak`. That nobody wins is a decision like any
/// other. It is a function of the question and the table, and holds no key: the certificate that a committee signs is over this very document.
package struct Decision: Hashable, Sendable {
  /// What the table is worth.
  package enum Label: String, Hashable, Sendable, CaseIterable {
    /// The one who trained is the one who measured.
    case selfMeasured = "self-measured"
    /// A committee of four or more keys measured.
    case attested
  }

  package enum Outcome: Hashable, Sendable {
    case promoted(Digest)
    /// Nobody gained enough over the incumbent; `closest` came nearest.
    case incumbentStays(closest: Digest)
    /// There was nothing to choose from.
    case noCandidate
  }

  package let question: Question
  package let table: ScoreTable
  package let label: Label
  package let outcome: Outcome

  package var incumbent: Score { table.incumbent }
  package var scores: [Score] { table.scores }
  package var diverged: [Digest] { table.diverged }
  package var improvement: Margin { question.improvement }

  package var winner: Digest? {
    if case .promoted(let digest) = outcome { digest } else { nil }
  }

  /// The winner, or who came nearest where nobody gained enough.
  package var best: Digest? {
    switch outcome {
    case .promoted(let digest), .incumbentStays(let digest): digest
    case .noCandidate: nil
    }
  }
}

package enum DecisionError: ExplainedError, Hashable {
  /// Totals and counts are from 0 to 2⁵³ − 1, tokens at least 1.
  case impossibleScore(Digest)
  /// Scores over another number of tokens were not measured on the same holdout.
  case tokensDiffer(candidate: Digest, tokens: Int64, expected: Int64)
  /// One candidate, two different scores.
  case contradiction(Digest)
  /// The table is not about the incumbent and the holdout of the question.
  case otherQuestion

  package var message: String {
    switch self {
    case .impossibleScore(let digest): "impossible score of candidate \(digest.short)"
    case .tokensDiffer(let candidate, let tokens, let expected):
      "candidate \(candidate.short) was scored over \(tokens) tokens, the incumbent over \(expected)"
    case .contradiction(let digest): "candidate \(digest.short) has two different scores"
    case .otherQuestion: "the scores are of another incumbent or holdout than the round asks about"
    }
  }

  package var hint: String? { nil }
}

// MARK: - Deciding

extension Decision {
  package init(_ question: Question, _ table: ScoreTable, label: Label) throws(DecisionError) {
    guard table.incumbent.candidate == question.incumbent, table.incumbent.tokens == question.holdout.tokens else { throw .otherQuestion }
    self.question = question
    self.table = table
    self.label = label
    outcome = Self.outcome(question, table)
  }

  private static func outcome(_ question: Question, _ table: ScoreTable) -> Outcome {
    let asked = question.digest
    let best = table.scores.min { left, right in
      left.total == right.total
        ? tieBreak(question: asked, candidate: left.candidate) < tieBreak(question: asked, candidate: right.candidate)
        : left.total < right.total
    }
    guard let best else { return .noCandidate }
    let isEnough = question.improvement.isReached(by: table.incumbent.total - best.total, tokens: table.incumbent.tokens)
    return isEnough ? .promoted(best.candidate) : .incumbentStays(closest: best.candidate)
  }

  /// SHA-256 of the ASCII text `soulpack/albft/1/tie`, the 32 bytes of the question's digest and the 32 bytes of the candidate's.
  package static func tieBreak(question: Digest, candidate: Digest) -> Digest {
    Digest(hashing: Array("soulpack/albft/1/tie".utf8) + question.bytes + candidate.bytes)
  }
}

// MARK: - Document

extension Decision {
  package static let schema = "soulpack.selection/2"

  /// The question, the table and what follows from them.
  package var document: JSONValue {
    var members = table.document
    members["schema"] = .string(Self.schema)
    members["question"] = question.document
    members["label"] = .string(label.rawValue)
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

  /// Reads a decision and decides again: a document whose outcome does not follow from its own table is refused.
  package init(document: JSONValue) throws(DocumentError) {
    try self.init(DocumentReader(document, document: "selection"))
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    let (question, table) = (try Question(reader.member("question")), try ScoreTable(reader))
    let label = try reader.member("label").choice(Label.self)
    do throws(DecisionError) {
      try self.init(question, table, label: label)
    } catch {
      throw reader.failure(error.message)
    }
    // Covers the schema, the outcome, the order, and members that nobody knows.
    guard self.document == reader.value else { throw reader.failure("does not follow from its scores") }
  }
}
