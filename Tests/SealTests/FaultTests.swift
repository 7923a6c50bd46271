import Artifacts
import Foundation
import Judging
import Signing
import Testing

@Suite("Faults, orders and what a validator signs")
struct FaultTests {
  private let committee: Committee

  init() throws {
    committee = try Committee(validators: 4)
  }

  /// An honest round beside which validator 4 signs a second value for everything that it can.
  private func twoFaced() throws -> [SignedMessage] {
    let script = try committee.script()
    let lie = try committee.table(["a": 1, "b": 2])
    let second = try [
      committee.sign(committee.freeze(.commits, [script.commits[0]]), 4), committee.sign(committee.freeze(.reveals, [script.reveals[0]]), 4),
      committee.sign(.vote(Vote(by: Committee.key(4), table: lie)), 4), committee.sign(committee.freeze(.votes, Array(script.votes[1...])), 4),
      committee.sign(.abort, 4),
    ]
    return script.messages + second
  }

  @Test("who signs two values is found out, slot by slot, and the round goes on")
  func equivocation() throws {
    let round = try committee.play(try twoFaced())
    #expect(try round.certificate().decision.winner == Committee.digest("b"))
    #expect(try round.evidence.allSatisfy { try $0.culprit == Committee.key(4) })
    #expect(round.evidence.count == 5)
    for evidence in round.evidence {
      #expect(try Evidence(document: JSONValue(parsing: evidence.document.canonical)) == evidence)
    }
  }

  @Test("an equivocation has one form, in whatever order the two messages came")
  func oneForm() throws {
    let script = try committee.script()
    let (key, two) = (try Committee.key(4), try [committee.sign(.abort, 4), #require(script.messages.last)])
    let evidence = try #require(Evidence.equivocation(by: key, two[0], two[1]))
    #expect(Evidence.equivocation(by: key, two[1], two[0]) == evidence)
    var members = try #require(evidence.document.object)
    members["messages"] = .array(try #require(members["messages"]?.array).reversed())
    #expect(throws: DocumentError.self) { try Evidence(document: .object(members)) }
  }

  @Test("a key that publishes two versions alone has broken no promise")
  func aloneTwice() throws {
    let manifests = try ["1.0.0", "1.0.1"].map { version in try Committee(validators: 1, version: version, owner: 1).manifest }
    var alone = Validator(key: try Committee.key(1))
    let signed = try manifests.map { try committee.sign(alone.endorse($0), 1) }
    #expect(Evidence.equivocation(by: alone.key, signed[0], signed[1]) == nil)
    // A validator of somebody else's round is bound, be it the only one.
    let bound = try ["1.0.0", "1.0.1"].map { version in try committee.sign(RoundMessage(Committee(validators: 1, version: version).manifest), 1) }
    #expect(Evidence.equivocation(by: alone.key, bound[0], bound[1]) != nil)
  }

  @Test("evidence against somebody else, or of one message alone, is refused")
  func falseEvidence() throws {
    let evidence = try #require(try committee.play(try twoFaced()).evidence.first)
    let document = try #require(evidence.document.object)
    for (member, value) in try [
      ("by", .string(Committee.key(1).description)), ("kind", "mismatched-reveal"),
      ("messages", .array([try #require(document["messages"]?.array?[0]), try #require(document["messages"]?.array?[0])])),
      ("messages", []), ("surprise", 1),
    ] as [(String, JSONValue)] {
      #expect(throws: DocumentError.self) { try Evidence(document: .object(document.merging([member: value]) { _, new in new })) }
    }
  }

  @Test("in any order, repeated, with one two-faced validator: the same certificate", arguments: 0..<60 as Range<UInt64>)
  func anyOrder(seed: UInt64) throws {
    let messages = try twoFaced()
    let expected = try committee.play(messages).certificate()
    var random = SeededRandom(seed)
    let repeated = (messages + messages.filter { _ in Bool.random(using: &random) }).shuffled(using: &random)
    let round = try committee.play(repeated)
    #expect(try round.certificate() == expected)
    #expect(round.evidence.count == 5)
  }

  @Test("with messages lost, in any order: the same winner and table, or no certificate", arguments: 100..<160 as Range<UInt64>)
  func lost(seed: UInt64) throws {
    let messages = try twoFaced()
    let expected = try committee.play(messages).certificate()
    var random = SeededRandom(seed)
    let share = Int.random(in: 1...30, using: &random)
    let rest = messages.filter { _ in Int.random(in: 0..<100, using: &random) >= share }.shuffled(using: &random)
    let round = try committee.play(rest)
    do throws(NoCertificate) {
      let certificate = try round.certificate()
      #expect(certificate.verdict == expected.verdict)
      #expect(certificate.signers.count >= committee.manifest.quorum)
    } catch {
      // Whoever waits is told for what: signatures, the owner's proposal, or messages that were frozen and did not come.
      #expect(!error.missing.isEmpty || !error.absent.isEmpty)
    }
  }

  @Test("of a verdict and an abort one at most finds a quorum, and an aborted round certifies nothing")
  func abort() throws {
    let script = try committee.script()
    let undecided = script.messages.filter { if case .decide = $0.message.body { false } else { true } }
    let aborts = try committee.validators.prefix(3).map { try committee.sign(.abort, $0) }
    let aborted = try committee.play(undecided + aborts)
    #expect(aborted.phase == .aborted)
    #expect(throws: NoCertificate.self) { try aborted.certificate() }
    var certified = try committee.play(script.messages)
    #expect(throws: Refusal.late(.abort, .certified)) { try certified.receive(aborts[0]) }
    #expect(certified.evidence.count == 1)
  }

  // MARK: What a validator signs

  @Test("a validator signs one manifest for a Soul and height, one vote, and no verdict beside an abort")
  func oneValue() throws {
    let script = try committee.script()
    var validator = Validator(key: try Committee.key(1))
    _ = try validator.endorse(committee.manifest)
    let owner = try Committee.key(Committee.owner)
    let again = try Committee(validators: 4, engine: "rolled again")
    #expect(throws: ValidatorRefusal.signedAnother(.round(owner: owner, name: "lamplighter", height: 0))) { try validator.endorse(again.manifest) }
    #expect(throws: Never.self) { try validator.endorse(committee.manifest) }
    // Another version is the same Soul; another owner's Soul of that name is another.
    let later = try Committee(validators: 4, version: "1.0.1")
    #expect(throws: ValidatorRefusal.self) { try validator.endorse(later.manifest) }
    #expect(throws: Never.self) { try validator.endorse(Committee(validators: 4, owner: 201).manifest) }
    // What it signed outlives it.
    var restarted = Validator(key: validator.key, signed: validator.signed)
    #expect(throws: ValidatorRefusal.self) { try restarted.endorse(again.manifest) }

    let voting = try committee.play(script.messages.filter { message in
      switch message.message.body {
      case .vote, .decide: false
      case .freeze(let freeze): freeze.stage != .votes
      default: true
      }
    })
    _ = try validator.vote(try committee.table(Committee.honest), in: voting)
    #expect(throws: ValidatorRefusal.signedAnother(.vote(round: voting.id))) { try validator.vote(try committee.table(["a": 1, "b": 2]), in: voting) }
    #expect(throws: ValidatorRefusal.notNow(.voting)) { try validator.decide(in: voting) }

    let deciding = try committee.play(script.messages.filter { if case .decide = $0.message.body { false } else { true } })
    _ = try validator.abort(deciding)
    #expect(throws: ValidatorRefusal.signedAnother(.conclusion(round: deciding.id))) { try validator.decide(in: deciding) }
    var stranger = Validator(key: try Committee.key(77))
    #expect(throws: ValidatorRefusal.noValidator(stranger.key)) { try stranger.endorse(committee.manifest) }
  }

  @Test("a validator signs no set that leaves out what it holds, names what it does not hold, or brings adapters it cannot read")
  func sets() throws {
    let script = try committee.script()
    let manifests = script.messages.prefix(5)
    let committing = try committee.play(Array(manifests) + script.commits)
    var validator = Validator(key: try Committee.key(1))
    let all = Set(script.commits.map(\.digest))
    let omitted = script.commits[0].digest
    #expect(throws: ValidatorRefusal.omits(omitted)) { try validator.endorse(Freeze(.commits, all.subtracting([omitted])), in: committing) }
    #expect(throws: ValidatorRefusal.badSet(.commits)) { try validator.endorse(Freeze(.commits, all.union([Committee.digest("x")])), in: committing) }
    #expect(throws: ValidatorRefusal.notNow(.committing)) { try validator.endorse(Freeze(.reveals, []), in: committing) }
    _ = try validator.endorse(Freeze(.commits, all), in: committing)

    let frozen = try committee.validators.map { try committee.sign(committee.freeze(.commits, script.commits), $0) }
    let owners = try committee.sign(committee.freeze(.commits, script.commits), Committee.owner)
    let revealing = try committee.play([Array(manifests), script.commits, frozen, [owners], script.reveals].joined())
    let reveals = Freeze(.reveals, Set(script.reveals.map(\.digest)))
    let (a, b) = (Committee.digest("a"), Committee.digest("b"))
    #expect(throws: ValidatorRefusal.noBytes(of: b)) { try validator.endorse(reveals, in: revealing, adapters: [a: 10]) }
    #expect(throws: ValidatorRefusal.aboveCap(a)) { try validator.endorse(reveals, in: revealing, adapters: [a: 1 << 20 + 1, b: 10]) }
    _ = try validator.endorse(reveals, in: revealing, adapters: [a: 10, b: 1 << 20])
  }

  // MARK: Who would stop a round

  /// A round in which each validator and the owner sign a stage only where `Validator` lets them.
  private struct Honest {
    let committee: Committee
    var validators: [UInt8: Validator]
    var round: Round

    init(_ committee: Committee) throws {
      self.committee = committee
      validators = try Dictionary(uniqueKeysWithValues: committee.validators.map { ($0, Validator(key: try Committee.key($0))) })
      round = try committee.begin()
      for seed in committee.validators { try round.receive(committee.sign(RoundMessage(committee.manifest), seed)) }
    }

    mutating func freeze(_ stage: Freeze.Stage, _ messages: [SignedMessage], adapters: [Digest: Int64] = [:]) throws {
      let freeze = Freeze(stage, Set(messages.map(\.digest)))
      let before = round
      var signed = [try committee.sign(.freeze(freeze), Committee.owner)]
      for seed in committee.validators {
        var validator = try #require(validators[seed])
        signed.append(try committee.sign(validator.endorse(freeze, in: before, adapters: adapters), seed))
        validators[seed] = validator
      }
      #expect(round.receive(all: signed).isEmpty)
    }

    mutating func finish(_ totals: [String: Int64?]) throws {
      let votes = try committee.validators.map { try committee.sign(.vote(Vote(by: Committee.key($0), table: committee.table(totals))), $0) }
      for vote in votes { try round.receive(vote) }
      try freeze(.votes, votes)
      let before = round
      for seed in committee.validators {
        var validator = try #require(validators[seed])
        try round.receive(committee.sign(validator.decide(in: before), seed))
      }
    }
  }

  @Test("a trainer that commits beyond its cap, withholds an adapter or reveals too large a one stops nobody")
  func greedyTrainer() throws {
    var honest = try Honest(committee)
    let greedy = try ["a", "c", "d"].map { name in (name, try committee.commit(name, by: 101)) }.sorted { $0.1.digest < $1.1.digest }
    let fair = try committee.commit("b", by: 102)
    for commit in greedy.map(\.1) + [fair] { try honest.round.receive(commit) }
    let allowed = greedy.prefix(2).map(\.1) + [fair]
    var validator = Validator(key: try Committee.key(1))
    let otherTwo = Freeze(.commits, Set((greedy.suffix(2).map(\.1) + [fair]).map(\.digest)))
    #expect(throws: ValidatorRefusal.omits(greedy[0].1.digest)) { try validator.endorse(otherTwo, in: honest.round) }
    try honest.freeze(.commits, allowed)

    let reveals = try greedy.prefix(2).map { name, commit in try committee.reveal(name, of: commit, by: 101) }
    let reveal = try committee.reveal("b", of: fair, by: 102)
    for message in reveals + [reveal] { try honest.round.receive(message) }
    // Of the first adapter nobody has the bytes, of the second there are too many.
    let adapters: [Digest: Int64] = [Committee.digest("b"): 10, Committee.digest(greedy[1].0): 1 << 20 + 1]
    try honest.freeze(.reveals, [reveal], adapters: adapters)
    #expect(honest.round.candidates == [Committee.digest("b")])
    try honest.finish(["b": 7_000_000_000])
    #expect(try honest.round.certificate().decision.winner == Committee.digest("b"))
  }

  @Test("votes are not frozen without a validator's that is held, nor early on a table that no quorum has")
  func earlyVotes() throws {
    let lie = try committee.table(["a": 1, "b": 2])
    let script = try committee.script(tables: [4: lie], decides: false)
    let upToVotes = script.messages.filter { message in
      switch message.message.body {
      case .vote: false
      case .freeze(let freeze): freeze.stage != .votes
      default: true
      }
    }
    func freeze(_ votes: some Sequence<SignedMessage>) -> Freeze { Freeze(.votes, Set(votes.map(\.digest))) }
    var validator = Validator(key: try Committee.key(1))
    let early = try committee.play(upToVotes + script.votes[1...])
    // Three votes are a quorum, and two honest ones of them are none.
    #expect(throws: ValidatorRefusal.undecided) { try validator.endorse(freeze(script.votes[1...]), in: early) }
    let all = try committee.play(upToVotes + script.votes)
    #expect(throws: ValidatorRefusal.omitsVoter(try Committee.key(2))) {
      try validator.endorse(freeze([script.votes[0], script.votes[2], script.votes[3]]), in: all)
    }
    // Of a two-faced validator's votes either will do.
    let second = try committee.sign(.vote(Vote(by: Committee.key(4), table: committee.table(Committee.honest))), 4)
    let twoFaced = try committee.play(upToVotes + script.votes + [second])
    _ = try validator.endorse(freeze(script.votes), in: twoFaced)

    // Where all have voted there is nobody to wait for: the round may end without a table.
    let disagreeing = try committee.script(tables: [3: lie, 4: lie], decides: false)
    var other = Validator(key: try Committee.key(1))
    _ = try other.endorse(freeze(disagreeing.votes), in: committee.play(upToVotes + disagreeing.votes))
  }
}

@Suite("Certificates")
struct CertificateTests {
  private let fixture = SoulFixture()

  @Test("a committee of one says the same bytes each time, and another key others; the Soul's table is in both")
  func deterministic() throws {
    let certificate = try fixture.certificate(seed: 1)
    #expect(try fixture.certificate(seed: 1).document == certificate.document)
    let other = try fixture.certificate(seed: 2)
    #expect(other.digest != certificate.digest && other.decision == certificate.decision)
    #expect(try certificate.decision == fixture.decision())
    #expect(try certificate.objection(subject: fixture.subject(), selection: fixture.decision().document) == nil)
  }

  @Test("a round of one key for a decision that its candidates do not give is not certified")
  func otherCandidates() throws {
    let candidates = [LocalCommittee.Candidate(adapter: Committee.digest("other"), trace: Committee.digest("t"), byteCount: 1)]
    let committee = LocalCommittee(try fixture.subject(), deciding: try fixture.decision(), among: candidates)
    #expect(throws: Refusal.voteOnOthers(try Committee.key(1))) { try committee.certificate(signedBy: SoulFixture.key(1)) }
  }

  @Test("a certificate of another Soul, recipe or table does not speak for this one")
  func objections() throws {
    let certificate = try fixture.certificate(seed: 1)
    let (subject, selection) = (try fixture.subject(), try fixture.decision().document)
    let renamed = RoundManifest.Subject(
      name: "x", version: "1.0.0", base: subject.base, dataset: subject.dataset, recipe: subject.recipe, engine: subject.engine)
    #expect(certificate.objection(subject: renamed, selection: selection) == "the certificate is of a Soul named \"lamplighter@1.2.0\"")
    let rebased = RoundManifest.Subject(
      name: subject.name, version: subject.version, base: nil, dataset: subject.dataset, recipe: subject.recipe, engine: subject.engine)
    #expect(certificate.objection(subject: rebased, selection: selection)?.contains("another base") == true)
    #expect(certificate.objection(subject: subject, selection: [:]) == "the certificate's table is not the one in soul.json")
  }

  /// A certificate of four keys, and the messages it is made of.
  private func parts() throws -> (manifest: SignedMessage, decision: SignedMessage, committee: Committee) {
    let committee = try Committee(validators: 4)
    let round = try committee.play(committee.script().messages)
    let certificate = try round.certificate()
    let document = certificate.document
    let reader = DocumentReader(document, document: "certificate")
    return (
      try SignedMessage(Envelope(reader.member("manifest"))), try SignedMessage(Envelope(reader.member("decision"))), committee
    )
  }

  private func refuse(_ manifest: Envelope, _ decision: Envelope, _ words: String, at place: SourceLocation = #_sourceLocation) {
    let document: JSONValue = ["schema": .string(Certificate.schema), "manifest": manifest.document, "decision": decision.document]
    let error = #expect(throws: DocumentError.self, sourceLocation: place) { try Certificate(parsing: document.canonical) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")", sourceLocation: place)
  }

  private func envelope(_ message: SignedMessage, signatures: ArraySlice<Envelope.Signature>) -> Envelope {
    Envelope(payloadType: message.envelope.payloadType, payload: message.envelope.payload, signatures: Array(signatures))
  }

  @Test("too few signatures, strangers' signatures, another round's verdict, changed words: each is refused")
  func refused() throws {
    let (manifest, decision, committee) = try parts()
    refuse(manifest.envelope, envelope(decision, signatures: decision.envelope.signatures.prefix(2)), "signed by 2 of 4 validators, 3 needed")
    let owner = try Committee.key(Committee.owner).description
    refuse(
      envelope(manifest, signatures: manifest.envelope.signatures.filter { $0.keyID != owner }[...]), decision.envelope, "is not signed by the owner")
    refuse(manifest.envelope, decision.envelope.signed(by: try SoulFixture.key(77)), "is no validator of the round")
    refuse(decision.envelope, decision.envelope, "manifest: is no manifest")
    refuse(manifest.envelope, manifest.envelope, "decision: is not the verdict of this round")
    let other = try Committee(validators: 4, engine: "other")
    let otherVerdict = try #require(try other.script().messages.last)
    refuse(manifest.envelope, otherVerdict.envelope, "is not the verdict of this round")
    let text = String(decoding: decision.envelope.payload, as: UTF8.self).replacing("7000000000", with: "6000000000")
    refuse(
      manifest.envelope, Envelope(payloadType: decision.envelope.payloadType, payload: Data(text.utf8), signatures: decision.envelope.signatures),
      "not valid")
    #expect(throws: DocumentError.self) { try Certificate(parsing: Data("{}".utf8)) }
    #expect(committee.manifest.id == manifest.message.round)
  }

  @Test("a winner that does not follow from the table is refused, however many signed it")
  func falseWinner() throws {
    let (manifest, decision, committee) = try parts()
    let text = String(decoding: decision.envelope.payload, as: UTF8.self)
    let changed = text.replacing("\"winner\":\"\(Committee.digest("b"))\"", with: "\"winner\":\"\(Committee.digest("a"))\"")
    try #require(changed != text)
    var envelope = Envelope(payloadType: decision.envelope.payloadType, payload: Data(changed.utf8))
    for seed in committee.validators { envelope = envelope.signed(by: try SoulFixture.key(seed)) }
    refuse(manifest.envelope, envelope, "does not follow from its scores")
  }
}
