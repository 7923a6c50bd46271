import Artifacts
import Curation
import Explaining
import Foundation
import Hashing
import Testing

@Suite("Which records of two curations are one")
struct RecordComparisonTests {
  private func line(_ text: String, _ conversation: String? = nil) -> String {
    var members: [String: JSONValue] = ["text": .string(text)]
    if let conversation { members["conversation"] = .string(conversation) }
    return JSONValue.object(members).canonicalText
  }

  private func lines(_ texts: [String]) -> String { texts.map { line($0) + "\n" }.joined() }

  private func curated(
    _ files: [String: String], _ stages: JSONValue = [["deduplicate": ["exact": true]]]
  ) async throws -> RecordComparison.Curated {
    let files = files.mapValues { Data($0.utf8) }
    let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    let (dataset, ledger) = try await Curator(parameters: try CurationParameters(["stages": stages])).curateInMemory(snapshot) { entry in
      try #require(files[entry.path])
    }
    return RecordComparison.Curated(ledger: ledger, dataset: dataset)
  }

  private func compare(_ old: [String: String], _ new: [String: String], _ stages: (JSONValue, JSONValue)? = nil) async throws -> RecordComparison {
    let standard: JSONValue = [["deduplicate": ["exact": true]]]
    return try RecordComparison(
      old: try await curated(old, stages?.0 ?? standard), new: try await curated(new, stages?.1 ?? standard))
  }

  private func place(_ file: String, _ line: Int) -> RecordPlace { RecordPlace(file: file, line: line) }

  // MARK: - The rule

  @Test("a curation and itself are the same")
  func same() async throws {
    let files = ["a.jsonl": lines(["one", "two", "two", ""]) + "{bad\n", "b.md": "# Title\n\nText.\n"]
    let found = try await compare(files, files)
    #expect(found.isEmpty && found.unchangedCount == 6 && found.movedCount == 0)
  }

  @Test("a record that was rewritten in its line is changed, and neither added nor removed")
  func rewritten() async throws {
    let found = try await compare(["a.jsonl": lines(["one", "two", "three"])], ["a.jsonl": lines(["one", "zwei", "three"])])
    let pair = try #require(found.changed.first)
    #expect(found.changed.count == 1 && found.added.isEmpty && found.removed.isEmpty && found.unchangedCount == 2)
    #expect(pair.old.place == place("a.jsonl", 2) && pair.new.place == place("a.jsonl", 2))
    #expect(pair.old.id == DatasetRecord(content: .text("two")).id && pair.new.id == DatasetRecord(content: .text("zwei")).id)
  }

  @Test("lines put in above move what is below, and add only themselves")
  func inserted() async throws {
    let old = (1...50).map { "record \($0)" }
    let found = try await compare(["a.jsonl": lines(old)], ["a.jsonl": lines(["new"] + old)])
    #expect(found.added.map(\.place) == [place("a.jsonl", 1)] && found.removed.isEmpty && found.changed.isEmpty)
    #expect(found.unchangedCount == 50 && found.movedCount == 50)
  }

  @Test("a rewritten record is found between its neighbours where all lines have shifted")
  func shifted() async throws {
    let old = (1...9).map { "record \($0)" }
    var new = old
    new[6] = "rewritten"
    let found = try await compare(["a.jsonl": lines(old)], ["a.jsonl": lines(["new"] + new)])
    #expect(found.added.map(\.place) == [place("a.jsonl", 1)] && found.removed.isEmpty)
    #expect(found.changed.map(\.old.place) == [place("a.jsonl", 7)] && found.changed.map(\.new.place) == [place("a.jsonl", 8)])
  }

  @Test("a position says nothing across files: one rewritten here and one taken out there are two")
  func acrossFiles() async throws {
    let found = try await compare(
      ["a.jsonl": lines(["one", "two"]), "b.jsonl": lines(["last of b", "x"])], ["a.jsonl": lines(["one", "zwei"]), "b.jsonl": lines(["x"])])
    #expect(found.changed.map(\.old.place) == [place("a.jsonl", 2)])
    #expect(found.removed.map(\.place) == [place("b.jsonl", 1)] && found.added.isEmpty)
  }

  @Test("a rewritten record that keeps its conversation key is found wherever it went")
  func conversation() async throws {
    let old = ["a.jsonl": lines(["one", "three"]) + line("old words", "c7") + "\n", "b.jsonl": lines(["four"])]
    let new = ["a.jsonl": lines(["one", "three"]), "b.jsonl": lines(["five", "four"]) + line("new words", "c7") + "\n"]
    let found = try await compare(old, new)
    #expect(found.changed.map(\.old.place) == [place("a.jsonl", 3)] && found.changed.map(\.new.place) == [place("b.jsonl", 3)])
    #expect(found.added.map(\.place) == [place("b.jsonl", 1)] && found.removed.isEmpty)
  }

  @Test("a file under another name, and one cut into two, change no record")
  func renamed() async throws {
    let found = try await compare(["a.jsonl": lines(["one", "two", "three"])], ["b.jsonl": lines(["one"]), "c.jsonl": lines(["two", "three"])])
    #expect(found.isEmpty && found.unchangedCount == 3 && found.movedCount == 3)
  }

  @Test("equal content that is now dropped, or merged, met another fate")
  func fate() async throws {
    let files = ["a.jsonl": lines(["one", "two", "two", "a longer text"])]
    let found = try await compare(files, files, ([["deduplicate": ["exact": true]]], [["length": ["max-characters": 5]]]))
    #expect(found.refated.map(\.old.place) == [place("a.jsonl", 3), place("a.jsonl", 4)] && found.unchangedCount == 2)
    #expect(found.refated.map(\.old.fate.name) == ["merged", "kept"] && found.refated.map(\.new.fate.name) == ["kept", "dropped"])
    #expect(found.refated.last?.new.fate == RecordFate(name: "dropped", stage: "length", reason: "too long"))
  }

  @Test("what could not be read and now can is changed; the same fault in a shifted line is not")
  func unreadable() async throws {
    let found = try await compare(
      ["a.jsonl": lines(["one"]) + "{bad\n" + lines(["two"])], ["a.jsonl": lines(["one"]) + line("good") + "\n" + lines(["two"])])
    #expect(found.changed.count == 1 && found.changed.first?.old.id == nil && found.changed.first?.new.fate.isKept == true)
    let shifted = try await compare(["a.jsonl": lines(["one"]) + "{bad\n"], ["a.jsonl": lines(["zero", "one"]) + "{bad\n"])
    #expect(shifted.changed.isEmpty && shifted.added.count == 1 && shifted.movedCount == 2)
  }

  @Test("names of files are taken byte by byte, escapes and all", arguments: ["quote\".jsonl", "back\\slash.jsonl", "tab\t.jsonl", "größe/ä.jsonl", "{\"id\":1,.jsonl"])
  func names(name: String) async throws {
    let found = try await compare([name: lines(["one", "two"])], [name: lines(["one", "zwei"])])
    #expect(found.changed.map(\.new.place) == [place(name, 2)] && found.unchangedCount == 1)
  }

  // MARK: - What always holds

  @Test("every row of the ledger is told with the place, id and fate that the ledger has", arguments: [1, 2, 3])
  func rows(seed: UInt64) async throws {
    var numbers = Numbers(seed)
    let texts = (0..<60).map { _ in numbers.below(4) == 0 ? "" : "text \(numbers.below(30))" }
    let curation = try await curated(["b/x.jsonl": lines(texts) + "nothing\n", "a.md": "prose\n"])
    let other = try await curated(["zzz.jsonl": lines(["elsewhere"])])
    let found = try RecordComparison(old: other, new: curation)
    let told = found.added.map { "\($0.place) \($0.id.map { "\($0)" } ?? "-") \($0.fate.name) \($0.fate.reason ?? "-")" }
    let entries = try curation.ledger.whole().entries.map { entry -> String in
      let fate: (String, String) =
        switch entry.fate {
        case .kept: ("kept", "-")
        case .merged: ("merged", "-")
        case .dropped(let drop): ("dropped", drop.reason.rawValue)
        }
      return "\(entry.source.place) \(entry.id.map { "\($0)" } ?? "-") \(fate.0) \(fate.1)"
    }
    #expect(told == entries)
  }

  @Test("after any edits each record of either side is told once, and the way back is the mirror of the way there", arguments: 1...12)
  func conservation(seed: UInt64) async throws {
    var numbers = Numbers(seed)
    let old = (0..<80).map { "text \($0 % 70)" }
    var new = old
    for _ in 0..<numbers.below(30) {
      let index = numbers.below(new.count)
      switch numbers.below(4) {
      case 0: new.remove(at: index)
      case 1: new.insert("put in \(numbers.below(1000))", at: index)
      case 2: new.swapAt(index, numbers.below(new.count))
      default: new[index] = "rewritten \(numbers.below(1000))"
      }
    }
    let (left, right) = (["a.jsonl": lines(old)], ["a.jsonl": lines(new)])
    let (there, back) = (try await compare(left, right), try await compare(right, left))
    let paired = there.unchangedCount + there.changed.count + there.refated.count
    #expect(paired + there.removed.count == old.count && paired + there.added.count == new.count)
    #expect(Set(there.changed.map(\.old.place)).union(there.refated.map(\.old.place)).union(there.removed.map(\.place)).count == there.changed.count + there.refated.count + there.removed.count)
    // What is equal by content is so from both sides; which of several neighbours was rewritten, and which put in, is anybody's guess.
    #expect(there.unchangedCount + there.refated.count == back.unchangedCount + back.refated.count)
    #expect(there.added.count - there.removed.count == back.removed.count - back.added.count)
  }

  @Test("leaving out the chunks that both have changes nothing of what is found", arguments: 1...6)
  func leavingOut(seed: UInt64) async throws {
    var numbers = Numbers(seed)
    let old = Dictionary(uniqueKeysWithValues: (0..<40).map { file in ("f\(file).jsonl", (0..<100).map { "text \(file) \($0 % 90)" }) })
    var new = old
    for _ in 0..<1 + numbers.below(12) {
      let file = "f\(numbers.below(40)).jsonl"
      guard var texts = new[file], !texts.isEmpty else { continue }
      switch numbers.below(5) {
      case 0: texts.remove(at: numbers.below(texts.count))
      case 1: texts.insert("put in \(numbers.below(1000))", at: numbers.below(texts.count))
      case 2: texts[numbers.below(texts.count)] = "rewritten \(numbers.below(1000))"
      case 3: texts = []
      default: new["g\(numbers.below(9)).jsonl"] = texts
      }
      new[file] = texts
    }
    let (left, right) = (try await curated(old.mapValues(lines)), try await curated(new.mapValues(lines)))
    #expect(left.ledger.chunks.count > 2)
    let found = try RecordComparison(old: left, new: right)
    let whole = try RecordComparison(
      old: .init(ledger: try oneChunk(of: left.ledger), dataset: left.dataset), new: .init(ledger: try oneChunk(of: right.ledger), dataset: right.dataset))
    #expect(found.unchangedCount == whole.unchangedCount && found.movedCount == whole.movedCount)
    #expect(found.added == whole.added && found.removed == whole.removed && found.changed == whole.changed && found.refated == whole.refated)
  }

  @Test("what comes after the last shared chunk, or took its place, is added, removed or changed, and never across files")
  func afterTheLastChunk() async throws {
    let many = lines((0..<700).map { "text \($0)" })
    var closed = 0
    // A chunk ends where the hash of a file's name says so: among some names there are such.
    for name in (0..<12).map({ "a\($0).jsonl" }) {
      let alone = try await curated([name: many])
      let before = try await curated([name: many, "m1.jsonl": lines((0..<5).map { "old \($0)" })])
      let after = try await curated([name: many, "m2.jsonl": lines((0..<5).map { "new \($0)" })])
      closed += Set(alone.ledger.chunks.map(\.digest)).isSubset(of: before.ledger.chunks.map(\.digest)) ? 1 : 0
      let grown = try RecordComparison(old: alone, new: after)
      #expect(grown.added.map(\.place) == (1...5).map { place("m2.jsonl", $0) } && grown.removed.isEmpty && grown.unchangedCount == 700)
      let shrunk = try RecordComparison(old: after, new: alone)
      #expect(shrunk.removed.map(\.place) == (1...5).map { place("m2.jsonl", $0) } && shrunk.added.isEmpty && shrunk.unchangedCount == 700)
      let other = try RecordComparison(old: before, new: after)
      #expect(other.removed.count == 5 && other.added.count == 5 && other.changed.isEmpty && other.unchangedCount == 700)
    }
    #expect(closed > 0)
  }

  /// The same ledger in one piece: no two versions of it share that.
  private func oneChunk(of ledger: StoredLedger) throws -> StoredLedger {
    let bytes = try ledger.chunks.reduce(into: Data()) { $0 += try ledger.bytes(of: $1) }
    var index = try #require(ledger.canonical.object)
    index["chunks"] = [[
      "bytes": .integer(Int64(bytes.count)), "digest": .digest(Digest(hashing: bytes)), "file": .string(ledger.chunks[0].first.file),
      "line": .integer(Int64(ledger.chunks[0].first.line)), "records": .integer(Int64(ledger.summary.recordsRead)),
    ]]
    return try StoredLedger(parsing: JSONValue.object(index).canonical) { _ in bytes }
  }

  // MARK: - What is refused

  @Test("bytes that are no ledger are named by their line", arguments: [
    ("{\"fate\":\"kept\"}\n", 2), ("nothing\n", 2), ("{\"fate\":\"kept\",\"file\":\"a\",\"id\":\"sha256:12\",\"line\":1}\n", 2),
    ("{\"fate\":\"kept\",\"file\":\"a\",\"line\":-1}\n", 2), ("{\"fate\":\"kept\",\"file\":\"a\",\"line\":1}\n{\"fate\":\"ke", 3),
    ("{\"fate\":\"kept\",\"file\":3,\"line\":1}\n", 2), ("{\"fate\":{\"a\":[\"}\"]},\"file\":\"a\",\"line\":1}\n", 2),
  ])
  func malformed(ledger: String, line: Int) async throws {
    let good = try await curated(["a.jsonl": lines(["one"])])
    #expect(throws: CurationError.malformedLedger(line: line)) {
      try RecordComparison(old: good, new: .init(ledger: try replacingChunks(of: good.ledger, with: Data(ledger.utf8)), dataset: good.dataset))
    }
  }

  /// The same index over other bytes; their lines count from the second of the ledger.
  private func replacingChunks(of ledger: StoredLedger, with chunk: Data) throws -> StoredLedger {
    var index = try #require(ledger.canonical.object)
    index["chunks"] = [["bytes": .integer(Int64(chunk.count)), "digest": .digest(Digest(hashing: chunk)), "file": "a", "line": 1, "records": 1]]
    return try StoredLedger(parsing: JSONValue.object(index).canonical) { _ in chunk }
  }

  @Test("a dataset that is not the ledger's own is found out where its records are asked for")
  func foreignDataset() async throws {
    let (old, new) = (try await curated(["a.jsonl": lines(["one", "two"])]), try await curated(["a.jsonl": lines(["one", "zwei"])]))
    let error = #expect(throws: (any Error).self) {
      try RecordComparison(old: .init(ledger: old.ledger, dataset: new.dataset), new: new)
    }
    #expect((error as? any ExplainedError)?.message.hasSuffix("the ledger and the dataset of one curation disagree") == true)
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers on every run.
struct Numbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
