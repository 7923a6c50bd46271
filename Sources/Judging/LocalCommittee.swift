package import Artifacts
package import Signing

/// A committee of one: the same key owns the round, trains and measures. n = 1, f = 0; what it certifies is labelled `self-measured`.
///
/// It is the full protocol with one voice in every part, so a certificate of one key is read by the same code as one of sixty-one.
package struct LocalCommittee {
  package struct Candidate: Hashable, Sendable {
    package let adapter: Digest
    package let trace: Digest
    package let byteCount: Int64

    package init(adapter: Digest, trace: Digest, byteCount: Int64) {
      self.adapter = adapter
      self.trace = trace
      self.byteCount = byteCount
    }
  }

  private let subject: RoundManifest.Subject
  private let decision: Decision
  private let candidates: [Candidate]

  /// `decision` is what the build came to; `candidates` are those it chose among. Equal adapters may come from several trainings.
  package init(_ subject: RoundManifest.Subject, deciding decision: Decision, among candidates: [Candidate]) {
    self.subject = subject
    self.decision = decision
    self.candidates = candidates
  }

  /// Walks through the round and signs every step. The same key, decision and candidates give the same certificate.
  package func certificate(signedBy key: borrowing SigningKey) throws -> Certificate {
    var validator = Validator(key: key.publicKey)
    let manifest = try manifest(key.publicKey)
    var round = try Round(SignedMessage(try validator.endorse(manifest), signedBy: key))
    try propose(.commits, try commits(round.id, key), to: &round, &validator, key)
    try propose(.reveals, try reveals(round.id, key), to: &round, &validator, key)
    let vote = SignedMessage(try validator.vote(decision.table, in: round), signedBy: key)
    try propose(.votes, [vote], to: &round, &validator, key)
    try round.receive(SignedMessage(try validator.decide(in: round), signedBy: key))
    let certificate = try round.certificate()
    guard certificate.decision == decision else { throw OtherDecision() }
    return certificate
  }

  private func manifest(_ key: PublicKey) throws(OtherDecision) -> RoundManifest {
    let trainer = RoundManifest.Trainer(key: key, candidates: Int64(candidates.count), bytes: candidates.map(\.byteCount).max() ?? 0)
    let manifest = RoundManifest(subject, question: decision.question, owner: key, validators: [key], trainers: [trainer])
    guard let manifest else { throw OtherDecision() }
    return manifest
  }

  private func commits(_ round: Digest, _ key: borrowing SigningKey) throws -> [SignedMessage] {
    var messages: [SignedMessage] = []
    for candidate in candidates { messages.append(SignedMessage(RoundMessage(round: round, .commit(commit(candidate, round, key.publicKey))), signedBy: key)) }
    return messages
  }

  private func reveals(_ round: Digest, _ key: borrowing SigningKey) throws -> [SignedMessage] {
    var messages: [SignedMessage] = []
    for candidate in candidates {
      let commit = RoundMessage(round: round, .commit(commit(candidate, round, key.publicKey)))
      let reveal = Reveal(
        by: key.publicKey, commit: commit.digest, adapter: candidate.adapter, trace: candidate.trace,
        nonce: Nonce(round: round, adapter: candidate.adapter))
      messages.append(SignedMessage(RoundMessage(round: round, .reveal(reveal)), signedBy: key))
    }
    return messages
  }

  private func commit(_ candidate: Candidate, _ round: Digest, _ key: PublicKey) -> Commit {
    Commit(round: round, by: key, adapter: candidate.adapter, trace: candidate.trace, nonce: Nonce(round: round, adapter: candidate.adapter))
  }

  /// The messages of a stage, and then the stage itself.
  private func propose(
    _ stage: Freeze.Stage, _ messages: [SignedMessage], to round: inout Round, _ validator: inout Validator, _ key: borrowing SigningKey
  ) throws {
    for message in messages { try round.receive(message) }
    let freeze = Freeze(stage, Set(messages.map(\.digest)))
    let sizes = Dictionary(candidates.map { ($0.adapter, $0.byteCount) }) { first, _ in first }
    try round.receive(SignedMessage(try validator.endorse(freeze, in: round, adapters: sizes), signedBy: key))
  }
}

/// The round of one key came to something else than the build that it is about: one of the two was changed since.
package struct OtherDecision: ExplainedError, Hashable {
  package var message: String { "the selection of this build cannot be certified: it does not follow from its candidates" }
  package var hint: String? { "delete .soulpack and build again" }
}
