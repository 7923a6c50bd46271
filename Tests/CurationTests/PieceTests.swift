import Artifacts
import Curation
import Foundation
import Hashing
import Testing

/// Datasets and ledgers in pieces, and files that are cut before they are read.
@Suite("Pieces")
struct PieceTests {
  private func stored(_ files: [String: Data], stages: [CurationParameters.Stage] = everyStage, concurrency: Int = 2, partByteCount: Int = 1 << 20) async throws -> (dataset: StoredDataset, ledger: StoredLedger, shelf: MemoryShelf) {
    let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    let memory = MemoryShelf()
    let curator = Curator(parameters: CurationParameters(stages: stages), concurrency: concurrency, partByteCount: partByteCount)
    let (dataset, ledger) = try await curator.curate(
      snapshot, scratch: FileManager.default.temporaryDirectory, load: { entry in
        guard let data = files[entry.path] else { throw Absent() }
        return SourceFile(data)
      }, shelf: memory.shelf, get: memory.get)
    return (dataset, ledger, memory)
  }

  private func lines(_ count: Int, seed: UInt64) -> [String] {
    var random = Seeded(seed)
    return (0..<count).map { _ in GeneratedCorpus.line(&random) }
  }

  private func plainLines(_ numbers: Range<Int>) -> [String] { numbers.map { textLine("record number \($0) of many", conversation: $0 % 3 == 0 ? "talk \"\($0 % 50)\"" : nil) } }

  private func file(_ lines: [String]) -> Data { Data(lines.map { $0 + "\n" }.joined().utf8) }

  // MARK: - Datasets

  @Test("one record more leaves all shards but one or two as they were")
  func sharing() async throws {
    let lines = plainLines(0..<12_000)
    let before = try await stored(["a.jsonl": file(lines)], stages: [.exact])
    let after = try await stored(["a.jsonl": file(lines), "b.jsonl": file([textLine("one more")])], stages: [.exact])
    #expect(before.dataset.count == 12_000 && after.dataset.count == 12_001)
    #expect(before.dataset.shards.count > 4)
    let shared = Set(before.dataset.shards.map(\.digest)).intersection(after.dataset.shards.map(\.digest))
    #expect(shared.count >= before.dataset.shards.count - 1)
    #expect(try after.dataset.whole().rows.map(\.id) == after.dataset.ids())
  }

  @Test("how the files are packed, cut and called, and how many threads there are, leaves no trace in any shard", arguments: 1...3 as ClosedRange<UInt64>)
  func invariance(seed: UInt64) async throws {
    let all = lines(700, seed: seed)
    var random = Seeded(seed + 100)
    let reference = try await stored(["all.jsonl": file(all)]).dataset
    let shuffled = all.shuffled(using: &random)
    let parted: [String: Data] = ["z.ndjson": file(Array(shuffled.prefix(300))), "a/b.jsonl": file(Array(shuffled.dropFirst(300)))]
    var forms: [[String: Data]] = [["other name.jsonl": file(all)], parted]
    for suffix in ["zip", "tar", "tar.gz", "tzst"] {
      let members = parted.sorted { $0.key < $1.key }.map { PackedMember($0.key, $0.value) }
      forms.append(["packed.\(suffix)": try packed(members, as: suffix)])
    }
    forms.append(["all.jsonl.xz": try packed([PackedMember("all.jsonl", file(all))], as: "xz")])
    for files in forms {
      let other = try await stored(files, concurrency: 1 + random.below(5), partByteCount: 1 + random.below(20_000)).dataset
      #expect(other.canonical == reference.canonical)
    }
  }

  @Test("an index that does not fit its shards, or shards that do not fit it, are refused")
  func damagedDataset() async throws {
    let (dataset, _, shelf) = try await stored(["a.jsonl": file(plainLines(0..<9_000))], stages: [.exact])
    let index = dataset.canonical.canonical
    #expect(try StoredDataset(parsing: index, load: shelf.get).whole().bytes == dataset.whole().bytes)
    for bytes in [Data(), Data("{}".utf8), Data(index.dropLast()), index + Data("\n".utf8), Data(String(decoding: index, as: UTF8.self).replacing("\"records\":9000", with: "\"records\":9001").utf8)] {
      #expect(throws: CurationError.self) { try StoredDataset(parsing: bytes, load: shelf.get) }
    }
    let swapped = StoredDataset(shards: dataset.shards.reversed(), load: shelf.get)
    #expect(throws: CurationError.self) { try swapped.forEachShard { _ in } }
    let foreign = StoredDataset(shards: dataset.shards) { _ in Data("{}\n".utf8) }
    #expect(throws: CurationError.self) { try foreign.ids() }
  }

  @Test("what a shard says of its records is what their lines say")
  func identities() async throws {
    let (dataset, _, _) = try await stored(["a.jsonl": file(lines(500, seed: 4) + plainLines(0..<50) + [textLine("a", conversation: "quote \" slash \\ ü \u{1F600} \u{1}")])], stages: [.exact])
    var found: [DatasetRecord] = []
    try dataset.forEachRecord { found.append($1) }
    let identities = try dataset.shards.flatMap { try dataset.identities(of: $0) }
    #expect(identities.map(\.id) == found.map(\.id))
    #expect(identities.map(\.conversation) == found.map(\.conversation))
  }

  // MARK: - Ledgers

  @Test("every record of a ledger of many chunks is found by its place and by its id")
  func asking() async throws {
    var random = Seeded(2)
    let files = Dictionary(uniqueKeysWithValues: (0..<30).map { ("f\($0).jsonl", file(lines(100, seed: UInt64($0 + 50)))) })
    let (_, ledger, shelf) = try await stored(files)
    #expect(ledger.chunks.count > 2)
    let entries = try ledger.whole().entries
    let query = LedgerQuery(try StoredLedger(parsing: ledger.canonical.canonical, load: shelf.get))
    for _ in 0..<200 {
      let entry = random.pick(entries)
      #expect(try query.why(file: entry.source.place.file, line: entry.source.place.line).entry == entry)
      if let id = entry.id { #expect(try query.why(record: id.description).map(\.entry) == entries.filter { $0.id == id }) }
    }
    #expect(throws: LedgerQueryError.self) { try query.why(file: "f3.jsonl", line: 5_000) }
  }

  @Test("an index of a ledger that was changed is refused")
  func damagedLedger() async throws {
    let (_, ledger, shelf) = try await stored(["a.jsonl": file(lines(200, seed: 3))])
    let index = ledger.canonical.canonical
    for bytes in [Data(), Data("{}".utf8), Data(index.dropLast()), Data(String(decoding: index, as: UTF8.self).replacing("\"chunks\":[{", with: "\"chunks\":[],\"x\":[{").utf8)] {
      #expect(throws: CurationError.self) { try StoredLedger(parsing: bytes, load: shelf.get) }
    }
    let short = try StoredLedger(parsing: index) { try shelf.get($0).dropLast() }
    #expect(throws: CurationError.self) { try short.whole() }
  }

  // MARK: - Cutting

  @Test("lines of any length are read alike, however the file is cut", arguments: [1, 7, 100, 5_000, 1 << 17])
  func lineLengths(partByteCount: Int) async throws {
    var random = Seeded(UInt64(partByteCount))
    var text = "\u{FEFF}"
    for number in 0..<300 {
      let length = random.pick([0, 1, 10, 300, 4_000, 40_000])
      text += random.pick([textLine("\(number) " + String(repeating: "y", count: length)), "", "{broken", "   "]) + random.pick(["\n", "\r\n"])
    }
    text += textLine("without an end")
    let whole = try await curate(["a.jsonl": Data(text.utf8)], stages: [], concurrency: 1, chunkByteCount: 1 << 30)
    let cut = try await curate(["a.jsonl": Data(text.utf8)], stages: [], concurrency: 3, chunkByteCount: partByteCount)
    #expect(cut.ledger.bytes == whole.ledger.bytes)
    #expect(cut.dataset.bytes == whole.dataset.bytes)
  }

  @Test("a line longer than any record is dropped by its length, and its neighbours are read", arguments: ["\n", "\r\n", ""], [1 << 10, 1 << 22, 1 << 26])
  func longLines(end: String, partByteCount: Int) async throws {
    let long = String(repeating: "z", count: 40 << 20)
    let data = Data((goodLine + "\n" + long + end).utf8) + (end.isEmpty ? Data() : Data(textLine("after it").utf8))
    let result = try await curate(["a.jsonl": data], stages: [], chunkByteCount: partByteCount)
    let entry = try #require(result.entry("a.jsonl", 2))
    #expect(entry.fate == .dropped(Drop(stage: .read, reason: .lineTooLong, measured: Double(40 << 20), threshold: Double(16 << 20))))
    #expect(entry.source.byteRange.count == 40 << 20)
    #expect(result.ledger.summary.recordsRead == (end.isEmpty ? 2 : 3))
    if !end.isEmpty { #expect(result.entry("a.jsonl", 3)?.fate == .kept) }
  }

  @Test("a file that cannot be read to its end is named")
  func failing() async throws {
    let text = file(plainLines(0..<1_000))
    let snapshot = Snapshot(entries: [.init(path: "a.jsonl", byteCount: Int64(text.count), digest: Digest(hashing: text))])
    let memory = MemoryShelf()
    let error = await #expect(throws: CurationError.self) {
      try await Curator(parameters: CurationParameters(stages: []), partByteCount: 1_000).curate(
        snapshot, scratch: FileManager.default.temporaryDirectory, load: { _ in
          SourceFile(byteCount: text.count) { range in
            guard range.upperBound < 20_000 else { throw CurationError.repeatedPath("reason") }
            return text[range]
          }
        }, shelf: memory.shelf, get: memory.get)
    }
    #expect(error == .unreadable(path: "a.jsonl", reason: CurationError.repeatedPath("reason").message))
  }

  @Test("where lines cannot be laid aside, the folder is named")
  func scratch() async throws {
    let memory = MemoryShelf()
    let nowhere = FileManager.default.temporaryDirectory.appending(path: "nowhere-\(UUID().uuidString)")
    await #expect(throws: CurationError.scratch(folder: nowhere.path, code: ENOENT)) {
      try await Curator(parameters: CurationParameters(stages: [])).curate(
        Snapshot(entries: [.init(path: "a.jsonl", byteCount: 1, digest: Digest(hashing: Data()))]), scratch: nowhere,
        load: { _ in SourceFile(Data()) }, shelf: memory.shelf, get: memory.get)
    }
  }
}
