import Artifacts
import Foundation
import Hashing
import Judging
import Testing

/// Made-up losses; the expected numbers below were computed from the same rows by a program of its own, in unbounded integers.
private enum Rows {
  static let tokens = (Int64(0)..<40).map { 5 + $0 * 7 % 11 }
  static let base = (Int64(0)..<40).map { index -> Int64 in
    let noise = index * index * 7919 % 900_000
    return tokens[Int(index)] * (4 << 20) + noise
  }
  static let candidate = (Int64(0)..<40).map { index -> Int64 in
    let noise = index * 104_729 % 700_000
    return tokens[Int(index)] * (1 << 20) * (7 + index % 3) / 2 + noise
  }

  static func losses(_ totals: [Int64]) throws -> RecordLosses {
    try RecordLosses(totals.indices.map { .init(id: id($0), total: totals[$0], tokens: tokens[$0]) })
  }

  static func id(_ index: Int) -> Digest { Digest(hashing: Data("record \(index)".utf8)) }
}

@Suite("Losses over records")
struct StatisticsTests {
  private func losses(_ rows: [(Int64, Int64)]) throws -> RecordLosses {
    try RecordLosses(rows.enumerated().map { .init(id: Rows.id($0), total: $1.0, tokens: $1.1) })
  }

  @Test("sums, root and standard errors are the ones that another program computes")
  func vectors() throws {
    let (base, candidate) = (try Rows.losses(Rows.base), try Rows.losses(Rows.candidate))
    #expect((base.total, candidate.total, base.tokens) == (1_702_066_468, 1_689_937_356, 402))
    #expect(base.root.hex == "d8ff78d3761728bec4a8c28ff96ff26d0641d93735adf3f3cec96e1eec29af74")
    #expect(base.standardError == 1_830_510 && candidate.standardError == 29_006_594)
    #expect(try candidate.standardError(ofDifferenceFrom: base) == 28_891_278)
  }

  @Test("the bootstrap interval is the one that another program draws from the same numbers")
  func bootstrap() throws {
    let interval = try BootstrapInterval(of: try Rows.losses(Rows.candidate), over: try Rows.losses(Rows.base))
    #expect((interval.lowPPM, interval.highPPM) == (-25_873, 39_000))
  }

  @Test("the random numbers are SplitMix64's")
  func random() {
    // The first outputs for this seed are published with several implementations of the generator.
    let random = CounterRandom(seed: 1_234_567)
    let expected: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431]
    #expect((0..<4).map { random.value($0) } == expected)
    #expect((0..<1000).allSatisfy { random.index($0, below: 7) < 7 })
  }

  @Test("what is always better by the same share has an interval of no width; equal losses have none at all")
  func certain() throws {
    let base = try losses((1...9).map { ($0 << 20, $0) })
    let better = try losses((1...9).map { ($0 << 20 / 4 * 3, $0) })
    let interval = try BootstrapInterval(of: better, over: base)
    #expect((interval.lowPPM, interval.highPPM) == (250_000, 250_000))
    let none = try BootstrapInterval(of: base, over: base)
    #expect((none.lowPPM, none.highPPM) == (0, 0))
    #expect(base.standardError == 0)
  }

  @Test("windows of one text are one record; one record tells no error")
  func windows() throws {
    let parts = [(0, Int64(5), Int64(2)), (0, 7, 1), (1, 4, 3)].map { RecordLosses.Record(id: Rows.id($0.0), total: $0.1, tokens: $0.2) }
    let whole = try RecordLosses(parts)
    #expect(whole.records.map(\.total) == [12, 4] && whole.tokens == 6)
    #expect(try RecordLosses([parts[0]]).standardError == nil)
    #expect(throws: RecordLossError.recordTwice) { try RecordLosses([parts[0], parts[2], parts[1]]) }
  }

  @Test("losses that cannot be are refused, and none of the possible overflows", arguments: [(-1, 1), (1, -1), (1 << 53, 1), (1, 1 << 53)] as [(Int64, Int64)])
  func impossible(total: Int64, tokens: Int64) throws {
    #expect(throws: RecordLossError.self) { try losses([(1, 1), (total, tokens)]) }
    #expect(throws: RecordLossError.noTokens) { try losses([]) }
    #expect(throws: RecordLossError.noTokens) { try losses([(3, 0)]) }
    let huge = try losses([(1 << 52, 1 << 51), (0, 1 << 51), (1 << 52 - 1, 1)])
    #expect(try BootstrapInterval(of: huge, over: huge).highPPM == 0)
    #expect((huge.standardError ?? 0) > 0)
  }

  @Test("scores of other records, or over other tokens of them, are not compared")
  func others() throws {
    let (left, right) = (try losses([(5, 2), (6, 3)]), try losses([(5, 3), (6, 2)]))
    #expect(throws: RecordLossError.otherRecords) { try BootstrapInterval(of: left, over: right) }
    #expect(throws: RecordLossError.otherRecords) { try left.standardError(ofDifferenceFrom: right) }
    #expect(left.holdout.root != right.holdout.root)
    #expect(left.holdout == (try losses([(7, 2), (1, 3)])).holdout)
  }
}

@Suite("Gates")
struct GateTests {
  private func result(_ base: [Int64], _ winner: [Int64], asked: Int64, base kind: GateBase = .base) throws -> GateResult {
    func losses(_ totals: [Int64]) throws -> RecordLosses {
      try RecordLosses(totals.enumerated().map { .init(id: Rows.id($0), total: $1, tokens: 10) })
    }
    return try GateResult(.holdoutLoss(belowBasePPM: asked), winner: losses(winner), base: losses(base), called: kind)
  }

  @Test("a gate is met at its bound and missed one unit above it")
  func bound() throws {
    #expect(try result([500_000, 500_000], [475_000, 475_000], asked: 50_000).isMet)
    #expect(!(try result([500_000, 500_000], [475_000, 475_001], asked: 50_000).isMet))
    #expect(try result([500_000, 500_000], [500_000, 500_000], asked: 0).isMet)
    #expect(try result([0, 0], [0, 0], asked: 50_000).isMet)
    #expect(!(try result([0, 0], [0, 1], asked: 0).isMet))
  }

  @Test("the words say what was asked and measured, and never round a miss up to what was asked")
  func words() throws {
    #expect(
      try result([1000, 1000], [916, 916], asked: 50_000).words
        == "holdout-loss 8.4 % below the base (95 % interval 8.4 … 8.4 %), 5 % asked: met")
    #expect(
      try result([10_000, 10_000], [9_504, 9_504], asked: 50_000).words
        == "holdout-loss 4.9 % below the base (95 % interval 4.9 … 4.9 %), 5 % asked: missed")
    #expect(
      try result([1000, 1000], [1031, 1031], asked: 12_500, base: .blindGuess).words
        == "holdout-loss 3.1 % above blind guessing (95 % interval -3.1 … -3.1 %), 1.25 % asked: missed")
  }

  @Test("the document holds integers alone")
  func document() throws {
    let document = GateResult.document([try result([1000, 1000], [916, 916], asked: 50_000)])
    #expect(document["schema"] == "soulpack.gates/1")
    #expect(
      document["gates"] == [
        [
          "gate": "holdout-loss", "below": "base", "askedPPM": 50_000, "measuredPPM": 84_000, "intervalPPM": [84_000, 84_000], "records": 2,
          "resamples": 10_000, "met": true,
        ]
      ])
  }
}

@Suite("Claims")
struct ClaimTests {
  /// Loss 3 nats a token over nine records, with a standard error of √(9 ⁄ 8 · 6) ⁄ 9 = 0.288675 nats a token: 3 − √18 errors is 1.775255.
  private func measured() throws -> RecordLosses {
    try RecordLosses([2, 3, 4, 2, 3, 4, 2, 3, 4].enumerated().map { .init(id: Rows.id($0), total: $1 << 20, tokens: 1) })
  }

  @Test("a claim is refuted where it lies more than three standard errors of the difference below what was measured",
    arguments: [("3.0", false), ("1.7753", false), ("1.7752", true), ("0", true), ("-1", true), ("-999999", true), ("999999.999999999999", false),
      ("1.77521234567891234", true)])
  func verdicts(text: String, isRefuted: Bool) throws {
    let claim = try #require(Claim(lossNatsPerToken: text))
    #expect((claim.verdict(against: try measured()) == .refuted) == isRefuted)
    #expect(claim.lossNatsPerToken == text)
  }

  @Test("the bound is exact, and the largest numbers do not overflow")
  func exact() throws {
    let largest: Int64 = (1 << 53) - 1
    // √18 = 4.24264…: 4242640 thousandths of a thousand-fold error are inside, 4242641 are not.
    let nothing = try #require(Claim(lossNatsPerToken: "0"))
    #expect(nothing.verdict(againstTotal: 4_242_640, tokens: 1, standardError: 1_000_000) == .notRefuted)
    #expect(nothing.verdict(againstTotal: 4_242_641, tokens: 1, standardError: 1_000_000) == .refuted)
    #expect(nothing.verdict(againstTotal: 0, tokens: largest, standardError: 0) == .notRefuted)
    let least = try #require(Claim(lossNatsPerToken: "-999999.999999999"))
    #expect(least.verdict(againstTotal: largest, tokens: largest, standardError: 0) == .refuted)
    #expect(nothing.verdict(againstTotal: largest, tokens: largest, standardError: largest) == .notRefuted)
  }

  @Test("one record refutes nothing")
  func oneRecord() throws {
    let one = try RecordLosses([.init(id: Rows.id(0), total: 9 << 20, tokens: 1)])
    #expect(try #require(Claim(lossNatsPerToken: "0.1")).verdict(against: one) == .notRefuted)
  }

  @Test("what is no decimal number is no claim", arguments: ["", "-", ".", "1.", ".5", "1e3", "nan", "inf", "4,1", " 4.1", "٤", "1.2.3", "--1", "1234567"])
  func noClaim(text: String) {
    #expect(Claim(lossNatsPerToken: text) == nil)
  }
}
