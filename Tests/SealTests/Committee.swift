import Artifacts
import Foundation
import Hashing
import Judging
import Signing
import Testing

/// A committee of keys that the tests hold, and what its members measured. Seeds name keys: 1… validators, 101… trainers, 200 the owner.
struct Committee {
  let validators: [UInt8]
  let trainers: [UInt8]
  let manifest: RoundManifest
  static let owner: UInt8 = 200

  init(
    validators: Int, trainers: Int = 2, cap: Int64 = 2, tolerance: Margin = .zero, height: Int64 = 0, engine: String = "engine",
    name: String = "lamplighter", version: String = "1.0.0", owner: UInt8 = Committee.owner
  ) throws {
    self.validators = (0..<validators).map { UInt8(1 + $0) }
    self.trainers = (0..<trainers).map { UInt8(101 + $0) }
    let improvement = try #require(Margin(numerator: 1, denominator: 1000))
    let question = Question(
      height: height, incumbent: Self.digest("base"), holdout: .init(root: Self.digest("holdout"), records: 3, tokens: 1000),
      improvement: improvement, tolerance: tolerance)
    let subject = RoundManifest.Subject(
      name: name, version: version, base: Self.digest("base"), dataset: Self.digest("dataset"), recipe: Self.digest("recipe"), engine: Self.digest(engine))
    manifest = try #require(
      RoundManifest(
        subject, parent: height == 0 ? nil : Self.digest("parent"), question: question, owner: try Self.key(owner),
        validators: try self.validators.map(Self.key), trainers: try self.trainers.map { .init(key: try Self.key($0), candidates: cap, bytes: 1 << 20) }))
  }

  static func digest(_ text: String) -> Digest { Digest(hashing: Data(text.utf8)) }
  static func key(_ seed: UInt8) throws -> PublicKey { try SoulFixture.key(seed).publicKey }

  func sign(_ body: MessageBody, _ seed: UInt8) throws -> SignedMessage { try sign(RoundMessage(round: manifest.id, body), seed) }
  func sign(_ message: RoundMessage, _ seed: UInt8) throws -> SignedMessage { SignedMessage(message, signedBy: try SoulFixture.key(seed)) }

  // MARK: What its members say

  func nonce(_ name: String) throws -> Nonce { try #require(Nonce(bytes: Self.digest("nonce \(name)").bytes)) }

  func commit(_ name: String, by seed: UInt8) throws -> SignedMessage {
    let body = Commit(
      round: manifest.id, by: try Self.key(seed), adapter: Self.digest(name), trace: Self.digest("trace \(name)"), nonce: try nonce(name))
    return try sign(.commit(body), seed)
  }

  func reveal(_ name: String, of commit: SignedMessage, by seed: UInt8) throws -> SignedMessage {
    let body = Reveal(
      by: try Self.key(seed), commit: commit.digest, adapter: Self.digest(name), trace: Self.digest("trace \(name)"), nonce: try nonce(name))
    return try sign(.reveal(body), seed)
  }

  /// What was measured: totals by the candidate's name, nil for one without a finite loss.
  func table(_ totals: [String: Int64?], incumbent: Int64 = 9_000_000_000, records: String = "records") throws -> ScoreTable {
    func score(_ name: String, _ total: Int64) -> Score {
      Score(candidate: Self.digest(name), total: total, tokens: 1000, records: Self.digest("\(records) of \(name)"))
    }
    return try ScoreTable(
      incumbent: score("base", incumbent),
      proposals: totals.map { name, total in total.map { .scored(score(name, $0)) } ?? .diverged(Self.digest(name)) })
  }

  static let honest: [String: Int64?] = ["a": 8_000_000_000, "b": 7_000_000_000]

  func freeze(_ stage: Freeze.Stage, _ messages: [SignedMessage]) -> MessageBody { .freeze(Freeze(stage, Set(messages.map(\.digest)))) }

  func begin() throws -> Round { try Round(try sign(RoundMessage(manifest), Self.owner)) }

  /// Each message that an honest round has, in order, with those validators alone who take part in each stage (all, where nothing is said).
  struct Script {
    var messages: [SignedMessage] = []
    var commits: [SignedMessage] = []
    var reveals: [SignedMessage] = []
    var votes: [SignedMessage] = []
  }

  /// `tables`: what a validator says instead of the honest table.
  func script(without silent: Set<UInt8> = [], tables: [UInt8: ScoreTable] = [:], decides: Bool = true) throws -> Script {
    let speaking = validators.filter { !silent.contains($0) }
    var script = Script()
    script.messages = try (speaking + [Self.owner]).map { try sign(RoundMessage(manifest), $0) }
    script.commits = try [commit("a", by: 101), commit("b", by: 102)]
    script.reveals = try [reveal("a", of: script.commits[0], by: 101), reveal("b", of: script.commits[1], by: 102)]
    script.votes = try speaking.map { seed in
      try sign(.vote(Vote(by: Self.key(seed), table: try tables[seed] ?? table(Self.honest))), seed)
    }
    let stages: [(Freeze.Stage, [SignedMessage])] = [(.commits, script.commits), (.reveals, script.reveals), (.votes, script.votes)]
    for (stage, messages) in stages {
      script.messages += messages
      script.messages += try (speaking + [Self.owner]).map { try sign(freeze(stage, messages), $0) }
    }
    guard decides else { return script }
    var round = try begin()
    round.receive(all: script.messages)
    if let verdict = round.verdict { script.messages += try speaking.map { try sign(.decide(verdict), $0) } }
    return script
  }

  func play(_ messages: some Sequence<SignedMessage>) throws -> Round {
    var round = try begin()
    round.receive(all: messages)
    return round
  }
}

/// SplitMix64, so that a failing order can be played again.
struct SeededRandom: RandomNumberGenerator {
  private let numbers: CounterRandom
  private var counter: UInt64 = 0

  init(_ seed: UInt64) { numbers = CounterRandom(seed: seed) }

  mutating func next() -> UInt64 {
    counter += 1
    return numbers.value(counter)
  }
}
