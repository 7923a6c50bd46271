package import Artifacts
package import Foundation
package import Signing

/// Decides whether an opened archive was signed by those whom the consumer believes.
///
/// Keys count over all envelopes together, each once, if what they signed is the provenance of this very Soul. An envelope or a certificate that
/// does not hold, whoever attached it, makes the archive invalid: it says something false. A certificate's keys vouch for the measurement,
/// not for the Soul: they are shown, and not counted.
package enum Verifier {
  /// `judge` knows selections; `policy` is the consumer's, such as `TrustPolicy.evaluate`, and is asked only about signatures that hold; `named` are
  /// the keys that the consumer's rule for this Soul names, such as `TrustPolicy.keys`.
  package static func verify(
    _ archive: SoulArchive, judge: SelectionJudge, named: (_ soul: String) -> Set<PublicKey>,
    policy: (_ soul: String, _ signers: Set<PublicKey>) -> TrustDecision
  ) -> VerificationReport {
    let named = named(archive.manifest.name)
    var (signatures, faults, signers): ([VerificationReport.Signature], [String], Set<PublicKey>) = ([], [], [])
    var certificates: [VerificationReport.Certificate] = []
    faults += objections(to: archive.manifest, judge).map { "soul.json: \($0)" }
    for referrer in archive.referrers {
      do {
        switch referrer.content {
        case .attestation(let envelope):
          let checks = envelope.checks()
          signatures += checks.map { VerificationReport.Signature(referrer: referrer.digest, check: $0) }
          signers.formUnion(try vouchers(envelope, checks, archive))
        case .certificate:
          let facts = try judge.certificate(referrer.content.bytes, archive.manifest)
          certificates.append(.init(referrer: referrer.digest, facts: facts, isTrusted: named.isSuperset(of: facts.signers)))
        }
      } catch {
        faults.append("referrer \(referrer.digest.short): \(error.message)")
      }
    }
    let decision: VerificationReport.Decision =
      if !faults.isEmpty { .invalid(faults) } else if signers.isEmpty { .unsigned } else { .policy(policy(archive.manifest.name, signers)) }
    return VerificationReport(
      digest: archive.digest, name: archive.manifest.name, version: archive.manifest.version, signatures: signatures,
      certificates: certificates, decision: decision)
  }

  /// What soul.json says of its selection and of its candidates' claims, and what does not follow from its own table.
  private static func objections(to manifest: SoulManifest, _ judge: SelectionJudge) -> [String] {
    let selection = manifest.selection.flatMap { judge.selection($0.document) }
    let tokens = manifest.selection?.incumbent.tokens ?? 0
    let refuted = manifest.candidates.filter { candidate in
      candidate.claim.map { judge.claim($0.lossNatsPerToken, candidate.outcome, tokens) != $0.verdict } ?? false
    }
    return (selection.map { [$0] } ?? []) + refuted.map { "candidate \($0.number): what is said of its claim does not follow from its loss" }
  }

  /// The keys whose signatures hold over a statement that vouches for the archive.
  private static func vouchers(
    _ envelope: Envelope, _ checks: [SignatureCheck], _ archive: SoulArchive
  ) throws(DocumentError) -> Set<PublicKey> {
    guard checks.allSatisfy(\.isValid) else { throw DocumentError(document: "envelope", problem: "a signature is not valid") }
    let payload: VerifiedPayload
    do throws(EnvelopeError) {
      payload = try envelope.verified(by: Set(checks.compactMap(\.key)))
    } catch {
      throw DocumentError(document: "envelope", problem: error.message)
    }
    let statement = try Statement(payload)
    if let objection = Provenance.objection(to: statement, about: archive) {
      throw DocumentError(document: "statement", problem: objection)
    }
    return payload.signers
  }
}

/// What somebody who knows selections says of them: this room carries them, and cannot decide again.
package struct SelectionJudge: Sendable {
  package typealias ClaimVerdict = SoulManifest.Candidate.Claim.Verdict

  /// Why the selection in soul.json does not follow from its own table, or nil where it does.
  let selection: @Sendable (JSONValue) -> String?
  /// What a claimed loss is worth beside what a candidate came to over so many tokens. Nil where it is no number.
  let claim: @Sendable (_ lossNatsPerToken: String, _ outcome: SoulManifest.Candidate.Outcome, _ tokens: Int64) -> ClaimVerdict?
  /// Whether a certificate holds and is of this Soul's selection.
  let certificate: @Sendable (Data, SoulManifest) throws(DocumentError) -> VerificationReport.CertificateFacts

  package init(
    selection: @escaping @Sendable (JSONValue) -> String?,
    claim: @escaping @Sendable (_ lossNatsPerToken: String, _ outcome: SoulManifest.Candidate.Outcome, _ tokens: Int64) -> ClaimVerdict?,
    certificate: @escaping @Sendable (Data, SoulManifest) throws(DocumentError) -> VerificationReport.CertificateFacts
  ) {
    self.selection = selection
    self.claim = claim
    self.certificate = certificate
  }
}

/// What `verify` found (`soulpack.verify/1`).
package struct VerificationReport: Hashable, Sendable {
  /// A committee's word on the selection, checked.
  package struct CertificateFacts: Hashable, Sendable {
    package let label: String
    package let signers: [PublicKey]
    package let validatorCount: Int
    package let quorum: Int

    package init(label: String, signers: [PublicKey], validatorCount: Int, quorum: Int) {
      self.label = label
      self.signers = signers
      self.validatorCount = validatorCount
      self.quorum = quorum
    }
  }

  package struct Certificate: Hashable, Sendable {
    package let referrer: Digest
    package let facts: CertificateFacts
    /// Whether the consumer's rule for this Soul names every key that signed it. Anybody can make a committee of keys that nobody knows.
    package let isTrusted: Bool
  }

  package struct Signature: Hashable, Sendable {
    package let referrer: Digest
    package let check: SignatureCheck
  }

  package enum Decision: Hashable, Sendable {
    /// Some statement in the archive is false or unreadable.
    case invalid([String])
    /// Nobody vouches for it. That is not valid.
    case unsigned
    case policy(TrustDecision)
  }

  package let digest: Digest
  package let name: String
  package let version: String
  package let signatures: [Signature]
  /// Those that hold.
  package let certificates: [Certificate]
  package let decision: Decision

  package var isTrusted: Bool {
    if case .policy(.trusted) = decision { true } else { false }
  }

  /// Throws unless the consumer's policy trusts the archive.
  package func requireTrusted() throws(VerificationError) {
    switch decision {
    case .invalid(let faults): throw .invalid(soul: name, faults: faults)
    case .unsigned: throw .unsigned(soul: name)
    case .policy(.untrusted(let rule, let reason)): throw .untrusted(soul: name, rule: rule, reason: reason)
    case .policy(.noRule): throw .noRule(soul: name, signers: signatures.map(\.check.keyID).sorted())
    case .policy(.trusted): return
    }
  }

  package var document: JSONValue {
    let signatures = signatures.map { signature -> JSONValue in
      [
        "referrer": .digest(signature.referrer), "key": .string(signature.check.keyID), "valid": .bool(signature.check.isValid),
      ]
    }
    var members: [String: JSONValue] = [
      "schema": "soulpack.verify/1", "digest": .digest(digest), "name": .string(name), "version": .string(version),
      "signatures": .array(signatures), "certificates": .array(certificates.map(\.document)), "trusted": .bool(isTrusted),
    ]
    members.merge(decision.members) { own, _ in own }
    return .object(members)
  }
}

extension VerificationReport.Certificate {
  fileprivate var document: JSONValue {
    [
      "referrer": .digest(referrer), "label": .string(facts.label), "signers": .array(facts.signers.map { .string($0.description) }),
      "validators": .integer(Int64(facts.validatorCount)), "quorum": .integer(Int64(facts.quorum)),
      "trusted": .bool(isTrusted),
    ]
  }
}

extension VerificationReport.Decision {
  fileprivate var members: [String: JSONValue] {
    switch self {
    case .invalid(let faults): ["decision": "invalid", "reasons": .array(faults.map { .string($0) })]
    case .unsigned: ["decision": "unsigned"]
    case .policy(.noRule): ["decision": "no-rule"]
    case .policy(.untrusted(let rule, let reason)):
      ["decision": "untrusted", "rule": .string(rule), "reasons": [.string(reason)]]
    case .policy(.trusted(let rule, let keys)):
      ["decision": "trusted", "rule": .string(rule), "keys": .array(keys.map(\.description).sorted().map { .string($0) })]
    }
  }
}

/// Why an archive is not to be used.
package enum VerificationError: ExplainedError, Hashable {
  case invalid(soul: String, faults: [String])
  case unsigned(soul: String)
  case untrusted(soul: String, rule: String, reason: String)
  case noRule(soul: String, signers: [String])

  /// True where the signatures hold and the consumer's policy does not let them count (exit code 8); false where they do not hold (6).
  package var isRefusedByPolicy: Bool {
    switch self {
    case .invalid, .unsigned: false
    case .untrusted, .noRule: true
    }
  }

  package var message: String {
    switch self {
    case .invalid(let soul, let faults): "\"\(soul)\" is not valid: \(faults.joined(separator: "; "))"
    case .unsigned(let soul): "\"\(soul)\" is not signed"
    case .untrusted(let soul, let rule, let reason): "\"\(soul)\" is not trusted under the rule for \"\(rule)\": \(reason)"
    case .noRule(let soul, _): "no rule of the trust policy is for \"\(soul)\""
    }
  }

  package var hint: String? {
    switch self {
    case .noRule(let soul, let signers):
      signers.first.map { "if you know whose key \($0) is, give your trust policy a rule for \"\(soul)\"" }
    case .unsigned: "its maker signs it with `soulpack publish`, which places the signed archive under out/"
    default: nil
    }
  }
}
