package import Artifacts
internal import Signing

/// What follows from the messages of a round: its candidates, its verdict, its certificate, or who is missing.
extension Round {
  /// The revealed adapters, each once. The incumbent is no candidate.
  package var candidates: Set<Digest> {
    Set(revealed.map(\.adapter)).subtracting([manifest.question.incumbent])
  }

  var revealed: [Reveal] {
    (frozen(.reveals) ?? []).compactMap { if case .reveal(let reveal) = held[$0]?.message.body { reveal } else { nil } }
  }

  /// What an honest validator signs once the votes are frozen. Nil before, and where no quorum of votes agrees.
  package var verdict: Verdict? {
    guard let commits = frozen(.commits), let reveals = frozen(.reveals), let frozenVotes = frozen(.votes) else { return nil }
    guard let table = agreedTable(of: frozenVotes) else { return nil }
    do throws(DecisionError) {
      let decision = try Decision(manifest.question, table, label: manifest.label)
      return Verdict(commits: commits, reveals: reveals, votes: frozenVotes, decision: decision)
    } catch {
      return nil  // Votes on anything else than the question were refused.
    }
  }

  /// What these votes come to. Nil where no quorum of them agrees.
  func agreedTable(of votes: [Digest]) -> ScoreTable? {
    AgreedTable(votes.compactMap { if case .vote(let vote) = held[$0]?.message.body { vote.table } else { nil } }, of: manifest).table
  }

  /// The certificate, or what keeps it from being there.
  package func certificate() throws(NoCertificate) -> Certificate {
    guard phase == .certified, let verdict, let decision = held[RoundMessage(round: id, .decide(verdict)).digest],
      let manifest = held[RoundMessage(manifest).digest]
    else { throw shortfall }
    return Certificate(manifest: manifest, decision: decision, of: self.manifest, verdict)
  }

  /// What is missing, at the value that most have signed.
  private var shortfall: NoCertificate {
    let best = awaited.max { supporters(of: $0.digest).count < supporters(of: $1.digest).count }
    let voters = Set(held.values.compactMap { if case .vote(let vote) = $0.message.body { vote.by } else { nil } })
    // Until there are votes to freeze, it is the voters who are missing.
    let present = best.map { supporters(of: $0.digest) } ?? (phase == .voting ? voters : [])
    var missing = present.count < manifest.quorum ? Set(manifest.validators).subtracting(present) : []
    if isOwnerAwaited(best, voters) { missing.insert(manifest.owner) }
    var absent: [Digest] = []
    if case .freeze(let freeze)? = best?.body { absent = freeze.members.filter { held[$0] == nil } }
    return NoCertificate(phase: phase, needed: manifest.quorum, signed: present.count, missing: missing.sorted(), absent: absent)
  }

  /// What validators are to sign in this phase, as far as it was proposed.
  private var awaited: [RoundMessage] {
    switch phase {
    case .proposed: [RoundMessage(manifest)]
    case .committing: proposals(of: .commits).map(\.message.message)
    case .revealing: proposals(of: .reveals).map(\.message.message)
    case .voting: proposals(of: .votes).map(\.message.message)
    case .deciding: verdict.map { [RoundMessage(round: id, .decide($0))] } ?? []
    case .disagreed, .certified, .aborted: []
    }
  }

  /// The owner proposes each stage; that of the votes, once a quorum has voted.
  private func isOwnerAwaited(_ best: RoundMessage?, _ voters: Set<PublicKey>) -> Bool {
    guard [.committing, .revealing, .voting].contains(phase) else { return false }
    guard let best else { return phase != .voting || voters.count >= manifest.quorum }
    return held[best.digest]?.signers.contains(manifest.owner) != true
  }
}
