internal import Artifacts
internal import Hashing
internal import Foundation
internal import Judging
internal import Packaging
internal import Signing
internal import Store

/// Where selections and Souls meet: a committee's certificate is made for an archive here, and held against one.
///
/// Packaging carries a certificate without understanding it, and Judging knows nothing of archives.
enum Certification {
  /// Signs the selection of a sealed Soul as a committee of one. Nil where the Soul was not chosen.
  ///
  /// `sizeOf` gives the size of a candidate's files: a validator signs for no adapter that it does not hold.
  static func certificate(
    for manifest: SoulManifest, signedBy key: borrowing SigningKey, sizeOf: (_ files: Digest) throws -> Int64
  ) throws -> Certificate? {
    guard let selection = manifest.selection else { return nil }
    let decision = try Decision(document: selection.document)
    let candidates = try manifest.candidates.compactMap { candidate in
      try candidate.files.map { LocalCommittee.Candidate(adapter: $0, trace: candidate.trace, byteCount: try sizeOf($0)) }
    }
    return try LocalCommittee(subject(of: manifest), deciding: decision, among: candidates).certificate(signedBy: key)
  }

  /// For the `Verifier`.
  static let judge = SelectionJudge(selection: objection, claim: verdict, certificate: facts)

  private static func objection(to selection: JSONValue) -> String? {
    do throws(DocumentError) {
      _ = try Decision(document: selection)
      return nil
    } catch {
      return error.message
    }
  }

  private static func verdict(
    on claim: String, _ outcome: SoulManifest.Candidate.Outcome, tokens: Int64
  ) -> SelectionJudge.ClaimVerdict? {
    guard let claim = Claim(lossNatsPerToken: claim) else { return nil }
    let verdict =
      switch outcome {
      case .scored(let total, let error, _): claim.verdict(againstTotal: total, tokens: tokens, standardError: error)
      case .diverged: Claim.verdictOnDivergence
      }
    return SelectionJudge.ClaimVerdict(rawValue: verdict.rawValue)
  }

  private static func facts(_ bytes: Data, _ manifest: SoulManifest) throws(DocumentError) -> VerificationReport.CertificateFacts {
    let certificate = try Certificate(parsing: bytes)
    guard let selection = manifest.selection else { throw DocumentError(document: "certificate", problem: "soul.json holds no selection") }
    if let objection = certificate.objection(subject: subject(of: manifest), selection: selection.document) {
      throw DocumentError(document: "certificate", problem: objection)
    }
    return .init(
      label: certificate.decision.label.rawValue, signers: certificate.signers, validatorCount: certificate.manifest.validators.count,
      quorum: certificate.manifest.quorum)
  }

  /// What a round about this Soul is about, as docs/selection.md has it. That the winner is a component of the Soul, `SoulManifest` checked.
  private static func subject(of manifest: SoulManifest) -> RoundManifest.Subject {
    RoundManifest.Subject(
      name: manifest.name, version: manifest.version, base: manifest.components.first?.base?.digest,
      dataset: Digest(hashing: .array(manifest.datasets.map { .digest($0.roots.all) })), recipe: manifest.recipe,
      engine: Digest(hashing: ["schema": "soulpack.engine/1", "numericsVersion": .integer(manifest.training.numericsVersion)]))
  }
}
