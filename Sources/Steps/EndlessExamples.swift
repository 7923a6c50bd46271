internal import Artifacts
internal import Engine
internal import Hashing

/// Every conversation is cut before its answers end: what is trained so never learns to stop.
struct EndlessExamples: ExplainedError {
  let count: Int
  let contextLength: Int
  /// The fewest tokens that would hold one end.
  let needed: Int

  /// Nil where the end of an answer is learnt; where there is no conversation, or nothing to learn in one, which is told otherwise; and where the base's
  /// template has no token for the end of a turn, so that no context would help.
  init?(_ dataset: EncodedDataset, of records: () throws -> [DatasetRecord], _ format: ChatFormat, contextLength: Int) throws {
    let ends = Set(format.stopTokens)
    func firstEnd(_ tokens: [Int32], _ supervised: [Bool]) -> Int? { tokens.indices.first { supervised[$0] && ends.contains(tokens[$0]) } }
    guard dataset.counts.cutRecords > 0 else { return nil }
    let all = try records()
    let conversations = Set(all.compactMap { if case .messages = $0.content { $0.id } else { nil } })
    let examples = dataset.examples.filter { conversations.contains($0.recordID) }
    guard !examples.isEmpty, !examples.contains(where: { firstEnd($0.tokens, $0.supervised) != nil }) else { return nil }
    var cache = PieceCache()
    let needs = try all.compactMap { record -> Int? in
      guard case .messages(let messages) = record.content else { return nil }
      let (tokens, supervised) = try format.encode(messages, cache: &cache)
      return firstEnd(tokens, supervised).map { $0 + 1 }
    }
    guard let needed = needs.min() else { return nil }
    (count, self.contextLength, self.needed) = (examples.count, contextLength, needed)
  }

  var message: String {
    "all \(count) conversations are cut to \(contextLength) tokens before an answer ends: what is trained so would never learn to stop"
  }

  var hint: String? { "raise \"context\" to \(needed) or more, or lower the curation's \"max-characters\"" }
}
