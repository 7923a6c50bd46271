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
    let votes = frozenVotes.compactMap { if case .vote(let vote) = held[$0]?.message.body { vote.table } else { nil } }
    guard let table = AgreedTable(votes, of: manifest).table else { return nil }
    do throws(DecisionError) {
      let decision = try Decision(manifest.question, table, label: manifest.label)
      return Verdict(commits: commits, reveals: reveals, votes: frozenVotes, decision: decision)
    } catch {
      return nil  // Votes on anything else than the question were refused.
    }
  }

  /// The certificate, or what keeps it from being there.
  package func certificate() throws(NoCertificate) -> Certificate {
    guard phase == .certified, let verdict, let decision = held[RoundMessage(round: id, .decide(verdict)).digest],
      let manifest = held[RoundMessage(manifest).digest]
    else { throw shortfall }
    return Certificate(manifest: manifest, decision: decision, of: self.manifest, verdict)
  }

  /// Who is missing, at the value that most have signed.
  private var shortfall: NoCertificate {
    let values: [Digest] =
      switch phase {
      case .proposed: [RoundMessage(manifest).digest]
      case .committing: proposals(of: .commits).map(\.message.digest)
      case .revealing: proposals(of: .reveals).map(\.message.digest)
      case .voting: proposals(of: .votes).map(\.message.digest)
      case .deciding: verdict.map { [RoundMessage(round: id, .decide($0)).digest] } ?? []
      case .disagreed, .certified, .aborted: []
      }
    let supporters = values.map { self.supporters(of: $0) }.max { $0.count < $1.count } ?? []
    let voters = Set(held.values.compactMap { if case .vote(let vote) = $0.message.body { vote.by } else { nil } })
    // Until there are votes to freeze, it is the voters who are missing.
    let present = phase == .voting && values.isEmpty ? voters : supporters
    let isOwnerAwaited = [.committing, .revealing, .voting].contains(phase) && values.isEmpty && (phase != .voting || voters.count >= manifest.quorum)
    let missing = Set(manifest.validators).subtracting(present).union(isOwnerAwaited ? [manifest.owner] : [])
    return NoCertificate(phase: phase, needed: manifest.quorum, signed: present.count, missing: missing.sorted())
  }
}
