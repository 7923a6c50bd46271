import Artifacts
import Curation
import Foundation
import Hashing
import Synchronization
import Testing

@Suite("Ledgers")
struct LedgerTests {
  private func sample() async throws -> Curation {
    var random = Seeded(3)
    let lines = (0..<150).map { _ in RandomRecords.line(&random) }
    let prose = "---\nt: x\n---\n" + (0..<40).map { "paragraph \($0) " + String(repeating: "y", count: 200) }.joined(separator: "\n\n")
    return try await curate([
      "a\"b.jsonl": lines.prefix(70).joined(separator: "\n"), "c.jsonl": lines.dropFirst(70).joined(separator: "\n"), "p/q.md": prose, "x.bin": "",
    ])
  }

  @Test("every line is canonical JSON, and the ledger reads back as itself")
  func roundTrip() async throws {
    let ledger = try await sample().ledger
    for line in ledger.bytes.split(separator: 0x0A) { _ = try JSONValue(parsingCanonical: Data(line)) }
    let copy = try Ledger(parsing: ledger.bytes)
    #expect(copy == ledger)
    #expect(copy.bytes == ledger.bytes)
    #expect(LedgerSummary(canonical: ledger.summary.canonical) == ledger.summary)
  }

  @Test("entries stand in the order of their sources")
  func order() async throws {
    let places = try await sample().ledger.entries.map(\.source.place)
    #expect(places == places.sorted())
  }

  @Test("it holds no text")
  func privacy() async throws {
    let result = try await curate(["a.jsonl": [textLine("the secret word"), textLine("the secret word"), #"{"text":"the secret"#, textLine(" the secret word\r\n")].joined(separator: "\n")])
    #expect(!String(decoding: result.ledger.bytes, as: UTF8.self).contains("secret"))
  }

  @Test("a ledger that lost, doubled or changed an entry is refused")
  func tampering() async throws {
    let bytes = try await sample().ledger.bytes
    let lines: [Data] = bytes.split(separator: UInt8(ascii: "\n")).map { Data($0) }
    func joined(_ lines: [Data]) -> Data { Data(lines.joined(separator: [0x0A])) + [0x0A] }
    let dropped = try #require(lines.firstIndex { $0.range(of: Data("\"fate\":\"dropped\"".utf8)) != nil })
    var changed = lines
    changed[dropped] = Data(String(decoding: lines[dropped], as: UTF8.self).replacing("\"dropped\"", with: "\"kept\"").utf8)
    for broken in [Data(), joined(lines.dropLast()), joined(lines + [lines[5]]), joined(changed), joined(Array(lines.dropFirst())), joined(lines + [Data("{}".utf8)])] {
      #expect(throws: CurationError.self) { try Ledger(parsing: broken) }
    }
  }

  @Test("a summary that breaks the law is refused")
  func law() async throws {
    let members = try #require(try await sample().ledger.summary.canonical.object)
    for name in ["kept", "merged-exactly", "merged-nearly"] {
      var broken = members
      broken[name] = .integer(1 + (members[name]?.integer ?? 0))
      #expect(LedgerSummary(canonical: .object(broken)) == nil)
    }
  }

  @Test("a record that nobody accounts for stops the run")
  func conservation() async throws {
    let result = try await sample()
    let (entries, summary) = (result.ledger.entries, result.ledger.summary)
    #expect(try LedgerSummary(entries: entries, recordsRead: entries.count, recordsKept: result.dataset.count) == summary)
    for (read, kept, entries) in [
      (summary.recordsRead + 1, summary.kept, entries), (summary.recordsRead, summary.kept - 1, entries), (summary.recordsRead, summary.kept, entries.dropLast()),
      (summary.recordsRead, summary.kept, entries + entries.prefix(1)),
    ] {
      let error = #expect(throws: CurationError.self) { try LedgerSummary(entries: entries, recordsRead: read, recordsKept: kept) }
      guard case .recordsUnaccounted = error else { Issue.record("the law was not what broke"); continue }
    }
  }

  @Test("why FILE:LINE and why RECORD find every entry that there is")
  func query() async throws {
    let ledger = try await sample().ledger
    let query = try LedgerQuery(ledger.bytes)
    for entry in ledger.entries {
      #expect(try query.why(file: entry.source.place.file, line: entry.source.place.line).entry == entry)
      guard let id = entry.id else { continue }
      for spelling in [id.description, id.digest.hex, id.digest.short] {
        #expect(try query.why(record: spelling).map(\.entry) == ledger.entries.filter { $0.id == id })
      }
    }
  }

  @Test("any line within a piece of prose names it")
  func prose() async throws {
    let ledger = try await sample().ledger
    let query = try LedgerQuery(ledger.bytes)
    let pieces = ledger.entries.filter { $0.source.place.file == "p/q.md" }
    #expect(pieces.count > 2)
    #expect(try query.why(file: "p/q.md", line: pieces[1].source.place.line - 1).entry == pieces[0])
    #expect(throws: LedgerQueryError.noRecord(RecordPlace(file: "p/q.md", line: 2))) { try query.why(file: "p/q.md", line: 2) }
  }

  @Test("the story has every stage, what it measured and against what")
  func story() async throws {
    let stages: [CurationParameters.Stage] = [.repair, .exact, .length(minimumInCharacters: 3, maximumInCharacters: 9)]
    let result = try await curate(["a.jsonl": [textLine("abcd "), textLine("abcd"), textLine("a"), "{"].joined(separator: "\n")], stages: stages)
    let query = try LedgerQuery(result.ledger.bytes)
    let id = try #require(result.dataset.rows.first?.id)

    let kept = try query.why(file: "a.jsonl", line: 1).steps
    #expect(kept.map(\.stage) == [.read, .normalize, .structure, .deduplicate, .length])
    #expect(kept.allSatisfy { $0.outcome == .passed })
    #expect(kept[1].changes == [Change(kind: .outerSpace, count: 1)] || kept[1].changes == [Change(kind: .trailingSpace, count: 1)])
    #expect(kept[4].measured == 4)
    #expect(kept[4].bounds == 3...9)

    let merged = try query.why(file: "a.jsonl", line: 2).steps
    #expect(merged[3].outcome == .merged(keeper: id, at: RecordPlace(file: "a.jsonl", line: 1)))
    #expect(merged[4].outcome == .notReached)

    let short = try query.why(file: "a.jsonl", line: 3).steps
    #expect(short[4].outcome == .dropped(.tooShort, threshold: 3))
    #expect(short[4].measured == 1)

    let broken = try query.why(file: "a.jsonl", line: 4)
    #expect(broken.steps.map(\.outcome) == [.dropped(.invalidJSON, threshold: nil)] + Array(repeating: .notReached, count: 4))
    #expect(broken.canonical["steps"]?.array?.first?["reason"] == "invalid JSON")
  }

  @Test("several records at once are answered as each by itself")
  func severalRecords() async throws {
    let ledger = try await sample().ledger
    let query = try LedgerQuery(ledger.bytes)
    let ids = Set(ledger.entries.compactMap(\.id))
    let one = try ids.flatMap { try query.why(record: $0.description) }.sorted { $0.entry.source.place < $1.entry.source.place }
    #expect(one.contains { !$0.members.isEmpty })
    let unknown = RecordID(Digest(words: Digest.Words(1, 2, 3, 4)))
    #expect(try query.why(records: ids.union([unknown])) == one)
    for id in ids { #expect(try query.why(records: [id]) == query.why(record: id.description)) }
    #expect(try query.why(records: [unknown]).isEmpty)
    #expect(try query.why(records: []).isEmpty)
  }

  @Test("several lines at once are answered as each by itself, and a line that holds no record is not")
  func severalPlaces() async throws {
    let ledger = try await sample().ledger
    let query = try LedgerQuery(ledger.bytes)
    let last = try #require(ledger.entries.map(\.source.place.line).max())
    let places = ledger.files.flatMap { file in (1...(last + 2)).map { RecordPlace(file: file.path, line: $0) } } + [RecordPlace(file: "nowhere.md", line: 1)]
    let found = try query.why(places: Set(places))
    for place in places {
      do {
        #expect(found[place] == (try query.why(file: place.file, line: place.line)))
      } catch is LedgerQueryError {
        #expect(found[place] == nil)
      }
    }
    #expect(Set(found.values.map(\.entry)) == Set(ledger.entries))
    #expect(found.count > ledger.entries.count && found.count < places.count)
    #expect(try query.why(places: []).isEmpty)
  }

  @Test("however many records are asked for, and however many copies they have, the ledger is read a few times")
  func passes() async throws {
    let lines = (0..<300).map { textLine($0 % 2 == 0 ? "one of many copies" : "line \($0)") }
    let memory = MemoryShelf()
    let data = Data(lines.joined(separator: "\n").utf8)
    let snapshot = Snapshot(entries: [Snapshot.Entry(path: "a.jsonl", byteCount: Int64(data.count), digest: Digest(hashing: data))])
    let (_, ledger) = try await Curator(parameters: CurationParameters(stages: standardStages)).curate(
      snapshot, scratch: FileManager.default.temporaryDirectory, load: { _ in SourceFile(data) }, shelf: memory.shelf, get: memory.get)
    let loads = Mutex(0)
    let query = LedgerQuery(
      try StoredLedger(parsing: ledger.canonical.canonical) { digest in
        loads.withLock { $0 += 1 }
        return try memory.get(digest)
      })
    let entries = try ledger.whole().entries
    let questions: [() throws -> Int] = [
      { try query.why(places: Set(entries.map(\.source.place))).count },
      { try query.why(records: Set(entries.compactMap(\.id))).count },
      { try query.why(record: #require(entries.first?.id).description).count },
    ]
    for (question, count) in zip(questions, [300, 300, 150]) {
      loads.withLock { $0 = 0 }
      #expect(try question() == count)
      #expect(loads.withLock { $0 } <= 3 * ledger.chunks.count)
    }
  }

  @Test("a question without an answer says what is wrong with it")
  func refusals() async throws {
    let query = try LedgerQuery(try await sample().ledger.bytes)
    #expect(throws: LedgerQueryError.unknownFile("nowhere.md")) { try query.why(file: "nowhere.md", line: 1) }
    #expect(throws: LedgerQueryError.noRecord(RecordPlace(file: "c.jsonl", line: 9_999))) { try query.why(file: "c.jsonl", line: 9_999) }
    #expect(throws: LedgerQueryError.self) { try query.why(file: "x.bin", line: 1) }
    for text in ["", "abcde", "ABCDEF01", "sha256:abc", "zzzzzz"] {
      #expect(throws: LedgerQueryError.notAnID(text)) { try query.why(record: text) }
    }
    let absent = String(repeating: "0", count: 64)
    #expect(throws: LedgerQueryError.unknownRecord(absent)) { try query.why(record: absent) }
    #expect(throws: CurationError.malformedLedger(line: 1)) { try LedgerQuery(Data("{}\n".utf8)) }
  }
}
