package import Artifacts
package import Signing

/// What an honest validator may sign. It never signs twice for one slot, so what it has signed must outlive it: whoever keeps one stores `signed` before
/// a signature leaves the machine.
package struct Validator: Hashable, Sendable {
  package let key: PublicKey
  /// The digest of what was signed for each slot.
  package private(set) var signed: [Slot: Digest]

  package init(key: PublicKey, signed: [Slot: Digest] = [:]) {
    self.key = key
    self.signed = signed
  }

  /// The manifest, once for an owner's Soul and height.
  package mutating func endorse(_ manifest: RoundManifest) throws(ValidatorRefusal) -> RoundMessage {
    try sign(RoundMessage(manifest), in: manifest)
  }

  /// A proposal to freeze. It must leave out nothing that is held and that may be in it; the bytes of every revealed adapter must be at hand
  /// (`adapters`: their sizes), and within their trainer's cap. Votes must agree on a table, unless there are no more to wait for.
  package mutating func endorse(_ freeze: Freeze, in round: Round, adapters: [Digest: Int64] = [:]) throws(ValidatorRefusal) -> RoundMessage {
    guard round.phase == freeze.stage.phase else { throw .notNow(round.phase) }
    if let first = round.required(in: freeze.stage, adapters: adapters).subtracting(freeze.members).min() { throw .omits(first) }
    guard round.isInOrder(freeze) else { throw .badSet(freeze.stage) }
    switch freeze.stage {
    case .commits: break
    case .reveals: try checkAdapters(freeze, round, adapters)
    case .votes: try checkVotes(freeze, round)
    }
    return try sign(RoundMessage(round: round.id, .freeze(freeze)), in: round.manifest)
  }

  /// Of a validator's two votes one is left out, rightly so; a validator is not. And an owner that froze a quorum of votes early, with a liar's among
  /// them, would end the round by that alone, although the honest agree.
  private func checkVotes(_ freeze: Freeze, _ round: Round) throws(ValidatorRefusal) {
    let frozen = round.voters(among: freeze.members)
    if let voter = round.voters(among: round.messages(of: .votes)).subtracting(frozen).min() { throw .omitsVoter(voter) }
    guard round.agreedTable(of: freeze.members) != nil || frozen.count == round.manifest.validators.count else { throw .undecided }
  }

  private func checkAdapters(_ freeze: Freeze, _ round: Round, _ adapters: [Digest: Int64]) throws(ValidatorRefusal) {
    for member in freeze.members {
      guard case .reveal(let reveal) = round.held[member]?.message.body else { continue }
      guard let byteCount = adapters[reveal.adapter] else { throw .noBytes(of: reveal.adapter) }
      guard byteCount <= round.manifest.trainer(reveal.by)?.bytes ?? 0 else { throw .aboveCap(reveal.adapter) }
    }
  }

  /// What this validator measured. The round refuses a vote on anything but its candidates.
  package mutating func vote(_ table: ScoreTable, in round: Round) throws(ValidatorRefusal) -> RoundMessage {
    guard round.phase == .voting else { throw .notNow(round.phase) }
    return try sign(RoundMessage(round: round.id, .vote(Vote(by: key, table: table))), in: round.manifest)
  }

  /// What follows from the frozen votes.
  package mutating func decide(in round: Round) throws(ValidatorRefusal) -> RoundMessage {
    guard round.phase == .deciding, let verdict = round.verdict else { throw .notNow(round.phase) }
    return try sign(RoundMessage(round: round.id, .decide(verdict)), in: round.manifest)
  }

  /// Gives the round up. Who has signed its verdict cannot.
  package mutating func abort(_ round: Round) throws(ValidatorRefusal) -> RoundMessage {
    guard round.phase < .certified else { throw .notNow(round.phase) }
    return try sign(RoundMessage(round: round.id, .abort), in: round.manifest)
  }

  private mutating func sign(_ message: RoundMessage, in manifest: RoundManifest) throws(ValidatorRefusal) -> RoundMessage {
    guard manifest.validators.contains(key) else { throw .noValidator(key) }
    if let slot = Slot(message) {
      guard signed[slot, default: message.digest] == message.digest else { throw .signedAnother(slot) }
      signed[slot] = message.digest
    }
    return message
  }
}

extension Freeze.Stage {
  fileprivate var phase: Round.Phase {
    switch self {
    case .commits: .committing
    case .reveals: .revealing
    case .votes: .voting
    }
  }
}

extension Round {
  /// The messages that nobody may leave out of a stage. What a trainer withholds or sends beyond its cap is not among them: no set that has it
  /// could be signed, so a trainer could stop every round by it.
  fileprivate func required(in stage: Freeze.Stage, adapters: [Digest: Int64]) -> Set<Digest> {
    switch stage {
    case .commits: firstCommits
    case .reveals: messages(of: .reveals).filter { isAtHand($0, adapters) }
    case .votes: []  // Voters are looked at, not votes.
    }
  }

  /// Of each trainer as many commits as it may propose, the smallest digests.
  private var firstCommits: Set<Digest> {
    var byTrainer: [PublicKey: [Digest]] = [:]
    for digest in messages(of: .commits) {
      if case .commit(let commit) = held[digest]?.message.body { byTrainer[commit.by, default: []].append(digest) }
    }
    return Set(byTrainer.flatMap { trainer, digests in digests.sorted().prefix(Int(manifest.trainer(trainer)?.candidates ?? 0)) })
  }

  private func isAtHand(_ reveal: Digest, _ adapters: [Digest: Int64]) -> Bool {
    guard case .reveal(let reveal) = held[reveal]?.message.body, let byteCount = adapters[reveal.adapter] else { return false }
    return byteCount <= manifest.trainer(reveal.by)?.bytes ?? 0
  }

  fileprivate func voters(among messages: some Sequence<Digest>) -> Set<PublicKey> {
    Set(messages.compactMap { if case .vote(let vote) = held[$0]?.message.body { vote.by } else { nil } })
  }

  /// The messages that a stage would freeze if it froze all.
  package func messages(of stage: Freeze.Stage) -> Set<Digest> {
    Set(
      held.filter { _, message in
        switch (stage, message.message.body) {
        case (.commits, .commit), (.reveals, .reveal), (.votes, .vote): true
        default: false
        }
      }.keys)
  }
}

/// Why a validator does not sign.
package enum ValidatorRefusal: ExplainedError, Hashable {
  case noValidator(PublicKey)
  case notNow(Round.Phase)
  /// Another value was signed for this slot.
  case signedAnother(Slot)
  /// The set leaves out a message that came in time.
  case omits(Digest)
  /// The votes leave out a validator's whose vote came in time.
  case omitsVoter(PublicKey)
  /// The votes agree on no table, and others may still come.
  case undecided
  /// The set holds what is not at hand, or more than is allowed.
  case badSet(Freeze.Stage)
  case noBytes(of: Digest)
  case aboveCap(Digest)

  package var message: String {
    switch self {
    case .noValidator(let key): "\(key) is no validator of this round"
    case .notNow(let phase): "not now: the round is \(phase.rawValue)"
    case .signedAnother: "another value was signed for this before"
    case .omits(let digest): "the proposal leaves out message \(digest.short), which came in time"
    case .omitsVoter(let key): "the proposal leaves out the vote of \(key), which came in time"
    case .undecided: "the proposed votes agree on no table, and not every validator has voted"
    case .badSet(let stage): "the proposed \(stage.rawValue) are not all at hand, or are more than is allowed"
    case .noBytes(let adapter): "the bytes of adapter \(adapter.short) are not at hand"
    case .aboveCap(let adapter): "adapter \(adapter.short) has more bytes than its trainer may propose"
    }
  }

  package var hint: String? { nil }
}
