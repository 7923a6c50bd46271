import Artifacts
import Foundation
import Hashing
import Judging
import Signing
import Testing

@Suite("A round's decision")
struct DecisionTests {
  private let base = Digest(hashing: Data("base".utf8))

  private func candidate(_ name: String) -> Digest { Digest(hashing: Data(name.utf8)) }

  private func scored(_ name: String, _ total: Int64, tokens: Int64 = 1000) -> Proposal {
    .scored(score(candidate(name), total, tokens: tokens))
  }

  private func score(_ candidate: Digest, _ total: Int64, tokens: Int64 = 1000) -> Score {
    Score(candidate: candidate, total: total, tokens: tokens, records: Digest(hashing: Data("records".utf8)))
  }

  private func question(tokens: Int64 = 1000, improvement: (Int64, Int64) = (1, 1000)) throws -> Question {
    let margin = try #require(Margin(numerator: improvement.0, denominator: improvement.1))
    return Question(
      incumbent: base, holdout: .init(root: Digest(hashing: Data("holdout".utf8)), records: 10, tokens: tokens), improvement: margin)
  }

  private func decide(
    _ proposals: [Proposal], incumbent: Int64 = 4_000_000_000, tokens: Int64 = 1000, improvement: (Int64, Int64) = (1, 1000)
  ) throws -> Decision {
    let table = try ScoreTable(incumbent: score(base, incumbent, tokens: tokens), proposals: proposals)
    return try Decision(try question(tokens: tokens, improvement: improvement), table, label: .selfMeasured)
  }

  @Test("the lowest loss wins, whatever the order")
  func lowest() throws {
    let proposals = [scored("a", 3_500_000_000), scored("b", 3_400_000_000), scored("c", 3_600_000_000)]
    let decision = try decide(proposals)
    #expect(decision.winner == candidate("b"))
    #expect(try decide(proposals.reversed()) == decision)
  }

  @Test("a gain of exactly η is enough, and one unit less is not")
  func threshold() throws {
    // η = 1/1000 nat a token over 1000 tokens: one nat, 2²⁰ units.
    #expect(try decide([scored("a", 4_000_000_000 - 1_048_576)]).winner == candidate("a"))
    #expect(try decide([scored("a", 4_000_000_000 - 1_048_575)]).outcome == .incumbentStays(closest: candidate("a")))
  }

  @Test("a gain that no float64 could tell from η is still told exactly")
  func exact() throws {
    let largest: Int64 = (1 << 53) - 1
    // (gain)·(2⁵³−1) ≥ 1·2²⁰·tokens: with 2³³ tokens the bound is 2⁵³, so a gain of 1 misses by one part in 2⁵³ and 2 meets it.
    #expect(try decide([scored("a", 9, tokens: 1 << 33)], incumbent: 10, tokens: 1 << 33, improvement: (1, largest)).winner == nil)
    #expect(try decide([scored("a", 8, tokens: 1 << 33)], incumbent: 10, tokens: 1 << 33, improvement: (1, largest)).winner != nil)
  }

  @Test("the largest numbers do not overflow")
  func extremes() throws {
    let largest: Int64 = (1 << 53) - 1
    for improvement in [(largest, 1), (largest, largest), (0, 1), (1, largest)] as [(Int64, Int64)] {
      let better = try decide([scored("a", 0, tokens: largest)], incumbent: largest, tokens: largest, improvement: improvement)
      #expect((better.winner != nil) == (improvement.0 <= improvement.1 / (1 << 20)))
      let worse = try decide([scored("a", largest, tokens: largest)], incumbent: 0, tokens: largest, improvement: improvement)
      #expect(worse.winner == nil)
    }
  }

  @Test("equal losses go to the smallest tie-break, in any order")
  func ties() throws {
    let names = ["a", "b", "c", "d", "e"]
    let asked = try question().digest
    let smallest = names.map(candidate).min { Decision.tieBreak(question: asked, candidate: $0) < Decision.tieBreak(question: asked, candidate: $1) }
    for rotation in names.indices {
      let order = names[rotation...] + names[..<rotation]
      #expect(try decide(order.map { scored($0, 3_000_000_000) }).winner == smallest)
    }
    // The definition, spelled out.
    let bytes = Data("soulpack/albft/1/tie".utf8) + Data(asked.bytes) + Data(base.bytes)
    #expect(Decision.tieBreak(question: asked, candidate: base) == Digest(hashing: bytes))
  }

  @Test("identical digests are one candidate, and two scores for one are a contradiction")
  func identical() throws {
    #expect(try decide([scored("a", 3_000_000_000), scored("a", 3_000_000_000)]).scores.count == 1)
    #expect(throws: DecisionError.contradiction(candidate("a"))) { try decide([scored("a", 1), scored("a", 2)]) }
    #expect(throws: DecisionError.contradiction(candidate("a"))) { try decide([scored("a", 1), .diverged(candidate("a"))]) }
    #expect(throws: DecisionError.contradiction(base)) { try decide([.scored(score(base, 1))]) }
  }

  @Test("who diverged is out of the choice, and nobody left is a result")
  func diverged() throws {
    let decision = try decide([.diverged(candidate("a")), scored("b", 3_000_000_000)])
    #expect(decision.winner == candidate("b"))
    #expect(decision.diverged == [candidate("a")])
    #expect(try decide([.diverged(candidate("a"))]).outcome == .noCandidate)
    #expect(try decide([]).outcome == .noCandidate)
    let incumbentAgain = Proposal.scored(score(base, 4_000_000_000))
    #expect(try decide([incumbentAgain]).outcome == .noCandidate)
  }

  @Test("scores that cannot be are refused")
  func impossible() throws {
    #expect(throws: DecisionError.impossibleScore(candidate("a"))) { try decide([scored("a", -1)]) }
    #expect(throws: DecisionError.impossibleScore(candidate("a"))) { try decide([scored("a", 1 << 53)]) }
    #expect(throws: DecisionError.impossibleScore(base)) { try decide([], tokens: 0) }
    #expect(throws: DecisionError.tokensDiffer(candidate: candidate("a"), tokens: 999, expected: 1000)) {
      try decide([scored("a", 1, tokens: 999)])
    }
    #expect(Margin(numerator: -1, denominator: 1) == nil)
    #expect(Margin(numerator: 1, denominator: 0) == nil)
  }

  @Test("a decision comes back from its document, and one that does not follow from its scores is refused")
  func document() throws {
    let outcomes = [
      try decide([scored("a", 3_000_000_000), scored("b", 3_000_000_001), .diverged(candidate("c"))]),
      try decide([scored("a", 4_000_000_000)]), try decide([]),
    ]
    for decision in outcomes {
      let document = decision.document
      #expect(try Decision(document: JSONValue(parsingCanonical: document.canonical)) == decision)
      var members = try #require(document.object)
      members["outcome"] = "promoted"
      members["winner"] = .digest(candidate("b"))
      #expect(throws: DocumentError.self) { try Decision(document: .object(members)) }
    }
    var members = try #require(outcomes[0].document.object)
    members["label"] = "certain"
    #expect(throws: DocumentError.self) { try Decision(document: .object(members)) }
  }

  @Test("the question holds no key, and scores of another incumbent or holdout do not answer it")
  func otherQuestion() throws {
    let table = try ScoreTable(incumbent: score(base, 5, tokens: 7), proposals: [])
    #expect(throws: DecisionError.otherQuestion) { try Decision(try question(), table, label: .selfMeasured) }
    let other = try ScoreTable(incumbent: score(candidate("a"), 5), proposals: [])
    #expect(throws: DecisionError.otherQuestion) { try Decision(try question(), other, label: .selfMeasured) }
    #expect(!(try question().document.canonicalText.contains("did:key")))
  }
}
