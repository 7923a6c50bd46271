package import Artifacts
internal import Signing

/// One ALBFT round as anybody sees it who holds its messages: which phase it is in, what counts, what was proved against whom.
///
/// It is a function of the messages. They may come in any order and more than once (`receive(all:)`); the same messages lead to the same
/// certificate. It trusts no single key: a phase ends when the owner proposed how and 2f + 1 validators signed that very proposal, and of any two
/// such groups one member is honest. It signs nothing; what a validator may sign is `Validator`'s.
package struct Round: Hashable, Sendable {
  package enum Phase: String, Hashable, Sendable, Comparable, CaseIterable {
    /// The owner has signed the manifest; a quorum of validators has yet to.
    case proposed
    /// A quorum signed the manifest. Trainers commit until a quorum freezes the commits.
    case committing
    /// Commits are frozen and all held. Trainers reveal until a quorum freezes the reveals.
    case revealing
    /// Reveals are frozen and all held: only now is the holdout opened. Validators vote until a quorum freezes the votes.
    case voting
    /// Votes are frozen and all held, and a quorum of them agrees on one table. Validators sign what follows from it.
    case deciding
    /// Votes are frozen and all held, and no quorum of them agrees. Only an abort can follow.
    case disagreed
    /// A quorum signed the verdict.
    case certified
    /// A quorum signed an abort.
    case aborted

    package static func < (left: Phase, right: Phase) -> Bool { left.order < right.order }

    private var order: Int {
      switch self {
      case .proposed: 0
      case .committing: 1
      case .revealing: 2
      case .voting: 3
      case .deciding, .disagreed: 4
      case .certified, .aborted: 5
      }
    }
  }

  package let manifest: RoundManifest
  package let id: Digest
  package private(set) var phase: Phase = .proposed
  package private(set) var evidence: Set<Evidence> = []
  /// Every message that was taken, with the signatures of all who signed it.
  private(set) var held: [Digest: SignedMessage] = [:]
  /// Who signed what for each slot, whether it was taken or not.
  private var signed: [Slot: [PublicKey: SignedMessage]] = [:]

  /// Begins with the manifest, which the owner must have signed.
  package init(_ proposal: SignedMessage) throws(Refusal) {
    guard case .manifest(let manifest) = proposal.message.body else { throw .otherRound(proposal.message.round) }
    guard proposal.signers.contains(manifest.owner) else { throw .notTheOwner(manifest.owner) }
    self.manifest = manifest
    id = manifest.id
    try receive(proposal)
  }
}

// MARK: - Taking messages in

extension Round {
  package enum Receipt: Hashable, Sendable {
    case taken
    /// It was held already, with all its signatures.
    case known
  }

  /// Takes a message, or says why not. A second value in a slot is taken too, since it alone may be what the others agreed on, and leaves evidence:
  /// with at most f liars no two values of a slot find a quorum.
  @discardableResult
  package mutating func receive(_ message: SignedMessage) throws(Refusal) -> Receipt {
    guard message.message.round == id else { throw .otherRound(message.message.round) }
    try checkSigners(message)
    noteEquivocation(message)
    if let known = held[message.digest] {
      guard !message.signers.isSubset(of: known.signers) else { return .known }
      held[message.digest] = known.merging(message)
    } else {
      try checkTime(message)
      try checkContent(message)
      held[message.digest] = message
    }
    while advance() {}
    return .taken
  }

  /// Takes messages in whatever order they come: one that is early is offered again when the others are in. Gives what was refused, and why.
  @discardableResult
  package mutating func receive(all messages: some Sequence<SignedMessage>) -> [(message: SignedMessage, refusal: Refusal)] {
    var left = messages.map { (message: $0, refusal: Refusal?.none) }
    var refused: [(message: SignedMessage, refusal: Refusal)] = []
    while true {
      let count = left.count
      var early: [(message: SignedMessage, refusal: Refusal?)] = []
      for (message, _) in left {
        do throws(Refusal) {
          try receive(message)
        } catch {
          if case .early = error { early.append((message, error)) } else { refused.append((message, error)) }
        }
      }
      left = early
      if left.count == count || left.isEmpty { break }
    }
    return refused + left.compactMap { entry in entry.refusal.map { (entry.message, $0) } }
  }

  private func checkSigners(_ message: SignedMessage) throws(Refusal) {
    let kind = message.message.body.kind
    let allowed: Set<PublicKey> =
      switch message.message.body {
      case .manifest, .freeze: Set(manifest.validators).union([manifest.owner])
      case .decide, .abort: Set(manifest.validators)
      case .commit(let commit): manifest.trainer(commit.by) == nil ? [] : [commit.by]
      case .reveal(let reveal): manifest.trainer(reveal.by) == nil ? [] : [reveal.by]
      case .vote(let vote): manifest.validators.contains(vote.by) ? [vote.by] : []
      }
    if let stranger = message.signers.subtracting(allowed).min() { throw .stranger(stranger, kind) }
  }

  private mutating func noteEquivocation(_ message: SignedMessage) {
    guard let slot = Slot(message.message) else { return }
    for key in message.signers {
      if let earlier = signed[slot]?[key] {
        if let proof = Evidence.equivocation(by: key, earlier, message) { evidence.insert(proof) }
      } else {
        signed[slot, default: [:]][key] = message
      }
    }
  }

  /// A message that is not held is taken in its own phase alone; an abort, until the round is over.
  private func checkTime(_ message: SignedMessage) throws(Refusal) {
    let body = message.message.body
    guard let home = body.home else {
      guard phase < .certified else { throw .late(body.kind, phase) }
      return
    }
    if phase < home { throw .early(body.kind, phase) }
    if phase > home { throw .late(body.kind, phase) }
  }

  private mutating func checkContent(_ message: SignedMessage) throws(Refusal) {
    switch message.message.body {
    case .reveal(let reveal):
      guard let commit = held[reveal.commit], case .commit(let committed) = commit.message.body, frozen(.commits)?.contains(reveal.commit) == true,
        committed.by == reveal.by
      else { throw .unknownCommit(reveal.commit) }
      guard let proof = Evidence.mismatch(by: reveal.by, commit: commit, reveal: message) else { return }
      evidence.insert(proof)
      throw .mismatchedReveal(reveal.by)
    case .vote(let vote):
      guard vote.table.candidates == candidates, vote.table.incumbent.candidate == manifest.question.incumbent,
        vote.table.incumbent.tokens == manifest.question.holdout.tokens
      else { throw .voteOnOthers(vote.by) }
    case .decide(let decided): guard decided == verdict else { throw .wrongVerdict }
    case .manifest, .commit, .freeze, .abort: return
    }
  }
}

extension MessageBody {
  /// The phase in which it belongs. Nil: in any.
  fileprivate var home: Round.Phase? {
    switch self {
    case .manifest: .proposed
    case .commit: .committing
    case .reveal: .revealing
    case .vote: .voting
    case .decide: .deciding
    case .abort: nil
    case .freeze(let freeze):
      switch freeze.stage {
      case .commits: .committing
      case .reveals: .revealing
      case .votes: .voting
      }
    }
  }
}

// MARK: - Moving on

extension Round {
  /// One phase further, where the messages allow it.
  private mutating func advance() -> Bool {
    let next: Phase? =
      if phase < .certified && hasQuorum(RoundMessage(round: id, .abort)) {
        .aborted
      } else {
        switch phase {
        case .proposed: hasQuorum(RoundMessage(manifest)) ? .committing : nil
        case .committing: frozen(.commits) == nil ? nil : .revealing
        case .revealing: frozen(.reveals) == nil ? nil : .voting
        case .voting: frozen(.votes) == nil ? nil : verdict == nil ? .disagreed : .deciding
        case .deciding: verdict.map { hasQuorum(RoundMessage(round: id, .decide($0))) } == true ? .certified : nil
        case .disagreed, .certified, .aborted: nil
        }
      }
    guard let next else { return false }
    phase = next
    return true
  }

  private func hasQuorum(_ message: RoundMessage) -> Bool { supporters(of: message.digest).count >= manifest.quorum }

  func supporters(of message: Digest) -> Set<PublicKey> { held[message]?.signers.intersection(manifest.validators) ?? [] }

  /// The members of a stage: what the owner proposed, a quorum signed, and is all held and in order.
  func frozen(_ stage: Freeze.Stage) -> [Digest]? {
    proposals(of: stage).first { message, freeze in
      message.signers.contains(manifest.owner) && supporters(of: message.digest).count >= manifest.quorum && isInOrder(freeze)
    }?.freeze.members
  }

  /// What was proposed to be frozen, by digest.
  func proposals(of stage: Freeze.Stage) -> [(message: SignedMessage, freeze: Freeze)] {
    let freezes = held.values.compactMap { message -> (message: SignedMessage, freeze: Freeze)? in
      guard case .freeze(let freeze) = message.message.body, freeze.stage == stage else { return nil }
      return (message, freeze)
    }
    return freezes.sorted { $0.message.digest < $1.message.digest }
  }

  /// Whether all members are held and are a set that may be frozen: no trainer above its cap, one reveal a commit, one vote a validator and a quorum
  /// of them.
  func isInOrder(_ freeze: Freeze) -> Bool {
    let bodies = freeze.members.compactMap { held[$0]?.message.body }
    guard bodies.count == freeze.members.count else { return false }
    switch freeze.stage {
    case .commits:
      let counts = Dictionary(bodies.compactMap { if case .commit(let commit) = $0 { (commit.by, Int64(1)) } else { nil } }, uniquingKeysWith: +)
      return counts.values.reduce(0, +) == bodies.count && counts.allSatisfy { $0.value <= manifest.trainer($0.key)?.candidates ?? 0 }
    case .reveals:
      let commits = bodies.compactMap { if case .reveal(let reveal) = $0 { reveal.commit } else { nil } }
      return commits.count == bodies.count && Set(commits).count == commits.count
    case .votes:
      let voters = bodies.compactMap { if case .vote(let vote) = $0 { vote.by } else { nil } }
      return voters.count == bodies.count && Set(voters).count == voters.count && voters.count >= manifest.quorum
    }
  }
}
