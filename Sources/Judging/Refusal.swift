package import Artifacts
package import Signing

/// Why a round does not take a message.
package enum Refusal: ExplainedError, Hashable {
  case otherRound(Digest)
  /// A round begins with what its owner signed.
  case notTheOwner(PublicKey)
  /// Signed by somebody who has no such part in this round.
  case stranger(PublicKey, MessageBody.Kind)
  /// What it builds on has not been agreed on yet: offer it again later.
  case early(MessageBody.Kind, Round.Phase)
  /// The round had moved on without it.
  case late(MessageBody.Kind, Round.Phase)
  /// No frozen commit has this digest, or it is another trainer's.
  case unknownCommit(Digest)
  case mismatchedReveal(PublicKey)
  /// A vote that does not score exactly the revealed candidates over the round's holdout.
  case voteOnOthers(PublicKey)
  /// A verdict that does not follow from the frozen votes.
  case wrongVerdict

  package var message: String {
    switch self {
    case .otherRound(let round): "a message of round \(round.short), which is another"
    case .notTheOwner(let key): "the manifest is not signed by the round's owner, \(key)"
    case .stranger(let key, let kind): "\(key) may not sign a \"\(kind.rawValue)\" of this round"
    case .early(let kind, let phase): "a \"\(kind.rawValue)\" before its time: the round is \(phase.rawValue)"
    case .late(let kind, let phase): "a \"\(kind.rawValue)\" too late: the round is \(phase.rawValue)"
    case .unknownCommit(let digest): "a reveal of commit \(digest.short), which was not frozen or is another trainer's"
    case .mismatchedReveal(let key): "\(key) reveals something else than it committed to"
    case .voteOnOthers(let key): "\(key) votes on other candidates, or over another holdout, than the round's"
    case .wrongVerdict: "a verdict that does not follow from the frozen votes"
    }
  }

  package var hint: String? { nil }
}

/// There is no certificate, and why.
package struct NoCertificate: ExplainedError, Hashable {
  package let phase: Round.Phase
  package let needed: Int
  /// How many validators stand behind the value that most stand behind.
  package let signed: Int
  /// Who has not signed it: validators, and the owner where it has proposed nothing.
  package let missing: [PublicKey]

  package var message: String {
    switch phase {
    case .aborted: "the round was aborted by its validators"
    case .disagreed: "no \(needed) votes agree on one table"
    default: "the round is \(phase.rawValue): \(signed) of \(needed) signatures, missing \(missing.map(\.description).joined(separator: ", "))"
    }
  }

  package var hint: String? { nil }
}
