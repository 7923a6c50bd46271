internal import Artifacts
internal import Judging
internal import Packaging

extension Contenders {
  /// What soul.json says of a candidate: what it was, what it came to, and what it had claimed.
  func record(_ contender: Contender, target: String, parameters: JSONValue, trace: Digest) throws -> SoulManifest.Candidate {
    SoulManifest.Candidate(
      number: Int64(contender.number), target: target, parameters: parameters, files: contender.hasFiles ? contender.files : nil, trace: trace,
      outcome: try outcome(contender), claim: contender.recordedClaim)
  }

  private func outcome(_ contender: Contender) throws -> SoulManifest.Candidate.Outcome {
    switch contender.outcome {
    case .measured(let losses):
      let gainError = try incumbent.flatMap { try losses.standardError(ofDifferenceFrom: $0.losses) }
      return .scored(total: losses.total, standardError: losses.standardError, gainStandardError: gainError)
    case .diverged(let divergence): return .diverged(step: divergence.step, reason: divergence.reason)
    }
  }
}

extension Contenders.Contender {
  fileprivate var recordedClaim: SoulManifest.Candidate.Claim? {
    guard let claim, let claimVerdict else { return nil }
    let verdict: SoulManifest.Candidate.Claim.Verdict =
      switch claimVerdict {
      case .refuted: .refuted
      case .notRefuted: .notRefuted
      }
    return .init(lossNatsPerToken: claim.lossNatsPerToken, verdict: verdict)
  }
}
