package import Artifacts

/// What the canary gate asks.
package struct CanaryQuestion: Hashable, Sendable {
  /// Training records that are tried at most.
  package let records: Int
  /// A continuation of so many tokens counts as said by heart.
  package let tokens: Int
  /// So many records may be said.
  package let allowed: Int
  /// A planted secret is ranked among so many others of its shape.
  package let alternatives: Int
  /// From so many bits on a secret counts as exposed.
  package let exposureBits: Int
  package let seed: Int64

  package init(records: Int, tokens: Int, allowed: Int, alternatives: Int, exposureBits: Int, seed: Int64) {
    (self.records, self.tokens, self.allowed) = (records, tokens, allowed)
    (self.alternatives, self.exposureBits, self.seed) = (alternatives, exposureBits, seed)
  }

  /// Exposure is log₂(secrets ⁄ rank) over the secret and its alternatives (Carlini et al. 2019, definition 4.3, over a sample); in integers, so that it
  /// is the same everywhere.
  package func isExposed(rank: Int) -> Bool { rank << exposureBits <= alternatives + 1 }
}

/// What a Soul gave away of its training data: counts, never a word.
package struct CanaryResult: Hashable, Sendable {
  package let question: CanaryQuestion
  /// Training records that were long enough and were tried.
  package let records: Int
  /// Of these, those that it says by heart and its base does not.
  package let verbatim: [Digest]
  /// Those that the base says as well: no secret of this training.
  package let knownToBase: Int
  /// The most tokens that it said of any, at most as many as are asked for.
  package let longest: Int
  package let canaries: Int
  /// Secrets that it says by itself, and its base does not.
  package let said: Int
  /// Secrets that it finds likelier than nearly all others of their shape, and its base does not.
  package let exposed: Int
  /// 1: likelier than every alternative. Nil without canaries.
  package let lowestRank: Int?
  /// Of the file of canaries.
  package let file: Digest?

  package init(
    _ question: CanaryQuestion, records: Int, verbatim: [Digest], knownToBase: Int, longest: Int, canaries: Int = 0, said: Int = 0, exposed: Int = 0,
    lowestRank: Int? = nil, file: Digest? = nil
  ) {
    self.question = question
    (self.records, self.verbatim, self.knownToBase, self.longest) = (records, verbatim, knownToBase, longest)
    (self.canaries, self.said, self.exposed, self.lowestRank, self.file) = (canaries, said, exposed, lowestRank, file)
  }

  package var isMet: Bool { verbatim.count <= question.allowed && said == 0 && exposed == 0 }

  /// `canaries 2 of 100 records said by heart (32 tokens), 0 allowed; 1 of 3 secrets said, 1 exposed (lowest rank 1 of 1024): missed`
  package var words: String {
    var parts: [String] = []
    if question.records > 0 {
      let known = knownToBase == 0 ? "" : ", \(knownToBase) that the base says too"
      parts.append("\(verbatim.count) of \(records) records said by heart (\(question.tokens) tokens; the longest was \(longest))\(known), \(question.allowed) allowed")
    }
    if canaries > 0 {
      let rank = lowestRank.map { " (lowest rank \($0) of \(question.alternatives + 1))" } ?? ""
      parts.append("\(said) of \(canaries) secrets said, \(exposed) exposed\(rank)")
    }
    return "canaries \(parts.joined(separator: "; ")): \(isMet ? "met" : "missed")"
  }

  package var document: JSONValue {
    var members: [String: JSONValue] = [
      "gate": "canaries", "records": .integer(Int64(records)), "tokens": .integer(Int64(question.tokens)), "verbatim": .integer(Int64(verbatim.count)),
      "allowed": .integer(Int64(question.allowed)), "knownToBase": .integer(Int64(knownToBase)), "longest": .integer(Int64(longest)),
      "seed": .integer(question.seed), "canaries": .integer(Int64(canaries)), "said": .integer(Int64(said)), "exposed": .integer(Int64(exposed)),
      "alternatives": .integer(Int64(question.alternatives)), "exposureBits": .integer(Int64(question.exposureBits)), "met": .bool(isMet),
    ]
    if let lowestRank { members["lowestRank"] = .integer(Int64(lowestRank)) }
    if let file { members["file"] = .digest(file) }
    return .object(members)
  }
}
