import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Curations")
struct CuratorTests {
  @Test("order, names and cutting of the files leave no trace in the dataset", arguments: 1...12 as ClosedRange<UInt64>)
  func orderIndependence(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<300).map { _ in RandomRecords.line(&random) }
    let whole = try await curate(["all.jsonl": Data(lines.joined(separator: "\n").utf8)])
    let shuffled = lines.shuffled(using: &random)
    var files: [String: Data] = [:]
    var start = 0
    while start < shuffled.count {
      let end = min(shuffled.count, start + 1 + random.below(80))
      files["\(random.below(1_000_000))/part.jsonl"] = Data(shuffled[start..<end].joined(separator: "\n").utf8)
      start = end
    }
    let parted = try await curate(files)
    #expect(whole.dataset.bytes == parted.dataset.bytes)
    #expect(whole.dataset.root == parted.dataset.root)
    #expect(whole.ledger.summary.kept == parted.ledger.summary.kept)
  }

  @Test("threads and pieces leave no trace in dataset and ledger", arguments: [1, 2, 3, 8], [1, 7, 500, 1 << 20])
  func threadIndependence(concurrency: Int, chunk: Int) async throws {
    var random = Seeded(99)
    let files = Dictionary(uniqueKeysWithValues: (0..<5).map { number in
      ("f\(number).jsonl", Data((0..<60).map { _ in RandomRecords.line(&random) }.joined(separator: random.pick(["\n", "\r\n", "\n\n"])).utf8))
    })
    let reference = try await curate(files)
    let other = try await curate(files, concurrency: concurrency, chunkByteCount: chunk)
    #expect(reference.dataset.bytes == other.dataset.bytes)
    #expect(reference.ledger.bytes == other.ledger.bytes)
  }

  @Test("every record that was read is kept, dropped or merged", arguments: 1...12 as ClosedRange<UInt64>)
  func conservation(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<200).map { _ in RandomRecords.line(&random) }
    let stages = standardStages.shuffled(using: &random)
    let result = try await curate(["a.jsonl": Data(lines.joined(separator: "\n").utf8), "b.md": Data("prose".utf8)], stages: stages)
    let summary = result.ledger.summary
    #expect(summary.recordsRead == 201)
    #expect(summary.recordsRead == summary.kept + summary.droppedCount + summary.merged)
    #expect(summary.kept == result.dataset.count)
    #expect(Set(result.ledger.entries.map(\.source.place)).count == 201)
    let kept = result.ledger.entries.filter { $0.fate == .kept }.compactMap(\.id).sorted()
    #expect(kept == result.dataset.rows.map(\.id))
  }

  @Test("the lines and ids are those of the record's own canonical form, and a dataset reads back only as it was written")
  func canonical() async throws {
    var random = Seeded(5)
    let lines = (0..<200).map { _ in RandomRecords.line(&random) }
    let dataset = try await curate(["a.jsonl": Data(lines.joined(separator: "\n").utf8)]).dataset
    let records = try dataset.records()
    #expect(dataset.bytes == records.reduce(into: Data()) { $0 += $1.canonicalLine.canonical + [0x0A] })
    #expect(dataset.rows.map(\.id) == records.map(\.id))
    #expect(dataset.root == MerkleTree.root(of: records.map(\.id.digest)))
    #expect(try CuratedDataset(parsing: dataset.bytes).rows == dataset.rows)
    let linesOut = dataset.bytes.split(separator: 0x0A)
    let reversed = Data(linesOut.reversed().joined(separator: [0x0A])) + [0x0A]
    for bytes in [reversed, Data(dataset.bytes.dropLast()), dataset.bytes + [0x0A], Data(" ".utf8) + dataset.bytes, dataset.bytes + Data("{}\n".utf8)] {
      #expect(throws: CurationError.self) { try CuratedDataset(parsing: bytes) }
    }
  }

  @Test("the id in docs/curation.md is what sha256sum gives")
  func documentedID() async throws {
    let dataset = try await curate(["a.jsonl": #"{"text":"hello"}"#]).dataset
    #expect(dataset.rows.map(\.id.description) == ["sha256:4b854d9134882626900929a3e04f43315aa601f9ab4bc1b81ca1f6701b3c9948"])
  }

  @Test("files of other kinds and files that no pattern names are listed, not read")
  func fileFates() async throws {
    let result = try await curate(
      ["a.md": "a", "b.JSONL": textLine("b"), "c.png": "c", "README": "d", ".md": "hidden", "sub/e.md": "e"], patterns: ["*", "sub/*.txt"])
    let fates = Dictionary(uniqueKeysWithValues: result.ledger.files.map { ($0.path, $0.fate) })
    #expect(fates == [
      "a.md": .read(.markdown, records: 1), "b.JSONL": .read(.jsonLines, records: 1), "c.png": .unknownKind, "README": .unknownKind,
      ".md": .unknownKind, "sub/e.md": .notSelected,
    ])
  }

  @Test(
    "a pattern names paths as a shell does",
    arguments: [
      ("*.md", "a.md", true), ("*.md", "d/a.md", false), ("**/*.md", "a.md", true), ("**/*.md", "d/e/a.md", true), ("d/**", "d/e/a.md", true),
      ("d/**", "d", true), ("d/*", "d/e/a.md", false), ("?.md", "é.md", true), ("?.md", "ab.md", false), ("a**b", "axxb", true), ("a**b", "a/b", false),
      ("**", "any/thing", true), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "a/x/y/c", false), ("[ab].md", "a.md", false),
      ("", "a", false), ("*a*a*a*a*a*a*b", String(repeating: "a", count: 5_000), false), ("A.md", "a.md", false),
    ])
  func globs(pattern: String, path: String, expected: Bool) {
    #expect(Glob(pattern).matches(path) == expected)
  }

  @Test("a source that gives nothing says why, and names no text")
  func errors() async throws {
    await #expect(throws: CurationError.noReadableFile(kinds: ["png": 2, "": 1], patterns: [])) {
      try await curate(["a.png": "x", "b.PNG": "x", "c": "x"])
    }
    await #expect(throws: CurationError.noReadableFile(kinds: ["md": 1], patterns: ["*.jsonl"])) { try await curate(["a.md": "x"], patterns: ["*.jsonl"]) }
    await #expect(throws: CurationError.noReadableFile(kinds: [:], patterns: [])) { try await curate([:] as [String: String]) }
    await #expect(throws: CurationError.noRecords(files: 1)) { try await curate(["a.jsonl": "\n\n"]) }
    let error = await #expect(throws: CurationError.self) { try await curate(["a.jsonl": "secret\n{}\n{}", "b.md": ""]) }
    #expect(error?.message == "no record is left; dropped: 1 by read (invalid JSON), 2 by read (no messages, no text, no question and answer), 1 by structure (empty text)")
  }

  @Test("bytes that cannot be had name their file, and a path that stands twice is refused")
  func loading() async throws {
    let digest = Digest(hashing: Data())
    let curator = Curator(parameters: CurationParameters(stages: []))
    let snapshot = Snapshot(entries: [.init(path: "a.md", byteCount: 1, digest: digest)])
    let error = await #expect(throws: CurationError.self) { try await curator.curate(snapshot) { _ in throw CurationError.repeatedPath("reason") } }
    #expect(error == .unreadable(path: "a.md", reason: CurationError.repeatedPath("reason").message))
    let twice = Snapshot(entries: [.init(path: "a.md", byteCount: 1, digest: digest), .init(path: "a.md", byteCount: 1, digest: digest)])
    await #expect(throws: CurationError.repeatedPath("a.md")) { try await curator.curate(twice) { _ in Data("x".utf8) } }
  }
}

/// Lines of every fate: good ones, copies, bad ones, empty ones, ones to be changed.
enum RandomRecords {
  static func line(_ random: inout Seeded) -> String {
    let number = random.below(60)
    let conversation = random.below(3) == 0 ? "c\(random.below(8))" : nil
    switch random.below(9) {
    case 0: return #"{"text":"broken \#(number)"#
    case 1: return textLine(" \u{0} ")
    case 2: return textLine("cafe\u{301} \(number)  \r\n", conversation: conversation)
    case 3: return textLine("caf\u{e9} \(number)", conversation: conversation)
    case 4: return #"{"messages":[{"role":"user","content":"\#(number)"}]}"#
    case 5: return textLine(String(repeating: "long ", count: 5_000) + "\(number)")
    case 6: return textLine("quote \" slash \\ tab \t bell \u{7} \(number)")
    default:
      let answer = random.pick(["yes", "no"])
      return #"{"messages":[{"role":"user","content":"question \#(number)?"},{"content":"\#(answer)","role":"assistant"}],"conversation":"c\#(number % 7)"}"#
    }
  }
}
