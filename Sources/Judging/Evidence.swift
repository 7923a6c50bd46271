package import Artifacts
package import Signing

/// A proof that a key broke the protocol. It is cryptographic: whoever has the messages needs nothing else to check it.
package enum Evidence: Hashable, Sendable {
  /// One key signed two different messages for one slot.
  case equivocation(by: PublicKey, slot: Slot, first: SignedMessage, second: SignedMessage)
  /// A reveal names a commit that does not commit to what it reveals.
  case mismatchedReveal(by: PublicKey, commit: SignedMessage, reveal: SignedMessage)

  package var culprit: PublicKey {
    switch self {
    case .equivocation(let key, _, _, _), .mismatchedReveal(let key, _, _): key
    }
  }
}

/// What an honest key signs one value for.
package enum Slot: Hashable, Sendable {
  /// One round for an owner's Soul and height, whatever the version: else a version more would be a roll of the dice more.
  case round(owner: PublicKey, name: String, height: Int64)
  case freeze(round: Digest, Freeze.Stage)
  case vote(round: Digest)
  /// A verdict or an abort.
  case conclusion(round: Digest)

  /// Nil where a key may say as many as it likes: a trainer commits to several candidates, and who is owner and only validator at once has nobody to
  /// keep a promise to; its rounds are all at height 0, and labelled `self-measured`.
  package init?(_ message: RoundMessage) {
    switch message.body {
    case .manifest(let manifest):
      guard manifest.validators != [manifest.owner] else { return nil }
      self = .round(owner: manifest.owner, name: manifest.subject.name, height: manifest.question.height)
    case .freeze(let freeze): self = .freeze(round: message.round, freeze.stage)
    case .vote: self = .vote(round: message.round)
    case .decide, .abort: self = .conclusion(round: message.round)
    case .commit, .reveal: return nil
    }
  }
}

extension Evidence {
  /// What two messages prove against a key that signed both. Nil where they prove nothing.
  package static func equivocation(by key: PublicKey, _ first: SignedMessage, _ second: SignedMessage) -> Evidence? {
    guard let slot = Slot(first.message), slot == Slot(second.message), first.message != second.message,
      first.signers.contains(key), second.signers.contains(key)
    else { return nil }
    // By digest, so that one proof has one form, in whatever order the two came.
    let (lower, upper) = first.digest < second.digest ? (first, second) : (second, first)
    return .equivocation(by: key, slot: slot, first: lower, second: upper)
  }

  /// For whoever is to check it: `soulpack.albft-evidence/1`.
  package var document: JSONValue {
    let (kind, messages): (String, [SignedMessage]) =
      switch self {
      case .equivocation(_, _, let first, let second): ("equivocation", [first, second])
      case .mismatchedReveal(_, let commit, let reveal): ("mismatched-reveal", [commit, reveal])
      }
    return [
      "schema": "soulpack.albft-evidence/1", "class": "cryptographic", "kind": .string(kind), "by": .string(culprit.description),
      "messages": .array(messages.map(\.envelope.document)),
    ]
  }

  /// Reads evidence and checks that it is some.
  package init(document: JSONValue) throws(DocumentError) {
    let reader = DocumentReader(document, document: "evidence")
    let key = try reader.member("by").publicKey()
    var messages: [SignedMessage] = []
    for element in try reader.member("messages").elements(atMost: 2) { messages.append(try SignedMessage(Envelope(element))) }
    let evidence = messages.count == 2
      ? Evidence.equivocation(by: key, messages[0], messages[1]) ?? Evidence.mismatch(by: key, commit: messages[0], reveal: messages[1]) : nil
    guard let evidence else { throw reader.failure("proves nothing against \(key)") }
    self = evidence
    guard self.document == document else { throw reader.failure("is not in its one form") }
  }

  /// A commit and a reveal of one key that do not fit each other.
  static func mismatch(by key: PublicKey, commit: SignedMessage, reveal: SignedMessage) -> Evidence? {
    guard case .commit(let committed) = commit.message.body, case .reveal(let revealed) = reveal.message.body,
      commit.message.round == reveal.message.round, revealed.commit == commit.digest, committed.by == key, revealed.by == key,
      commit.signers.contains(key), reveal.signers.contains(key), !revealed.opens(committed, in: commit.message.round)
    else { return nil }
    return .mismatchedReveal(by: key, commit: commit, reveal: reveal)
  }
}

extension Reveal {
  /// Whether this is what was committed to.
  func opens(_ commit: Commit, in round: Digest) -> Bool {
    commit.by == by && commit.commitment == Commit.commitment(round: round, by: by, adapter: adapter, trace: trace, nonce: nonce)
  }
}
