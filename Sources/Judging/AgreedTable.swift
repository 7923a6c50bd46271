internal import Artifacts

/// What a set of votes comes to: for each candidate the lower median, if a quorum of the votes lies within the round's tolerance of it everywhere.
///
/// With at most f liars among at least 2f + 1 votes, the lower median is between two honest values. With a tolerance of zero it is the one value
/// that all honest validators measured, and the records' roots must agree as well.
struct AgreedTable {
  /// Nil where no quorum agrees.
  let table: ScoreTable?

  init(_ votes: [ScoreTable], of manifest: RoundManifest) {
    guard let first = votes.first, votes.count >= manifest.quorum else {
      table = nil
      return
    }
    let incumbent = Self.median(votes.map { .scored($0.incumbent) })
    let proposals = first.candidates.sorted().map { candidate in Self.median(votes.map { $0.proposal(candidate) }) }
    let agreeing = votes.count { vote in
      Self.agree(.scored(vote.incumbent), incumbent, manifest.question)
        && proposals.allSatisfy { Self.agree(vote.proposal($0.candidate), $0, manifest.question) }
    }
    guard agreeing >= manifest.quorum, case .scored(let score) = incumbent else {
      table = nil
      return
    }
    do throws(DecisionError) {
      table = try ScoreTable(incumbent: score, proposals: proposals)
    } catch {
      preconditionFailure("the medians of tables are a table")  // Every part of it was checked as a part of a vote.
    }
  }

  /// A loss that is not finite is above all others. Of several votes with the median, the records' root that most of them have counts, then the
  /// smallest.
  private static func median(_ proposals: [Proposal]) -> Proposal {
    let sorted = proposals.sorted { $0.order < $1.order }
    let middle = sorted[(sorted.count - 1) / 2]
    guard case .scored(let score) = middle else { return middle }
    let equal = proposals.compactMap { if case .scored(let other) = $0, other.total == score.total { other } else { nil } }
    let counts = Dictionary(equal.map { ($0.records, 1) }, uniquingKeysWith: +)
    let root = counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
    return .scored(equal.first { $0.records == root } ?? score)
  }

  private static func agree(_ vote: Proposal, _ median: Proposal, _ question: Question) -> Bool {
    switch (vote, median) {
    case (.diverged, .diverged): true
    case (.scored(let vote), .scored(let median)):
      question.tolerance == .zero ? vote == median : question.tolerance.holds(vote.total - median.total, tokens: question.holdout.tokens)
    default: false
    }
  }
}

extension ScoreTable {
  fileprivate func proposal(_ candidate: Digest) -> Proposal { self[candidate].map { .scored($0) } ?? .diverged(candidate) }
}

extension Proposal {
  /// No total reaches the largest `Int64`.
  fileprivate var order: Int64 {
    switch self {
    case .scored(let score): score.total
    case .diverged: .max
    }
  }
}
