import Artifacts
import Curation
import Foundation
import Testing

@Suite("Near duplicates")
struct NearDuplicateTests {
  private func run(_ records: [String], rule: NearDuplicateRule = NearDuplicateRule(), exact: Bool = true) async throws -> Curation {
    try await curate(["a.jsonl": records.joined(separator: "\n")], stages: [.deduplicate(DeduplicationRule(exact: exact, near: rule))])
  }

  /// Words that no other call with another seed shares in this order.
  private func words(_ count: Int, seed: UInt64) -> [String] {
    var random = Seeded(seed)
    return (0..<count).map { _ in "w\(random.below(5_000))" }
  }

  private func talk(_ question: String, _ answer: String, system: String? = nil) -> String {
    let turns = (system.map { [("system", $0)] } ?? []) + [("user", question), ("assistant", answer)]
    return JSONValue.object(["messages": .array(turns.map { ["role": .string($0), "content": .string($1)] })]).canonicalText
  }

  @Test("the most complete one is kept, and the other names it and how alike they are")
  func keeper() async throws {
    let words = words(100, seed: 1)
    let longer = words + ["and", "a", "little", "more"]
    let result = try await run([textLine(words.joined(separator: " ")), textLine(longer.joined(separator: ", "))])
    let keeper = try #require(result.entry("a.jsonl", 2))
    #expect(keeper.fate == .kept)
    // 96 shingles of 100 are shared.
    #expect(result.entry("a.jsonl", 1)?.fate == .merged(keeper: try #require(keeper.id), at: keeper.source.place, similarityPPM: 960_000))
    #expect(result.ledger.summary.mergedNearly == 1)
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
  }

  @Test("case, punctuation and spelling of spaces make no difference; another sign does")
  func spelling() async throws {
    let text = "If the river rises, we leave the house; then we walk to town and wait."
    #expect(try await run([textLine(text), textLine(text.uppercased().replacing(",", with: " —") + "!")]).dataset.count == 1)
    #expect(try await run([textLine("what is 2 * 2 in numbers"), textLine("what is 2 / 2 in numbers")]).dataset.count == 2)
    #expect(try await run([textLine("I write C#"), textLine("I write C")]).dataset.count == 2)
    let greek = "ο φάρος στο ακρωτήριο άναψε πριν φύγει ο τελευταίος ναύτης της ακτής"
    #expect(try await run([textLine(greek), textLine(greek.uppercased())]).dataset.count == 1)
  }

  @Test("scripts without spaces are compared by characters", arguments: [
    ("我们明天早上去河边散步然后在城里等你们一起吃午饭", "我们明天早上去河边散步然后在城里等你们一起吃晚饭吧朋友们一定要来"), ("พรุ่งนี้เช้าเราจะไปเดินเล่นริมแม่น้ำแล้วรอคุณในเมือง", "พรุ่งนี้เราอ่านหนังสือที่บ้านกับแมวสองตัวและดื่มชา"),
    ("明日の朝は川のほとりを散歩してから町で待っています", "昨日の夜は家で本を読んでお茶を飲んで早く寝ました"),
  ])
  func scripts(text: String, other: String) async throws {
    let result = try await run([textLine(text), textLine(text + "。!"), textLine(text + "ๆ明"), textLine(other)])
    // One more character makes one more shingle.
    #expect(result.dataset.count == 2)
    #expect(result.ledger.summary.mergedNearly == 2)
  }

  @Test("a thousand conversations of one system prompt and one template about different things are all kept")
  func templates() async throws {
    let system = "You are a shop assistant. " + words(80, seed: 3).joined(separator: " ")
    let records = (0..<1_000).map { number in
      let thing = "article \(number * 7 + 3)"
      return talk(
        "Please write a short text for our web shop about \(thing). Keep it friendly, speak to the reader, name the price last and mention that delivery is free this week.",
        "Meet our \(thing), made with care for people who like things that last. It ships within two days, can be returned within a month, and comes with a guarantee of two years. Order yours today, delivery is free this week.",
        system: system)
    }
    let result = try await run(records)
    #expect(result.dataset.count == 1_000)
    // The same as running text, where no question speaks for itself.
    let texts = (0..<1_000).map { textLine("Meet our article \($0 * 7 + 3), made with care for people who like things that last. It ships within two days, can be returned within a month, and comes with a guarantee of two years.") }
    #expect(try await run(texts).dataset.count == 1_000)
  }

  @Test("real near duplicates among a thousand templated conversations are found")
  func duplicatesInTemplates() async throws {
    func record(_ number: Int, tail: String) -> String {
      talk("Summarise this letter in one line please: " + words(60, seed: UInt64(number)).joined(separator: " "), "It is letter \(number) and says " + words(40, seed: UInt64(number + 5_000)).joined(separator: " ") + tail)
    }
    let records = (0..<1_000).map { record($0, tail: "") } + (0..<50).map { record($0 * 20, tail: " indeed") }
    let result = try await run(records)
    #expect(result.dataset.count == 1_000)
    #expect(result.ledger.summary.mergedNearly == 50)
  }

  @Test("the system prompt has no part in it, a question of its own has")
  func sides() async throws {
    let answer = words(200, seed: 4).joined(separator: " ")
    let question = "how do I set up the thing on my desk"
    #expect(try await run([talk(question, answer, system: "Be brief and kind."), talk(question, answer, system: "Talk like a pirate, loudly.")]).dataset.count == 1)
    #expect(try await run([talk(question, answer), talk("why did the lamp go out last night", answer)]).dataset.count == 2)
    #expect(try await run([talk(question, "yes"), talk(question, "no")]).dataset.count == 2)
    #expect(try await run([talk("hi", "hello"), talk("Hi!", "Hello.")]).dataset.count == 1)
    #expect(try await run([talk(question, answer), textLine(question + " " + answer)]).dataset.count == 2)
  }

  @Test("no chain of likenesses removes what is unlike its keeper, and nothing that is alike stays", arguments: 1...6 as ClosedRange<UInt64>)
  func property(seed: UInt64) async throws {
    var random = Seeded(seed)
    var texts: [[String]] = []
    for number in 0..<150 {
      var text = texts.isEmpty || random.below(3) > 0 ? words(8 + random.below(120), seed: seed * 1_000 + UInt64(number)) : random.pick(texts)
      for _ in 0..<random.below(6) { text[random.below(text.count)] = "e\(random.below(1_000_000))" }
      if random.below(4) == 0 { text.removeLast(min(text.count - 1, random.below(8))) }
      texts.append(text)
    }
    let result = try await run(texts.map { textLine($0.joined(separator: " ")) })
    func shingles(_ line: Int) -> Set<[String]> { Set((0...(max(0, texts[line - 1].count - 5))).map { Array(texts[line - 1][$0..<min($0 + 5, texts[line - 1].count)]) }) }
    func likeness(_ left: Int, _ right: Int) -> Int {
      let (a, b) = (shingles(left), shingles(right))
      return a.intersection(b).count * 1_000_000 / a.union(b).count
    }
    let kept = result.ledger.entries.filter { $0.fate == .kept }.map(\.source.place.line)
    for entry in result.ledger.entries {
      guard case .merged(_, let keeper, let similarity?) = entry.fate else { continue }
      #expect(kept.contains(keeper.line))
      #expect(similarity == likeness(entry.source.place.line, keeper.line))
      #expect(similarity >= 750_000)
    }
    #expect(result.ledger.summary.mergedNearly > 0)
    for (index, left) in kept.enumerated() {
      for right in kept.dropFirst(index + 1) { #expect(likeness(left, right) < 750_000) }
    }
  }

  @Test("order, names, threads and pieces leave no trace", arguments: 1...4 as ClosedRange<UInt64>)
  func independence(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<400).map { _ in GeneratedCorpus.line(&random) }
    for exact in [true, false] {
      let stages: [CurationParameters.Stage] = [.repair, .deduplicate(DeduplicationRule(exact: exact, near: NearDuplicateRule()))]
      let reference = try await curate(["all.jsonl": Data(lines.joined(separator: "\n").utf8)], stages: stages)
      let shuffled = lines.shuffled(using: &random)
      let parted = try await curate(["z.jsonl": Data(shuffled.prefix(150).joined(separator: "\n").utf8), "b/a.jsonl": Data(shuffled.dropFirst(150).joined(separator: "\n").utf8)], stages: stages)
      #expect(reference.dataset.bytes == parted.dataset.bytes)
      // Of copies, the first by its source is kept, and the story of the others is told of them.
      #expect(reference.ledger.summary.dropped == parted.ledger.summary.dropped)
      #expect(reference.ledger.summary.mergedExactly == parted.ledger.summary.mergedExactly)
      #expect(reference.ledger.summary.mergedNearly == parted.ledger.summary.mergedNearly)
      let other = try await curate(["all.jsonl": Data(lines.joined(separator: "\n").utf8)], stages: stages, concurrency: 1 + random.below(7), chunkByteCount: 1 + random.below(5_000))
      #expect(reference.ledger.bytes == other.ledger.bytes)
    }
  }

  @Test("hostile texts are compared like others", arguments: [
    String(repeating: "a", count: 1_000_000), String(repeating: "a ", count: 300_000), String(repeating: "\u{301}", count: 50_000), String(repeating: "\u{200B}", count: 50_000),
    String(repeating: "\u{200D}\u{FE0F}", count: 20_000), String(repeating: "中", count: 100_000), "\u{301}", ".", "\u{10FFFF}\u{E0001}", "  \t ",
  ])
  func hostile(text: String) async throws {
    let result = try await run([textLine(text), textLine(text + "."), textLine("something else that is said here in words")])
    #expect(result.ledger.summary.recordsRead == 3)
    #expect(result.ledger.summary.kept + result.ledger.summary.merged + result.ledger.summary.droppedCount == 3)
    #expect(result.entry("a.jsonl", 3)?.fate == .kept)
  }

  @Test("zero-width characters within words hide no copy")
  func zeroWidth() async throws {
    let text = "the quick brown fox jumps over the lazy dog and runs away"
    #expect(try await run([textLine(text), textLine(text.replacing("o", with: "o\u{200D}\u{FEFF}"))]).dataset.count == 1)
  }

  @Test("groups are listed by size, and why shows both ends")
  func clusters() async throws {
    let (first, second) = (words(80, seed: 8).joined(separator: " "), words(80, seed: 9).joined(separator: " "))
    let result = try await run([textLine(first + " x y"), textLine(second + " x y"), textLine(second), textLine(second + " x"), textLine(first)])
    let query = try LedgerQuery(result.ledger.bytes)
    let groups = result.ledger.summary.nearDuplicates
    #expect(groups.count == 2)
    #expect(groups.largest.map(\.keeper.line) == [2, 1])
    #expect(groups.largest.map { $0.members.map(\.line) } == [[3, 4], [5]])
    #expect(try query.why(file: "a.jsonl", line: 2).members.map(\.source.place.line) == [3, 4])
    guard case .merged(_, let place, let similarity?) = try query.why(file: "a.jsonl", line: 5).steps.last?.outcome else { Issue.record("line 5 was merged"); return }
    #expect(place.line == 1)
    guard case .merged(_, _, similarity)? = result.entry("a.jsonl", 5)?.fate else { Issue.record("the ledger says something else"); return }
  }
}

/// Lines of every fate and every stage: copies, near copies, bad ones, misread ones, ones with addresses, talks.
enum GeneratedCorpus {
  static func line(_ random: inout Seeded) -> String {
    switch random.below(8) {
    case 0: return RandomRecords.line(&random)
    case 1: return textLine("Mail me at person\(random.below(50))@example.com or call +49 30 \(1_000 + random.below(9_000)) 1234 about \(random.below(40)).")
    case 2: return textLine("Le cafÃ© numÃ©ro \(random.below(60)) est fermÃ©.", conversation: random.pick([nil, "k\(random.below(5))"]))
    case 3: return textLine(String(repeating: "spam and eggs and ", count: 60 + random.below(3)))
    case 4: return #"{"messages":[{"role":"user","content":"Can you? \#(random.below(30))"},{"role":"assistant","content":"As an AI language model, I cannot do that."}]}"#
    default:
      var source = Seeded(UInt64(random.below(40)))
      var words = (0..<60).map { _ in "w\(source.below(900))" }
      for _ in 0..<random.below(4) { words[random.below(60)] = "e\(random.below(100))" }
      guard random.below(2) == 0 else { return textLine(words.joined(separator: " "), conversation: random.pick([nil, "c\(random.below(9))"])) }
      return #"{"messages":[{"role":"user","content":"\#(words.prefix(12).joined(separator: " "))?"},{"content":"\#(words.dropFirst(12).joined(separator: " "))","role":"assistant"}]}"#
    }
  }
}
