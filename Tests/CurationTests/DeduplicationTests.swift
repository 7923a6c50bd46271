import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Exact duplicates")
struct DeduplicationTests {
  @Test("the keeper stands first by file and line, and the others name it")
  func keeper() async throws {
    let result = try await curate(["b.jsonl": textLine("x"), "a.jsonl": [textLine("y"), textLine(" x\r\n"), textLine("x")].joined(separator: "\n")])
    let keeper = try #require(result.entry("a.jsonl", 2))
    #expect(keeper.fate == .kept)
    let id = try #require(keeper.id)
    for place in [("a.jsonl", 3), ("b.jsonl", 1)] {
      #expect(result.entry(place.0, place.1)?.fate == .merged(keeper: id, at: RecordPlace(file: "a.jsonl", line: 2)))
    }
    #expect(result.dataset.count == 2)
    #expect(result.ledger.summary.merged == 2)
  }

  @Test("paths are ordered by bytes, not by Unicode's equivalence")
  func byteOrder() async throws {
    // Not a dictionary: to Swift, two of these paths are one key.
    let files = [("\u{e9}.jsonl", textLine("x")), ("f.jsonl", textLine("x")), ("e\u{301}.jsonl", textLine("y"))]
    let contents = Dictionary(files.map { (Digest(hashing: Data($0.1.utf8)), Data($0.1.utf8)) }, uniquingKeysWith: { first, _ in first })
    let snapshot = Snapshot(
      entries: files.map { .init(path: $0.0, byteCount: Int64($0.1.utf8.count), digest: Digest(hashing: Data($0.1.utf8))) })
    let result = try await Curator(parameters: CurationParameters(stages: standardStages)).curate(snapshot) { contents[$0.digest] ?? Data() }

    #expect(result.ledger.files.map { Array($0.path.utf8) } == ["e\u{301}.jsonl", "f.jsonl", "\u{e9}.jsonl"].map { Array($0.utf8) })
    #expect(result.entry("f.jsonl", 1)?.fate == .kept)
    let query = try LedgerQuery(result.ledger.bytes)
    #expect(try query.why(file: "\u{e9}.jsonl", line: 1).entry == result.entry("\u{e9}.jsonl", 1))
    #expect(try query.why(file: "e\u{301}.jsonl", line: 1).entry.fate == .kept)
  }

  @Test("a text and a talk of the same words, and two orders of turns, are different records")
  func different() async throws {
    let talk = #"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}"#
    let other = #"{"messages":[{"role":"user","content":"y"},{"role":"assistant","content":"x"}]}"#
    #expect(try await curate(["a.jsonl": [talk, other, textLine("x"), textLine("y")].joined(separator: "\n")]).dataset.count == 4)
  }

  @Test("the smallest conversation key survives, whichever file holds it, and the ledger says that it moved")
  func conversations() async throws {
    let keys: [String?] = [nil, "b", "a", "c"]
    var datasets: Set<Data> = []
    for shift in 0..<4 {
      let lines = (0..<4).map { textLine("x", conversation: keys[($0 + shift) % 4]) }
      let result = try await curate(["a.jsonl": lines.joined(separator: "\n")])
      #expect(result.dataset.rows.map(\.conversation) == ["a"])
      datasets.insert(result.dataset.bytes)
      let noted = result.ledger.entries[0].passages.contains(Passage(stage: .deduplicate, changes: [Change(kind: .conversation, count: 1)]))
      #expect(noted == (keys[shift] != "a"))
    }
    #expect(datasets.count == 1)
  }

  @Test("a second time there is nothing to merge", arguments: 1...10 as ClosedRange<UInt64>)
  func idempotence(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<400).map { _ in textLine("text \(random.below(90))", conversation: random.pick([nil, "c\(random.below(9))"])) }
    let once = try await curate(["a.jsonl": lines.joined(separator: "\n")])
    let twice = try await curate(["b.jsonl": once.dataset.bytes])
    #expect(once.ledger.summary.merged > 0)
    #expect(twice.ledger.summary.merged == 0)
    #expect(once.dataset.bytes == twice.dataset.bytes)
  }

  @Test("without the stage, copies stay, in one order")
  func withoutStage() async throws {
    let lines = [textLine("x", conversation: "b"), textLine("x"), textLine("x", conversation: "a"), textLine("x")]
    let first = try await curate(["a.jsonl": lines.joined(separator: "\n")], stages: [.repair])
    let second = try await curate(["a.jsonl": lines.reversed().joined(separator: "\n")], stages: [.repair])
    #expect(first.dataset.count == 4)
    #expect(first.dataset.bytes == second.dataset.bytes)
    #expect(try CuratedDataset(parsing: first.dataset.bytes).rows == first.dataset.rows)
  }
}
