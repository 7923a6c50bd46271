import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Splits")
struct SplitTests {
  private let standard = SplitParameters(validationPPM: 100_000, holdoutPPM: 100_000, salt: "salt")

  private func dataset(_ numbers: Range<Int>, conversations: Int? = nil) async throws -> CuratedDataset {
    let lines = numbers.map { number in textLine("record \(number)", conversation: conversations.map { "talk \(number % $0)" }) }
    return try await curate(["a.jsonl": lines.joined(separator: "\n")]).dataset
  }

  private func sides(_ split: MemorySplit) -> [RecordID: Partition] {
    let pairs = Partition.allCases.flatMap { side in split[side].rows.map { ($0.id, side) } }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// docs/curation.md, "Split", word for word, and sharing no code with the room.
  private func recomputed(_ key: String, _ parameters: SplitParameters) -> Partition {
    let mac = Digest(authenticating: Data(("soulpack.split/1\n" + key).utf8), key: Data(parameters.salt.utf8))
    var position = UInt64(0)
    var remainder = UInt64(0)
    // ⌊h · 10⁶ / 2⁶⁴⌋ by long multiplication, one byte at a time from the least.
    for byte in mac.bytes.prefix(8).reversed() {
      let sum = UInt64(byte) * 1_000_000 + remainder
      remainder = sum >> 8
    }
    position = remainder
    if position < UInt64(parameters.holdoutPPM) { return .holdout }
    return position < UInt64(parameters.holdoutPPM + parameters.validationPPM) ? .validation : .train
  }

  @Test("a stranger can recompute every side", arguments: ["salt", "", "é\u{0}"])
  func formula(salt: String) async throws {
    let parameters = SplitParameters(validationPPM: 123_456, holdoutPPM: 200_001, salt: salt)
    for conversations in [nil, 50] {
      let dataset = try await dataset(0..<300, conversations: conversations)
      let sides = sides(try await MemorySplit(dataset, parameters))
      for row in dataset.rows {
        let key = row.conversation.map { "conversation\n" + $0 } ?? "record\n" + row.id.description
        #expect(sides[row.id] == recomputed(key, parameters))
      }
    }
  }

  @Test("a copy lies once, on the side of the smallest key, wherever else of its other conversation lies")
  func copies() async throws {
    let files = ["a.jsonl": ["own of b", "shared"].map { textLine($0, conversation: "b") }, "b.jsonl": ["own of a", "shared"].map { textLine($0, conversation: "a") }]
    let dataset = try await curate(files.mapValues { $0.joined(separator: "\n") }).dataset
    let half = try #require((0..<100).lazy.map { SplitParameters(validationPPM: 0, holdoutPPM: 500_000, salt: "\($0)") }.first {
      recomputed("conversation\na", $0) == .train && recomputed("conversation\nb", $0) == .holdout
    })
    let sides = sides(try await MemorySplit(dataset, half))
    func side(_ text: String) -> Partition? { sides[DatasetRecord(content: .text(text)).id] }
    #expect(dataset.count == 3 && side("own of a") == .train && side("shared") == .train && side("own of b") == .holdout)
  }

  @Test("the parts are the whole, in its order, and a conversation is on one side", arguments: [nil, 12, 40])
  func parts(conversations: Int?) async throws {
    let all = try await dataset(0..<400, conversations: conversations)
    let split = try await MemorySplit(all, SplitParameters(validationPPM: 200_000, holdoutPPM: 200_000, salt: "7"))
    #expect(Partition.allCases.flatMap { split[$0].rows.map(\.id) }.sorted() == all.rows.map(\.id))
    for side in Partition.allCases {
      #expect(try CuratedDataset(parsing: split[side].bytes).rows == split[side].rows)
    }
    #expect(split.conversations.values.reduce(0, +) == conversations ?? 400)
    let owners = Partition.allCases.map { Set(split[$0].rows.compactMap(\.conversation)) }
    #expect(owners[0].isDisjoint(with: owners[1]) && owners[0].isDisjoint(with: owners[2]) && owners[1].isDisjoint(with: owners[2]))
  }

  @Test("records that come or go move no other", arguments: 1...8)
  func stability(step: Int) async throws {
    let before = sides(try await MemorySplit(try await dataset(0..<200), standard))
    let after = sides(try await MemorySplit(try await dataset((step * 20)..<(200 + step * 100)), standard))
    let common = Set(before.keys).intersection(after.keys)
    #expect(common.count == 200 - step * 20)
    #expect(common.allSatisfy { before[$0] == after[$0] })
  }

  @Test("another validation share leaves the holdout alone, and a larger holdout holds the smaller one")
  func nesting() async throws {
    let all = try await dataset(0..<500)
    let base = try await MemorySplit(all, standard)
    let more = try await MemorySplit(all, SplitParameters(validationPPM: 300_000, holdoutPPM: 100_000, salt: "salt"))
    let larger = try await MemorySplit(all, SplitParameters(validationPPM: 0, holdoutPPM: 250_000, salt: "salt"))
    #expect(base.holdout.bytes == more.holdout.bytes)
    #expect(Set(base.holdout.rows.map(\.id)).isSubset(of: larger.holdout.rows.map(\.id)))
    #expect(larger.validation.count == 0)
  }

  @Test("the shares come out as asked, and another salt gives another split")
  func shares() async throws {
    let all = try await dataset(0..<5_000)
    let split = try await MemorySplit(all, standard)
    // Five standard deviations of a binomial with n = 5,000 and p = 0.1.
    #expect(abs(split.holdout.count - 500) < 107)
    #expect(abs(split.validation.count - 500) < 107)
    #expect(try await MemorySplit(all, SplitParameters(validationPPM: 100_000, holdoutPPM: 100_000, salt: "other")).holdout.bytes != split.holdout.bytes)
  }

  @Test("a conversation that is called like an id is not that record")
  func domains() async throws {
    let plain = try await dataset(0..<200)
    let named = try await curate(["a.jsonl": plain.rows.enumerated().map { textLine("other \($0)", conversation: $1.id.description) }.joined(separator: "\n")]).dataset
    let half = SplitParameters(validationPPM: 0, holdoutPPM: 500_000, salt: "salt")
    let held = Set(try await MemorySplit(plain, half).holdout.rows.map(\.id.description))
    let heldNames = Set(try await MemorySplit(named, half).holdout.rows.compactMap(\.conversation))
    #expect(held != heldNames)
  }

  @Test("an empty part says how many conversations there are and what would do; following the hint works")
  func shortfalls() async throws {
    let few = try await dataset(0..<60, conversations: 3)
    let tight = SplitParameters(validationPPM: 0, holdoutPPM: 1, salt: "salt")
    let error = await #expect(throws: SplitError.self) { try await MemorySplit(few, tight) }
    guard case .emptyPart(.holdout, let facts) = error, let enough = facts.sufficientPPM else { Issue.record("the holdout is the empty part"); return }
    #expect(facts.conversations == 3)
    #expect(error?.message == "the holdout part is empty: none of 3 conversations falls into a share of 0.0001%")
    #expect(try await MemorySplit(few, SplitParameters(validationPPM: 0, holdoutPPM: enough, salt: "salt")).conversations[.holdout] == 1)
    await #expect(throws: SplitError.self) { try await MemorySplit(few, SplitParameters(validationPPM: 0, holdoutPPM: enough - 1, salt: "salt")) }

    let greedy = await #expect(throws: SplitError.self) { try await MemorySplit(few, SplitParameters(validationPPM: 1, holdoutPPM: 999_998, salt: "salt")) }
    guard case .emptyPart(.train, let rest) = greedy, let most = rest.sufficientPPM else { Issue.record("train is the empty part"); return }
    #expect(try await MemorySplit(few, SplitParameters(validationPPM: 0, holdoutPPM: most, salt: "salt")).conversations[.train] == 1)
  }

  @Test("one conversation cannot be parted, and nothing cannot either")
  func impossible() async throws {
    let one = try await dataset(0..<5, conversations: 1)
    let error = await #expect(throws: SplitError.self) { try await MemorySplit(one, standard) }
    #expect(error?.hint?.hasPrefix("a dataset of one conversation cannot be parted") == true)
    await #expect(throws: SplitError.emptyDataset) { try await MemorySplit(try CuratedDataset(parsing: Data()), standard) }
    await #expect(throws: SplitError.self) { try await MemorySplit(one, SplitParameters(validationPPM: 0, holdoutPPM: 0, salt: "salt")) }
  }
}
