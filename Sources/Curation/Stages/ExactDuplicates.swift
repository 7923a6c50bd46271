internal import Artifacts
internal import Licensing

/// Merges records of one id into the one that stands first.
enum ExactDuplicates {
  /// `outcomes` stand in the order of their sources.
  ///
  /// Copies may belong to different conversations. The keeper takes the smallest key among them, by bytes, so that the dataset does not
  /// depend on which file was called what; a record without a key has no say. Terms of all of them hold for it.
  static func merge(_ outcomes: [Outcome], _ terms: TermsRule? = nil) -> [Outcome] {
    var merged = outcomes
    var keepers: [RecordID: Int] = [:]
    for (index, outcome) in outcomes.enumerated() {
      guard case .alive(let draft) = outcome else { continue }
      guard let keeper = keepers[draft.id] else {
        keepers[draft.id] = index
        continue
      }
      guard case .alive(var kept) = merged[keeper] else { preconditionFailure("a keeper is alive") }
      if let key = draft.record.conversation, precedes(key, kept.record.conversation) {
        kept.adopt(conversation: key)
      }
      if let terms { kept.adopt(license: terms.strictest(kept.record.license, draft.record.license)) }
      merged[keeper] = .alive(kept)
      merged[index] = .ended(draft.ended(.merged(keeper: draft.id, at: kept.source.place)))
    }
    return noted(merged, before: outcomes)
  }

  private static func precedes(_ key: String, _ other: String?) -> Bool {
    guard let other else { return true }
    return key.utf8.lexicographicallyPrecedes(other.utf8)
  }

  /// Writes it down where a keeper took another key or stricter terms.
  private static func noted(_ merged: [Outcome], before: [Outcome]) -> [Outcome] {
    zip(merged, before).map { after, before in
      guard case .alive(var draft) = after, case .alive(let old) = before else { return after }
      var changes: [Change] = []
      if draft.record.conversation.map({ Array($0.utf8) }) != old.record.conversation.map({ Array($0.utf8) }) {
        changes.append(Change(kind: .conversation, count: 1))
      }
      if draft.record.license != old.record.license { changes.append(Change(kind: .terms, count: 1)) }
      guard !changes.isEmpty else { return after }
      draft.passages.append(Passage(stage: .deduplicate, changes: changes))
      return .alive(draft)
    }
  }
}
