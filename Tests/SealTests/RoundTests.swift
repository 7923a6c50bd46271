import Artifacts
import Foundation
import Hashing
import Judging
import Signing
import Testing

@Suite("A round of the committee")
struct RoundTests {
  private let digest = Committee.digest

  @Test("one key alone certifies, and what it certifies is self-measured")
  func alone() throws {
    let committee = try Committee(validators: 1)
    #expect(committee.manifest.quorum == 1 && committee.manifest.faultLimit == 0)
    let certificate = try committee.play(committee.script().messages).certificate()
    #expect(certificate.decision.winner == digest("b") && certificate.decision.label == .selfMeasured)
    #expect(try Certificate(parsing: certificate.document.canonical) == certificate)
  }

  @Test("four keys certify the lowest loss, and three of them are enough", arguments: [[], [1], [4]] as [Set<UInt8>])
  func four(silent: Set<UInt8>) throws {
    let committee = try Committee(validators: 4)
    #expect(committee.manifest.quorum == 3)
    let round = try committee.play(committee.script(without: silent).messages)
    let certificate = try round.certificate()
    #expect(round.phase == .certified && round.evidence.isEmpty)
    #expect(certificate.decision.winner == digest("b") && certificate.decision.label == .attested)
    #expect(certificate.signers.count == 4 - silent.count)
    #expect(try Certificate(parsing: certificate.document.canonical) == certificate)
  }

  @Test("without a quorum there is no certificate, and the missing are named", arguments: [2, 3, 4])
  func missing(count: Int) throws {
    let committee = try Committee(validators: 4)
    let silent = Set((1...UInt8(count)))
    let round = try committee.play(committee.script(without: silent).messages)
    let error = #expect(throws: NoCertificate.self) { try round.certificate() }
    #expect(error?.phase == .proposed && error?.needed == 3 && error?.signed == 4 - count)
    #expect(try error?.missing == silent.map(Committee.key).sorted())
    #expect(try error?.message.contains(Committee.key(1).description) == true)
  }

  @Test("votes that stay away are missed by name; a stage that nobody proposes is missed from the owner")
  func missingVotes() throws {
    let committee = try Committee(validators: 4)
    let script = try committee.script()
    let isOfVotes = { (message: SignedMessage) in
      if case .freeze(let freeze) = message.message.body { freeze.stage == .votes } else { false }
    }
    let until = script.messages.filter { !isOfVotes($0) }
    let two = Set(script.votes[2...].map(\.digest))
    let starved = try committee.play(until.filter { !two.contains($0.digest) })
    let error = #expect(throws: NoCertificate.self) { try starved.certificate() }
    #expect(try error?.phase == .voting && error?.missing == [Committee.key(3), Committee.key(4)].sorted())
    let waiting = #expect(throws: NoCertificate.self) { try committee.play(until).certificate() }
    #expect(try waiting?.missing == [Committee.key(Committee.owner)])
  }

  @Test("one false voter changes nothing, whatever it says", arguments: ["too low", "too high", "diverged", "records"])
  func falseVote(lie: String) throws {
    let committee = try Committee(validators: 4)
    let table =
      switch lie {
      case "too low": try committee.table(["a": 1, "b": 7_000_000_000])
      case "too high": try committee.table(["a": 8_000_000_000, "b": 8_999_999_999])
      case "diverged": try committee.table(["a": 8_000_000_000, "b": nil])
      default: try committee.table(Committee.honest, records: "other records")
      }
    for liar in committee.validators {
      let certificate = try committee.play(committee.script(tables: [liar: table]).messages).certificate()
      #expect(try certificate.decision.table == committee.table(Committee.honest))
    }
  }

  @Test("where two of four measured otherwise, nothing is decided; with a tolerance the lower median is")
  func disagreement() throws {
    let tables: [UInt8: Int64] = [1: 7_000_000_000, 2: 7_000_000_400, 3: 7_000_000_300, 4: 7_000_000_200]
    func play(_ tolerance: Margin) throws -> Round {
      let committee = try Committee(validators: 4, tolerance: tolerance)
      return try committee.play(committee.script(tables: tables.mapValues { try committee.table(["a": 8_000_000_000, "b": $0]) }).messages)
    }
    let strict = try play(.zero)
    #expect(strict.phase == .disagreed)
    #expect(throws: NoCertificate.self) { try strict.certificate() }
    // One millionth of a nat a token, over 1000 tokens: 1048 units.
    let loose = try play(try #require(Margin(numerator: 1, denominator: 1_000_000)))
    #expect(try loose.certificate().decision.table.scores.map(\.total).min() == 7_000_000_200)
  }

  @Test("a candidate without a finite loss is out, and equal adapters are one candidate")
  func divergedAndEqual() throws {
    let committee = try Committee(validators: 1)
    var round = try committee.begin()
    let commits = try [committee.commit("a", by: 101), committee.commit("a", by: 102)]
    try round.receive(committee.sign(RoundMessage(committee.manifest), 1))
    let reveals = try [committee.reveal("a", of: commits[0], by: 101), committee.reveal("a", of: commits[1], by: 102)]
    for (stage, messages) in [(Freeze.Stage.commits, commits), (.reveals, reveals)] {
      round.receive(all: messages + (try [1, Committee.owner].map { try committee.sign(committee.freeze(stage, messages), $0) }))
    }
    #expect(round.candidates == [digest("a")])
    let vote = try committee.sign(.vote(Vote(by: Committee.key(1), table: committee.table(["a": nil]))), 1)
    round.receive(all: [vote] + (try [1, Committee.owner].map { try committee.sign(committee.freeze(.votes, [vote]), $0) }))
    #expect(round.verdict?.decision.outcome == .noCandidate && round.verdict?.decision.diverged == [digest("a")])
  }
}

@Suite("Messages that a round does not take")
struct RefusalTests {
  private let committee: Committee
  private let script: Committee.Script

  init() throws {
    committee = try Committee(validators: 4)
    script = try committee.script()
  }

  /// The round after everything up to the freeze of `stage`.
  private func round(after stage: Freeze.Stage?) throws -> Round {
    let last = stage.flatMap { stage in
      script.messages.lastIndex { if case .freeze(let freeze) = $0.message.body { freeze.stage == stage } else { false } }
    }
    return try committee.play(script.messages.prefix(last.map { $0 + 1 } ?? 5))
  }

  private func expect(_ refusal: Refusal, of message: SignedMessage, after stage: Freeze.Stage?) throws {
    var round = try round(after: stage)
    #expect(throws: refusal) { try round.receive(message) }
  }

  @Test("a commit after the commits were frozen is late; a reveal before is early, and neither changes the round")
  func time() throws {
    let late = try committee.commit("late", by: 101)
    try expect(.late(.commit, .revealing), of: late, after: .commits)
    try expect(.late(.commit, .voting), of: late, after: .reveals)
    try expect(.early(.reveal, .committing), of: script.reveals[0], after: nil)
    try expect(.early(.vote, .revealing), of: script.votes[0], after: .commits)
    var round = try round(after: .votes)
    let before = round
    #expect(throws: Refusal.self) { try round.receive(late) }
    #expect(round == before)
  }

  @Test("who has no part may not speak, and nobody speaks in another's name")
  func strangers() throws {
    let stranger = try Committee.key(77)
    try expect(.stranger(stranger, .commit), of: committee.sign(.commit(Commit(by: stranger, commitment: Committee.digest("x"))), 77), after: nil)
    let forged = try committee.sign(script.commits[0].message, 102)
    try expect(.stranger(Committee.key(102), .commit), of: forged, after: nil)
    let trainersVote = try committee.sign(.vote(Vote(by: Committee.key(101), table: committee.table(Committee.honest))), 101)
    try expect(.stranger(Committee.key(101), .vote), of: trainersVote, after: .reveals)
    try expect(.stranger(Committee.key(Committee.owner), .abort), of: committee.sign(.abort, Committee.owner), after: nil)
    let other = try Committee(validators: 4, engine: "other")
    try expect(.otherRound(other.manifest.id), of: other.commit("a", by: 101), after: nil)
    #expect(throws: Refusal.notTheOwner(try Committee.key(Committee.owner))) { try Round(committee.sign(RoundMessage(committee.manifest), 1)) }
  }

  @Test("a reveal that does not match its commit is refused and proves it; one of another's commit is refused")
  func mismatch() throws {
    var round = try round(after: .commits)
    let false1 = try committee.reveal("c", of: script.commits[0], by: 101)
    #expect(throws: Refusal.mismatchedReveal(try Committee.key(101))) { try round.receive(false1) }
    let evidence = try #require(round.evidence.first)
    #expect(try evidence.culprit == Committee.key(101))
    #expect(try Evidence(document: JSONValue(parsing: evidence.document.canonical)) == evidence)
    try expect(.unknownCommit(script.commits[1].digest), of: committee.reveal("b", of: script.commits[1], by: 101), after: .commits)
    // The honest reveal still counts.
    #expect(try round.receive(script.reveals[0]) == .taken && round.receive(script.reveals[0]) == .known)
  }

  @Test("a vote on other candidates, or over another holdout, is none")
  func votes() throws {
    let tables = try [
      committee.table(["a": 1]), committee.table(["a": 1, "b": 1, "c": 1]),
      ScoreTable(incumbent: Score(candidate: Committee.digest("base"), total: 1, tokens: 999, records: Committee.digest("r")), proposals: []),
    ]
    for table in tables {
      try expect(.voteOnOthers(Committee.key(1)), of: committee.sign(.vote(Vote(by: Committee.key(1), table: table)), 1), after: .reveals)
    }
  }

  @Test("a verdict that does not follow from the frozen votes is refused")
  func wrongVerdict() throws {
    let liar = try Committee(validators: 4)
    let other = try liar.script(tables: Dictionary(uniqueKeysWithValues: liar.validators.map { ($0, try liar.table(["a": 1, "b": 2])) }))
    let wrong = try #require(other.messages.last)
    #expect(wrong.message.round == committee.manifest.id)
    try expect(.wrongVerdict, of: wrong, after: .votes)
  }

  @Test("a set with more than a trainer may propose is not frozen, though a quorum signed it")
  func cap() throws {
    let committee = try Committee(validators: 4, cap: 1)
    let commits = try [committee.commit("a", by: 101), committee.commit("b", by: 101)]
    let signers = committee.validators + [Committee.owner]
    let messages = try signers.map { try committee.sign(RoundMessage(committee.manifest), $0) } + commits
    let round = try committee.play(messages + signers.map { try committee.sign(committee.freeze(.commits, commits), $0) })
    #expect(round.phase == .committing)
    let one = try committee.play(messages + signers.map { try committee.sign(committee.freeze(.commits, [commits[0]]), $0) })
    #expect(one.phase == .revealing)
  }

  @Test("a quorum without the owner's proposal freezes nothing")
  func ownerless() throws {
    let owner = try Committee.key(Committee.owner)
    let without = script.messages.filter { message in
      if case .freeze = message.message.body { !message.signers.contains(owner) } else { true }
    }
    #expect(try committee.play(without).phase == .committing)
  }

  @Test("bytes that are no message of the protocol are refused")
  func bytes() throws {
    let good = script.commits[0].message.payload
    #expect(try RoundMessage(payload: good) == script.commits[0].message)
    let text = String(decoding: good, as: UTF8.self)
    let wrong = [
      "", "soulpack", text.replacing("albft/1", with: "albft/2"), text.replacing("/commit ", with: "/promise "), text + " ",
      text.replacing("\n{", with: "\n {"), text.replacing("\"by\"", with: "\"By\""), text.replacing(" sha256:", with: " "),
      text.replacing("\n{", with: "\n{\"a\":1,"), text.replacing("/commit ", with: "/reveal "),
      String(decoding: RoundMessage(round: Committee.digest("x"), .manifest(committee.manifest)).payload, as: UTF8.self),
    ]
    for text in wrong { #expect(throws: DocumentError.self, "\(text)") { try RoundMessage(payload: Data(text.utf8)) } }
    let envelope = script.commits[0].envelope
    let unsigned = Envelope(payloadType: envelope.payloadType, payload: envelope.payload)
    let retyped = Envelope(payloadType: "application/json", payload: envelope.payload).signed(by: try SoulFixture.key(101))
    let moved = Envelope(payloadType: envelope.payloadType, payload: script.commits[1].envelope.payload, signatures: envelope.signatures)
    for envelope in [unsigned, retyped, moved] { #expect(throws: DocumentError.self) { try SignedMessage(envelope) } }
  }

  @Test("a round is about a Soul whose name a recipe can have", arguments: ["", "Lamp", "-lamp", "lamp@1", "lamp.lighter", String(repeating: "a", count: 65)])
  func names(name: String) throws {
    let manifest = committee.manifest
    let own = manifest.subject
    let subject = RoundManifest.Subject(name: name, version: own.version, base: own.base, dataset: own.dataset, recipe: own.recipe, engine: own.engine)
    #expect(
      RoundManifest(subject, question: manifest.question, owner: manifest.owner, validators: manifest.validators, trainers: manifest.trainers) == nil)
  }

  @Test("a committee is 3f + 1 distinct keys, and a parent belongs above height 0")
  func manifests() throws {
    let manifest = committee.manifest
    func make(_ validators: [PublicKey], parent: Digest? = nil) -> RoundManifest? {
      RoundManifest(
        manifest.subject, parent: parent, question: manifest.question, owner: manifest.owner, validators: validators, trainers: manifest.trainers)
    }
    let keys = manifest.validators
    #expect(make(keys) == manifest)
    for keys in [[], Array(keys.prefix(2)), Array(keys.prefix(3)), keys.prefix(3) + [keys[0]]] { #expect(make(keys) == nil) }
    #expect(make(keys, parent: Committee.digest("p")) == nil)
    #expect(try Committee(validators: 1, height: 3).manifest.parent != nil)
  }
}
