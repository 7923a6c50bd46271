package import Artifacts
package import Foundation
internal import Hashing
package import Signing

/// What a round leaves for those who were not there: the manifest and the verdict, each under the signatures of at least 2f + 1 validators.
///
/// It can be checked alone and offline. How many people stand behind the keys it cannot say; that is the consumer's to know.
package struct Certificate: Hashable, Sendable {
  package static let schema = "soulpack.albft-certificate/1"

  package let manifest: RoundManifest
  package let verdict: Verdict
  /// The validators who signed the verdict, sorted.
  package let signers: [PublicKey]
  private let manifestEnvelope: Envelope
  private let decisionEnvelope: Envelope

  package var decision: Decision { verdict.decision }
  package var digest: Digest { Digest(hashing: document) }

  /// Of a round that was certified.
  init(manifest proposal: SignedMessage, decision: SignedMessage, of manifest: RoundManifest, _ verdict: Verdict) {
    self.manifest = manifest
    self.verdict = verdict
    signers = decision.signers.sorted()
    manifestEnvelope = proposal.envelope
    decisionEnvelope = decision.envelope
  }

  package var document: JSONValue {
    ["schema": .string(Self.schema), "manifest": manifestEnvelope.document, "decision": decisionEnvelope.document]
  }
}

// MARK: - Checking

extension Certificate {
  /// Reads a certificate and checks all that it says of itself: signatures, quorum, and that the winner follows from the table.
  package init(parsing bytes: Data) throws(DocumentError) {
    let document: JSONValue
    do throws(JSONSyntaxError) {
      document = try JSONValue(parsingCanonical: bytes)
    } catch {
      throw DocumentError(document: "certificate", problem: error.reason)
    }
    let reader = DocumentReader(document, document: "certificate")
    try reader.object(["manifest", "decision"], schema: Self.schema)
    let proposal = try SignedMessage(Envelope(reader.member("manifest")))
    let decision = try SignedMessage(Envelope(reader.member("decision")))
    guard case .manifest(let manifest) = proposal.message.body else { throw try reader.member("manifest").failure("is no manifest") }
    guard case .decide(let verdict) = decision.message.body, decision.message.round == manifest.id else {
      throw try reader.member("decision").failure("is not the verdict of this round")
    }
    self.init(manifest: proposal, decision: decision, of: manifest, verdict)
    try checkQuorum(proposal, decision, reader)
    guard verdict.decision.question == manifest.question, verdict.decision.label == manifest.label else {
      throw try reader.member("decision").failure("answers another question than the round's")
    }
  }

  private func checkQuorum(_ proposal: SignedMessage, _ decision: SignedMessage, _ reader: DocumentReader) throws(DocumentError) {
    let validators = Set(manifest.validators)
    guard proposal.signers.contains(manifest.owner) else { throw try reader.member("manifest").failure("is not signed by the owner") }
    guard proposal.signers.isSubset(of: validators.union([manifest.owner])), decision.signers.isSubset(of: validators) else {
      throw reader.failure("is signed by a key that is no validator of the round")
    }
    for (name, signers) in [("manifest", proposal.signers), ("decision", decision.signers)] {
      let count = signers.intersection(validators).count
      guard count >= manifest.quorum else {
        throw try reader.member(name).failure("is signed by \(count) of \(validators.count) validators, \(manifest.quorum) needed")
      }
    }
  }

  /// Why this certificate does not speak for a Soul, or nil where it does: it is about this subject, and its table and winner are the ones that
  /// soul.json holds. `selection` is the document there.
  package func objection(subject: RoundManifest.Subject, selection: JSONValue) -> String? {
    let own = manifest.subject
    if (own.name, own.version) != (subject.name, subject.version) { return "the certificate is of a Soul named \"\(own.name)@\(own.version)\"" }
    if own != subject { return "the certificate is of another base, dataset, recipe or engine than soul.json" }
    if decision.document != selection { return "the certificate's table is not the one in soul.json" }
    return nil
  }
}
