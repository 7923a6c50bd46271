import Artifacts
import Foundation
import Hashing
import Identities
import Judging
import Packaging
import Signing
import Testing

@Suite("Verification")
struct VerifierTests {
  private let folder: TemporaryFolder
  private let fixture = SoulFixture()

  init() throws {
    folder = try TemporaryFolder()
  }

  private func policy(_ seeds: [UInt8], threshold: Int = 1, souls: String = "*") throws -> TrustPolicy {
    let keys = try seeds.map { try SoulFixture.key($0).publicKey }
    return TrustPolicy(rules: [try #require(.init(souls: souls, keys: keys, threshold: threshold))])
  }

  private func verify(_ archive: SoulArchive, _ policy: TrustPolicy) -> VerificationReport {
    Verifier.verify(archive, judge: SoulFixture.judge, named: policy.keys) { policy.evaluate(soul: $0, signers: $1) }
  }

  /// The fixture's archive with these envelopes attached.
  private func archive(_ envelopes: [(SoulArchive) throws -> Envelope]) throws -> SoulArchive {
    var archive = try fixture.write(to: folder["0.soul"])
    for (index, envelope) in envelopes.enumerated() {
      let url = folder["\(index + 1).soul"]
      _ = try archive.attach(try envelope(archive), to: url)
      archive = try SoulArchive.open(url)
    }
    return archive
  }

  private func envelope(_ seed: UInt8) -> (SoulArchive) throws -> Envelope {
    { fixture.provenance().statement(about: $0).signed(by: try SoulFixture.key(seed)) }
  }

  @Test("a signature of a key that the policy names is trusted, and the report says by whom")
  func trusted() throws {
    let report = verify(try fixture.writeSigned(seeds: [1, 2], in: folder), try policy([1, 2, 3], threshold: 2))
    #expect(report.isTrusted)
    #expect(report.signatures.allSatisfy(\.check.isValid) && report.signatures.count == 2)
    #expect(report.document["decision"] == "trusted")
    #expect(report.document["digest"]?.digest == report.digest)
    #expect(throws: Never.self) { try report.requireTrusted() }
  }

  @Test("keys count over all envelopes together, each once")
  func acrossEnvelopes() throws {
    let two = try archive([envelope(1), envelope(2)])
    #expect(verify(two, try policy([1, 2], threshold: 2)).isTrusted)
    #expect(!verify(two, try policy([1, 3], threshold: 2)).isTrusted)
  }

  @Test("one key that signed two envelopes is one key")
  func oneKeyTwice() throws {
    let later: (SoulArchive) throws -> Envelope = { archive in
      let statement = Provenance(
        recipe: archive.manifest.recipe, goal: "again", dependencies: [], builderID: "https://soulpack.dev/builder/local", builderVersion: "0.1.0"
      ).statement(about: archive)
      return statement.signed(by: try SoulFixture.key(1))
    }
    let report = verify(try archive([envelope(1), later]), try policy([1, 2], threshold: 2))
    #expect(report.signatures.count == 2)
    guard case .policy(.untrusted) = report.decision else {
      Issue.record("\(report.decision)")
      return
    }
  }

  @Test("unsigned is not valid, whatever the policy")
  func unsigned() throws {
    let report = verify(try archive([]), try policy([1]))
    #expect(report.decision == .unsigned)
    let error = #expect(throws: VerificationError.self) { try report.requireTrusted() }
    #expect(error?.isRefusedByPolicy == false)
    let always = Verifier.verify(try SoulArchive.open(folder["0.soul"]), judge: SoulFixture.judge, named: { _ in [] }) { _, keys in .trusted(rule: "*", keys: keys) }
    #expect(!always.isTrusted)
  }

  @Test("an envelope without a signature vouches for nothing")
  func emptyEnvelope() throws {
    let report = verify(
      try archive([{ Envelope(payloadType: Statement.payloadType, payload: fixture.provenance().statement(about: $0).canonical) }]),
      try policy([1]))
    guard case .invalid = report.decision else {
      Issue.record("\(report.decision)")
      return
    }
  }

  @Test("strangers' keys and Souls without a rule are refused by the policy, not as invalid")
  func refusedByPolicy() throws {
    let signed = try archive([envelope(1)])
    for policy in [try policy([2]), try policy([1], souls: "other*"), .empty] {
      let error = #expect(throws: VerificationError.self) { try verify(signed, policy).requireTrusted() }
      #expect(error?.isRefusedByPolicy == true)
    }
  }

  /// Envelopes that must not count, each signed by the trusted key 1.
  private var falseEnvelopes: [(String, (SoulArchive) throws -> Envelope)] {
    let key = { try SoulFixture.key(1) }
    return [
      ("about another digest", { archive in
        let subject = Statement.Subject(name: "lamplighter@1.2.0", digest: Digest(hashing: Data("other".utf8)))
        let statement = fixture.provenance().statement(about: archive)
        return Statement(subjects: [subject], predicateType: statement.predicateType, predicate: statement.predicate).signed(by: try key())
      }),
      ("another predicate type", { archive in
        let statement = fixture.provenance().statement(about: archive)
        return Statement(subjects: statement.subjects, predicateType: "https://example.org/revoked", predicate: [:]).signed(by: try key())
      }),
      ("another build type", { archive in
        let statement = fixture.provenance().statement(about: archive)
        let predicate: JSONValue = ["buildDefinition": ["buildType": "https://example.org/other"]]
        return Statement(subjects: statement.subjects, predicateType: statement.predicateType, predicate: predicate).signed(by: try key())
      }),
      ("another recipe", { archive in
        fixture.provenance(recipe: Digest(hashing: Data("other".utf8))).statement(about: archive).signed(by: try key())
      }),
      ("another payload type", { archive in
        Envelope(payloadType: "application/json", payload: fixture.provenance().statement(about: archive).canonical).signed(by: try key())
      }),
      ("a changed payload", { archive in
        let signed = fixture.provenance().statement(about: archive).signed(by: try key())
        let changed = String(decoding: signed.payload, as: UTF8.self).replacingOccurrences(of: "lamplighter@", with: "lamplighter#")
        return Envelope(payloadType: signed.payloadType, payload: Data(changed.utf8), signatures: signed.signatures)
      }),
      ("somebody else's key id", { archive in
        let signed = fixture.provenance().statement(about: archive).signed(by: try SoulFixture.key(9))
        let claimed = [Envelope.Signature(keyID: try key().publicKey.description, bytes: signed.signatures[0].bytes)]
        return Envelope(payloadType: signed.payloadType, payload: signed.payload, signatures: claimed)
      }),
      ("a key id that is no key", { archive in
        let signed = fixture.provenance().statement(about: archive).signed(by: try key())
        let claimed = [Envelope.Signature(keyID: "me", bytes: signed.signatures[0].bytes)]
        return Envelope(payloadType: signed.payloadType, payload: signed.payload, signatures: claimed)
      }),
    ]
  }

  @Test("a false statement makes the archive invalid, beside a good one too", arguments: 0..<8, [false, true])
  func falseStatement(index: Int, besideGood: Bool) throws {
    let (name, envelope) = falseEnvelopes[index]
    let report = verify(try archive((besideGood ? [self.envelope(1)] : []) + [envelope]), try policy([1]))
    guard case .invalid(let reasons) = report.decision else {
      Issue.record("\(name): \(report.decision)")
      return
    }
    #expect(reasons.count == 1)
    let error = #expect(throws: VerificationError.self) { try report.requireTrusted() }
    #expect(error?.isRefusedByPolicy == false)
  }

  @Test("a signature moved to another Soul's archive does not count there")
  func moved() throws {
    let signed = try archive([envelope(1)])
    var other = fixture
    other.description = "Somebody else."
    let target = try other.write(to: folder["other.soul"])
    _ = try target.attach(try #require(signed.referrers[0].envelope), to: folder["moved.soul"])
    guard case .invalid = verify(try SoulArchive.open(folder["moved.soul"]), try policy([1])).decision else {
      Issue.record("a moved signature counted")
      return
    }
  }

  // MARK: Certificates

  /// The fixture's archive, signed by key 1, with these certificates attached.
  private func certified(_ certificates: [JSONValue]) throws -> SoulArchive {
    let signed = try archive([envelope(1)])
    _ = try signed.attach(certificates.map { .certificate($0) }, to: folder["certified.soul"])
    return try SoulArchive.open(folder["certified.soul"])
  }

  @Test("a certificate that holds is shown, and its keys do not vouch for the Soul")
  func certificate() throws {
    let bytes = try [UInt8(1), 2].map { seed in try fixture.certificate(seed: seed).document }
    let archive = try certified(bytes)
    let report = verify(archive, try policy([1]))
    #expect(report.isTrusted && report.certificates.count == 2)
    #expect(report.certificates.allSatisfy { $0.facts.label == "self-measured" && $0.facts.quorum == 1 && $0.facts.validatorCount == 1 })
    #expect(report.document["certificates"]?.array?.count == 2)
    #expect(!verify(archive, try policy([1, 2], threshold: 2)).isTrusted)
    let types = Inspection(archive).document["referrers"]?.array?.compactMap { $0["artifactType"]?.string }
    #expect(types?.count { $0 == "application/vnd.soulpack.albft.certificate.v1+json" } == 2)
    #expect(try archive.digest == fixture.write(to: folder["again.soul"]).digest)
  }

  @Test("a certificate counts as trusted only where the consumer's rule names all its signers")
  func strangersCertificate() throws {
    let documents = try [UInt8(1), 66].map { seed in try fixture.certificate(seed: seed).document }
    let archive = try certified(documents)
    let report = verify(archive, try policy([1, 2]))
    #expect(report.isTrusted && report.certificates.count == 2)
    for certificate in report.certificates {
      #expect(try certificate.isTrusted == (certificate.facts.signers == [SoulFixture.key(1).publicKey]))
    }
    let told = report.document["certificates"]?.array?.map { $0["trusted"]?.bool }
    #expect(told?.count { $0 == true } == 1 && told?.count { $0 == false } == 1)
    // Under another Soul's rule the same keys are strangers.
    #expect(verify(archive, try policy([1, 66], souls: "other*")).certificates.allSatisfy { !$0.isTrusted })
  }

  @Test("a Soul without a certificate is verified, and the report has none")
  func noCertificate() throws {
    let report = verify(try archive([envelope(1)]), try policy([1]))
    #expect(report.isTrusted && report.certificates.isEmpty)
  }

  @Test("a certificate that is broken, or of another Soul, makes the archive invalid")
  func falseCertificate() throws {
    let good = try fixture.certificate(seed: 1).document
    var members = try #require(good.object)
    members["decision"] = members["manifest"]
    var other = fixture
    other.weights = SoulFixture.safetensors(values: [9, 9, 9, 9])
    for bytes in [.object(members), try other.certificate(seed: 1).document, [:]] as [JSONValue] {
      guard case .invalid(let reasons) = verify(try certified([bytes]), try policy([1])).decision else {
        Issue.record("a false certificate was taken")
        continue
      }
      #expect(reasons.count == 1 && reasons[0].hasPrefix("referrer "))
      try FileManager.default.removeItem(at: folder["certified.soul"])
      for name in ["0.soul", "1.soul"] { try FileManager.default.removeItem(at: folder[name]) }
    }
  }

  @Test("what is no JSON object is not attached as a certificate", arguments: [[], "{}", 1, nil] as [JSONValue?])
  func noDocument(document: JSONValue?) throws {
    let archive = try archive([])
    #expect(throws: ArchiveError.self) { try archive.attach([.certificate(document ?? .null)], to: folder["x.soul"]) }
    #expect(!FileManager.default.fileExists(atPath: folder["x.soul"].path))
  }

  @Test("a selection in soul.json whose winner does not follow from its table makes the archive invalid")
  func falseSelection() throws {
    var manifest = try fixture.manifest()
    var members = try fixture.decision().document.object ?? [:]
    // The gain that the recipe asked for is raised afterwards, above what the winner gained.
    var question = try #require(members["question"]?.object)
    question["improvement"] = ["numerator": 5, "denominator": 1]
    members["question"] = .object(question)
    manifest.selection = try SoulManifest.Selection(document: .object(members))
    _ = try SoulArchive.write(manifest, files: fixture.files, to: folder["false.soul"])
    let archive = try SoulArchive.open(folder["false.soul"])
    _ = try archive.attach(fixture.provenance().statement(about: archive).signed(by: SoulFixture.key(1)), to: folder["false-signed.soul"])
    guard case .invalid(let reasons) = verify(try SoulArchive.open(folder["false-signed.soul"]), try policy([1])).decision else {
      Issue.record("a selection that does not follow was taken")
      return
    }
    #expect(reasons == ["soul.json: selection: does not follow from its scores"])
  }

  @Test("a claim in soul.json whose verdict does not follow from the losses makes the archive invalid", arguments: ["2.3", "much less"])
  func falseClaimVerdict(claim: String) throws {
    var manifest = try fixture.manifest()
    let own = manifest.candidates[0]
    manifest.candidates[0] = .init(
      number: own.number, target: own.target, parameters: own.parameters, files: own.files, trace: own.trace, outcome: own.outcome,
      claim: .init(lossNatsPerToken: claim, verdict: .refuted))
    _ = try SoulArchive.write(manifest, files: fixture.files, to: folder["claim.soul"])
    let report = verify(try SoulArchive.open(folder["claim.soul"]), try policy([1]))
    #expect(report.decision == .invalid(["soul.json: candidate 1: what is said of its claim does not follow from its loss"]))
  }

  @Test("the provenance is SLSA's: what went in, who built it, when")
  func provenance() throws {
    let archive = try archive([])
    let statement = fixture.provenance().statement(about: archive)
    #expect(statement.predicateType == "https://slsa.dev/provenance/v1")
    #expect(statement.subjects == [.init(name: "lamplighter@1.2.0", digest: archive.digest)])
    #expect(statement.predicate["buildDefinition"]?["buildType"] == "https://soulpack.dev/build/1")
    #expect(statement.predicate["runDetails"]?["metadata"] == ["startedOn": "2023-11-14T22:13:20Z", "finishedOn": "2023-11-14T22:14:20Z"])
  }
}
