import Artifacts
import Curation
import Foundation
import Testing

@Suite("A sample of uncurated records")
struct SampleTests {
  private static let words = ["lamp", "tide", "glass", "rope", "wick", "gull", "stone", "fog", "bell", "oil", "stair", "storm"]

  /// A text of its own of 30 words.
  private static func text(_ seed: UInt64) -> String {
    var draw = Seeded(seed &* 7_919 &+ 1)
    return (0..<30).map { _ in words.randomElement(using: &draw) ?? "" }.joined(separator: " ")
  }

  private static func dataset(_ texts: [String], conversation: (Int) -> String? = { _ in nil }) async throws -> CuratedDataset {
    let lines = texts.enumerated().map { textLine($0.element, conversation: conversation($0.offset)) }.joined(separator: "\n")
    return try await curate(["a.jsonl": lines], stages: []).dataset
  }

  private static func count(_ record: DatasetRecord) -> Int {
    guard case .text(let text) = record.content else { return 0 }
    return text.split(separator: " ").count
  }

  private static func texts(_ dataset: CuratedDataset) throws -> [String] {
    try dataset.records().compactMap { if case .text(let text) = $0.content { text } else { nil } }
  }

  @Test("holds as many tokens as asked, less than a thousandth or one record short, and never more", arguments: [0, 30, 31, 600, 601, 900, 100_000])
  func tokens(target: Int) async throws {
    let pool = try await Self.dataset((0..<100).map { Self.text(UInt64($0)) })
    let holdout = try await Self.dataset([Self.text(1_000)])
    let sample = try UncuratedSample(of: pool, without: holdout, tokens: target, salt: "s", tokens: Self.count)
    #expect(sample.tokens == min(target / 30 * 30, 3_000) && sample.dataset.count == sample.tokens / 30)
    #expect(sample.pool == 100 && sample.nearHoldout == 0)
  }

  @Test("has nothing of the holdout: no copy, in other letters or spaces or misread, no near one, nothing of its conversations")
  func noLeak() async throws {
    let secret = Self.text(1)
    let variants = [
      secret, secret.uppercased(), "  " + secret.replacing(" ", with: "  \n"), secret + " and a few words more", secret.replacing(" lamp ", with: ", lamp! "),
      "caf\u{c3}\u{a9} " + secret,
    ]
    let others = (10..<30).map { Self.text(UInt64($0)) }
    let pool = try await Self.dataset(variants + others) { $0 == 25 ? "told" : nil }
    let holdout = try await Self.dataset([secret, "another one"]) { $0 == 1 ? "told" : nil }
    let sample = try UncuratedSample(of: pool, without: holdout, tokens: 100_000, salt: "s", tokens: Self.count)
    #expect(try Set(Self.texts(sample.dataset)) == Set(others.dropLast()))
    #expect(sample.nearHoldout == variants.count + 1)
  }

  @Test("where nothing is left, it says why")
  func nothingLeft() async throws {
    let pool = try await Self.dataset([Self.text(1), Self.text(1).uppercased()])
    #expect(throws: NoUncuratedRecords(pool: 2, nearHoldout: 2)) {
      try UncuratedSample(of: pool, without: pool, tokens: 30, salt: "s", tokens: Self.count)
    }
  }

  @Test("keeps copies as often as they stand, and takes another draw for another salt alone")
  func draw() async throws {
    let texts = (0..<60).map { Self.text(UInt64($0 % 40)) }
    let holdout = try await Self.dataset([Self.text(1_000)])
    let all = try UncuratedSample(of: try await Self.dataset(texts), without: holdout, tokens: 1_800, salt: "s", tokens: Self.count)
    #expect(all.dataset.count == 60)
    let draws = try await [texts, texts.reversed(), texts.shuffled()].asyncMap { texts in
      try UncuratedSample(of: try await Self.dataset(texts), without: holdout, tokens: 600, salt: "s", tokens: Self.count).dataset.bytes
    }
    #expect(Set(draws).count == 1)
    let other = try UncuratedSample(of: try await Self.dataset(texts), without: holdout, tokens: 600, salt: "t", tokens: Self.count).dataset.bytes
    #expect(other != draws[0])
  }
}

extension Array {
  fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
