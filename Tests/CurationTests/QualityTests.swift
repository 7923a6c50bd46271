import Artifacts
import Curation
import Foundation
import Testing

@Suite("Quality")
struct QualityTests {
  private func fate(_ line: String, _ profile: QualityProfile) async throws -> Fate? {
    try await curate(["a.jsonl": line + "\n" + goodLine + "\n" + textLine(Self.prose)], stages: [.quality(profile)]).entry("a.jsonl", 1)?.fate
  }

  private func drop(_ text: String, _ profile: QualityProfile) async throws -> Drop? {
    guard case .dropped(let drop) = try await fate(textLine(text), profile) else { return nil }
    return drop
  }

  private func talk(_ turns: String...) -> String {
    JSONValue.object([
      "messages": .array(turns.enumerated().map { ["role": $0.offset.isMultiple(of: 2) ? "user" : "assistant", "content": .string($0.element)] })
    ]).canonicalText
  }

  /// Plain prose of more than fifty words.
  static let prose = """
    The lighthouse stands at the end of the long pier, and its keeper has lived there with a grey cat for eleven years. Every evening he climbs \
    the iron stairs, cleans the great lens and waits for ships that seldom come.

    Visitors ask what he does all day. He mends nets, reads old almanacs, bakes bread that nobody else would call bread, and writes letters to \
    his sister in the mountains, who answers once a month.
    """

  @Test("gopher: each rule drops with its measure and threshold", arguments: [
    ("too few words", "The sea and the land have to be with us.", 10, 50),
    ("words too short", String(repeating: "a b the be to of ", count: 20), nil, 3),
    ("words too long", String(repeating: "extraordinarily the uncharacteristically unquestionably ", count: 20), nil, 10),
    ("too many symbols", prose + String(repeating: " # ", count: 20), nil, 0.1),
    ("too many symbols", prose.replacing(",", with: "... ...").replacing(".", with: "... ..."), nil, 0.1),
    ("too many bullet lines", (0..<20).map { "- \(words[$0 % 10]) the \($0) cats and dogs\($0) we have" }.joined(separator: "\n"), 1, 0.9),
    ("too many lines end in an ellipsis", (0..<12).map { "Line \(words[$0 % 10])\($0) goes to the end of the world with \($0) sails and stops\($0 % 2 == 0 ? "…" : ".")" }.joined(separator: "\n"), 0.5, 0.3),
    ("too few words with letters", prose + " " + (100..<150).map(String.init).joined(separator: " "), nil, 0.8),
    ("too few stop words", (0..<60).map { "\(words[$0 % 10])\($0)" }.joined(separator: " "), 0, 2),
    ("repeated lines", Array(repeating: "The same line of the song comes again with a rhyme", count: 10).joined(separator: "\n"), 0.9, 0.3),
    ("repeated paragraphs", (0..<7).map { n in (0..<3).map { "Sailor \(words[$0]) brought verse \(words[n]) home before the evening, and was to be heard singing" }.joined(separator: "\n") }.joined(separator: "\n\nSo it goes\n\n"), nil, 0.3),
    ("repeated words", prose + " " + String(repeating: "buy this now ", count: 12), nil, nil),
  ] as [(String, String, Double?, Double?)])
  func gopher(reason: String, text: String, measured: Double?, threshold: Double?) async throws {
    let drop = try #require(try await drop(text, .gopher))
    #expect(drop.stage == .quality)
    #expect(drop.reason.rawValue == reason)
    if let measured { #expect(drop.measured == measured) }
    if let threshold { #expect(drop.threshold == threshold) }
  }

  private static func sailors(_ verse: Int) -> [String] {
    (0..<3).map { "Sailor \(words[$0]) brought verse \(words[verse]) home before the evening, and was to be heard singing" }
  }

  private static let words = ["red", "blue", "green", "amber", "ivory", "coral", "teal", "plum", "jade", "rust"]

  @Test("CR LF ends a line as LF does, and two of them a paragraph", arguments: [
    (.chat, (0..<40).map { "the \(words[$0 % 3]) line comes again" }, "repeated lines"),
    (.gopher, (0..<20).map { "- \(words[$0 % 10]) the \($0) cats and dogs\($0) we have" }, "too many bullet lines"),
    (.gopher, Array(repeating: "The same line of the song comes again with a rhyme", count: 10), "repeated lines"),
    (.gopher, (0..<7).flatMap { verse in sailors(verse) + ["", "So it goes", ""] }, "repeated paragraphs"),
  ] as [(QualityProfile, [String], String)])
  func lineEnds(profile: QualityProfile, lines: [String], reason: String) async throws {
    let plain = lines.joined(separator: "\n")
    let drops = try await (drop(plain, profile), drop(plain.replacing("\n", with: "\r\n"), profile))
    #expect(drops.0?.reason.rawValue == reason)
    #expect(drops.1?.reason.rawValue == reason)
    if reason != "repeated paragraphs" { #expect(drops.0 == drops.1) }  // A paragraph's own line ends are some of its characters.
  }

  @Test("lines of other bytes are other lines, also where they look the same")
  func spellings() async throws {
    let lines = (0..<30).map { $0.isMultiple(of: 2) ? "caf\u{E9} \($0 / 2)" : "cafe\u{301} \($0 / 2)" }
    let result = try await curate(["a.jsonl": textLine(lines.joined(separator: "\n"))], stages: [.quality(.chat)])
    let entry = try #require(result.entry("a.jsonl", 1))
    #expect(entry.id != nil && entry.fate == .kept)
    #expect(entry.passages.first?.signals.contains { $0.signal == .charactersInRepeatedLines } != true)
  }

  @Test("gopher lets prose through and notes what it measured")
  func prosePasses() async throws {
    let result = try await curate(["a.jsonl": textLine(Self.prose)], stages: [.quality(.gopher)])
    let signals = try #require(result.entry("a.jsonl", 1)?.passages.first?.signals)
    #expect(signals.first { $0.signal == .words }?.value == Double(Self.prose.split { $0.isWhitespace }.count))
    let steps = try LedgerQuery(result.ledger.bytes).why(file: "a.jsonl", line: 1).steps
    #expect(steps.last?.signals.first { $0.reading.signal == .words }?.bounds == [.atLeast(50), .atMost(100_000)])
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
  }

  /// Four sentences of five words and more, on lines that end in punctuation.
  private static let page = """
    The lighthouse stands at the end of the pier. Its keeper has lived there for years.
    Every evening he climbs the iron stairs!
    "And who would do it if not I?"
    """

  private func cleaned(_ text: String, _ profile: QualityProfile = .c4) async throws -> (text: String?, changes: [Change]) {
    let result = try await curate(["a.jsonl": textLine(text) + "\n" + textLine(Self.page)], stages: [.quality(profile)])
    guard let entry = result.entry("a.jsonl", 1), entry.fate == .kept else { return (nil, []) }
    let kept = zip(result.dataset.rows, try result.dataset.records()).first { $0.0.id == entry.id }?.1
    guard case .text(let text)? = kept?.content else { return (nil, []) }
    return (text, entry.passages.first?.changes ?? [])
  }

  @Test("c4: lines that are no sentences go, and are counted", arguments: [
    "Read more about it here", "Only four words here.", "Please switch on JavaScript to see it.", "By going on you accept our Terms of Use.", "Read our whole privacy policy before that.",
    "This page uses cookies to be better.", "We make some use of cookies here.", "Home | About | News | Contact | Help", "It ends with a comma, as here,",
  ])
  func c4Lines(line: String) async throws {
    let (text, changes) = try await cleaned(Self.page.replacing("\nEvery", with: "\n\(line)\nEvery"))
    #expect(text == Self.page)
    #expect(changes == [Change(kind: .lines, count: 1)])
  }

  @Test("c4: what is a sentence stays, with its bytes", arguments: [
    "This has five words now.", "And is it a question?", "“So it was,” the keeper said to nobody at “home”", "He said: 'leave it as it is'", "   Indented by three, but it is said.", "灯 台 の 守 人。",
  ])
  func c4Sentences(line: String) async throws {
    let page = Self.page + "\n\n" + line
    #expect(try await cleaned(page) == (page, []))
  }

  @Test("c4: marks of citations go, and nothing else in brackets")
  func citations() async throws {
    let marked = Self.page.replacing("pier.", with: "pier.[1][22] [citation needed]").replacing("stairs!", with: "stairs! [edit]") + "\nAn [aside] and a[i] with [x1] and [] stay here."
    let (text, changes) = try await cleaned(marked)
    #expect(text == Self.page.replacing("pier. Its", with: "pier.  Its") + "\nAn [aside] and a[i] with [x1] and [] stay here.")
    #expect(changes == [Change(kind: .citationMarks, count: 4)])
  }

  @Test("c4: each rule drops on its side of the threshold", arguments: [
    ("The keeper climbs the iron stairs. He cleans the great lens.", "too few sentences", 2, 3), ("Not a sentence\nNeither is this", "no line left", 0, 1),
    (page + "\nLorem Ipsum dolor sit amet for all of us.", "placeholder text", 1, 0), (page + "\nif (a) {", "curly brackets", 1, 0),
  ] as [(String, String, Double, Double)])
  func c4Rules(text: String, reason: String, measured: Double, threshold: Double) async throws {
    let dropped = try #require(try await drop(text, .c4))
    #expect(dropped == Drop(stage: .quality, reason: try #require(DropReason(rawValue: reason)), measured: measured, threshold: threshold))
    #expect(try await drop("The keeper climbs the iron stairs. He cleans the great lens. Then he waits for ships.", .c4) == nil)
  }

  @Test("c4 cleans what user and assistant say, and drops a talk of which a turn would be lost")
  func c4Talks() async throws {
    let sentence = "The keeper climbs the iron stairs every evening."
    func fate(_ answer: String) async throws -> Curation {
      let talk = JSONValue.object([
        "messages": [["role": "system", "content": "no sentence"], ["role": "user", "content": .string(sentence)], ["role": "assistant", "content": .string(answer)]]
      ]).canonicalText
      return try await curate(["a.jsonl": talk + "\n" + textLine(Self.page)], stages: [.quality(.c4)])
    }
    let kept = try await fate("\(sentence) \(sentence)\nRead more")
    #expect(kept.entry("a.jsonl", 1)?.passages.first?.changes == [Change(kind: .lines, count: 1)])
    #expect(String(decoding: kept.dataset.bytes, as: UTF8.self).contains("no sentence"))
    #expect(try await fate("Yes").reason("a.jsonl", 1) == .noLineLeft)
  }

  /// Lines of one length, of words that stand nowhere else but for two that gopher asks for.
  private static func line(_ number: Int, words count: Int = 8, end: String = ".") -> String {
    let syllables = ["ka", "lo", "mi", "nu", "re", "sa", "ti", "vo", "ze", "pa"]
    let words = (0..<count).map { index in
      let value = number * 8 + index
      return syllables[value % 10] + syllables[value / 10 % 10] + syllables[value / 100 % 10]
    }
    return "\(words[0]) the \(words[1]) of " + words[2...].joined(separator: " ") + end
  }

  @Test("fineweb: each of its own rules drops at the published threshold, and not beside it", arguments: [
    ((0..<25).map { line($0, end: $0 < 3 ? "." : "") }, "too few lines end in punctuation", 0.12), ((0..<25).map { line($0, end: $0 < 4 ? "." : "") }, nil, nil),
    ((0..<10).map { line(min($0, 8)) }, "repeated lines", 0.1), ((0..<11).map { line(min($0, 9)) }, nil, nil),
    ((0..<100).map { line($0, words: $0 < 67 ? 3 : 8) }, "too many short lines", 0.67), ((0..<100).map { line($0, words: $0 < 66 ? 3 : 8) }, nil, nil),
  ] as [([String], String?, Double?)])
  func fineweb(lines: [String], reason: String?, measured: Double?) async throws {
    let dropped = try await drop(lines.joined(separator: "\n"), .fineweb)
    #expect(dropped?.reason.rawValue == reason)
    #expect(dropped?.measured == measured)
  }

  @Test("fineweb's and c4's thresholds are those of the papers")
  func publishedFineWeb() {
    let bounds = Dictionary(grouping: QualityProfile.fineweb.rules, by: \.signal).mapValues { $0.map(\.bound) }
    #expect(bounds[.punctuatedLines] == [.above(0.12)])
    #expect(bounds[.charactersInDuplicatedLines] == [.below(0.1)])
    #expect(bounds[.shortLines] == [.below(0.67)])
    #expect(bounds[.sentences] == [.atLeast(3)] && bounds[.curlyBrackets] == [.atMost(0)] && bounds[.loremIpsum] == [.atMost(0)])
    #expect(QualityProfile.fineweb.rules.starts(with: QualityProfile.gopher.rules))
    #expect(Set(QualityProfile.c4.rules).isSubset(of: QualityProfile.fineweb.rules))
  }

  @Test("gopher's thresholds are those of the paper")
  func published() {
    let bounds = Dictionary(grouping: QualityProfile.gopher.rules, by: \.signal).mapValues { $0.map(\.bound) }
    #expect(bounds[.words] == [.atLeast(50), .atMost(100_000)])
    #expect(bounds[.meanWordLength] == [.atLeast(3), .atMost(10)])
    let most: [(QualitySignal, Double)] = [
      (.hashesPerWord, 0.1), (.ellipsesPerWord, 0.1), (.bulletLines, 0.9), (.ellipsisLines, 0.3), (.repeatedLines, 0.3), (.repeatedParagraphs, 0.3),
      (.charactersInRepeatedLines, 0.2), (.charactersInRepeatedParagraphs, 0.2), (.top2Gram, 0.2), (.top3Gram, 0.18), (.top4Gram, 0.16), (.repeated5Grams, 0.15),
      (.repeated6Grams, 0.14), (.repeated7Grams, 0.13), (.repeated8Grams, 0.12), (.repeated9Grams, 0.11), (.repeated10Grams, 0.10),
    ]
    for (signal, limit) in most { #expect(bounds[signal] == [.atMost(limit)]) }
    #expect(bounds[.alphabeticWords] == [.atLeast(0.8)])
    #expect(bounds[.stopWords] == [.atLeast(2)])
  }

  @Test("chat: a good short conversation is never dropped", arguments: [
    ["hi", "Hello!"], ["?", "!"], ["👍", "👍👍👍"], ["2+2", "4"], ["…", "ok"], ["What is � ?", "U+FFFD, the replacement character: �"], ["ไง", "สวัสดี"], ["你好", "你好！"], ["אהלן", "שלום"],
    ["Count to 30, one a line", (1...30).map(String.init).joined(separator: "\n")], ["Draw a line", String(repeating: "-", count: 80)], ["print a 6x6 matrix of zeros", "```\n" + String(repeating: "0 0 0 0 0 0\n", count: 6) + "```"],
    ["Do you have feelings?", "As an AI language model, I don't have feelings, but I can tell you what Aristotle wrote about them."],
    ["fix", "```swift\nfunc f() {\n  if a {\n    if b {\n      if c {\n      }\n    }\n  }\n}\n```"], ["Say hello ten times", String(repeating: "hello\n", count: 10)], ["+++[->+++<]>.", "That is Brainf***."],
    ["| a | b |\n|---|---|\n| 1 | 2 |", "A table of two columns."], ["lol", "haha 😂😂😂😂😂😂"], ["Explain `a && b || !c`.", "It is `(a && b) || (!c)`."],
  ])
  func goodShortTalks(turns: [String]) async throws {
    #expect(try await fate(talk(turns[0], turns[1]), .chat) == .kept)
  }

  @Test("chat: what nobody would miss", arguments: [
    ("one character repeated", ["scream", String(repeating: "a", count: 500)], nil), ("too many symbols", ["x", String(repeating: "#$%^&*", count: 60)], nil),
    ("repeated lines", ["again", String(repeating: "the same line comes again\n", count: 40)], nil), ("repeated words", ["go", String(repeating: "buy it now cheap ", count: 90)], nil),
    ("repeated words", ["去", String(repeating: "买一个吧", count: 90)], nil), ("too many broken characters", ["��������", "������ broken"], nil),
    ("refusals without an answer", ["Who won?", "I'm sorry, but as an AI language model, I cannot browse the internet."], 1), ("a turn shows nothing", ["hi", "\u{200B}\u{200D}\u{FEFF}"], 0),
    ("a turn shows nothing", ["\u{301}\u{302}", "what?"], 0), ("a turn shows nothing", ["hi", "\u{3164}\u{115F}\u{2800}"], 0),
  ] as [(String, [String], Double?)])
  func bad(reason: String, turns: [String], measured: Double?) async throws {
    guard case .dropped(let drop) = try await fate(talk(turns[0], turns[1]), .chat) else { Issue.record("was not dropped"); return }
    #expect(drop.reason.rawValue == reason)
    #expect(drop.measured != nil && drop.threshold != nil)
    if let measured { #expect(drop.measured == measured) }
  }

  @Test("the system turn is not what is judged")
  func system() async throws {
    let line = #"{"messages":[{"role":"system","content":"\#(String(repeating: "#", count: 900))"},{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}"#
    #expect(try await fate(line, .chat) == .kept)
  }
}

@Suite("All stages together")
struct AllStagesTests {
  @Test("every record that was read is kept, dropped, merged exactly or merged nearly", arguments: 1...10 as ClosedRange<UInt64>)
  func conservation(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<300).map { _ in GeneratedCorpus.line(&random) }
    let stages = everyStage.shuffled(using: &random)
    let result = try await curate(["a.jsonl": Data(lines.joined(separator: "\n").utf8)], stages: stages)
    let summary = result.ledger.summary
    #expect(summary.recordsRead == lines.count)
    #expect(summary.recordsRead == summary.kept + summary.droppedCount + summary.mergedExactly + summary.mergedNearly)
    #expect(summary.kept == result.dataset.count)
    #expect(summary.lengths.bins.reduce(0) { $0 + $1.count } == summary.kept)
    #expect(summary.mergedExactly > 0 && summary.mergedNearly > 0)
    #expect(result.ledger.entries.filter { $0.fate == .kept }.compactMap(\.id).sorted() == result.dataset.rows.map(\.id))
    let copy = try Ledger(parsing: result.ledger.bytes)
    #expect(copy == result.ledger)
    #expect(copy.bytes == result.ledger.bytes)
    for line in result.ledger.bytes.split(separator: 0x0A) { _ = try JSONValue(parsingCanonical: Data(line)) }
  }

  @Test("threads and pieces leave no trace", arguments: [1, 2, 5], [1, 100, 1 << 20])
  func threads(concurrency: Int, chunk: Int) async throws {
    var random = Seeded(7)
    let data = Data((0..<200).map { _ in GeneratedCorpus.line(&random) }.joined(separator: "\n").utf8)
    let reference = try await curate(["a.jsonl": data], stages: everyStage)
    let other = try await curate(["a.jsonl": data], stages: everyStage, concurrency: concurrency, chunkByteCount: chunk)
    #expect(reference.dataset.bytes == other.dataset.bytes)
    #expect(reference.ledger.bytes == other.ledger.bytes)
  }

  @Test("a record that no stage has a say about keeps its bytes")
  func untouched() async throws {
    let lines = [goodLine, textLine("A plain sentence: 42 apples, 3.5 pears, naïve cafés — “and so on”.\n\n\tIndented."), textLine("日本語のテキスト。")]
    let result = try await curate(["a.jsonl": lines.joined(separator: "\n")], stages: everyStage)
    #expect(result.dataset.count == 3)
    #expect(result.ledger.summary.changed == 0)
    #expect(try await curate(["a.jsonl": lines.joined(separator: "\n")], stages: []).dataset.bytes == result.dataset.bytes)
  }

  @Test("hostile lines go through every stage", arguments: [
    String(repeating: "a", count: 1_200_000), String(repeating: "Ã", count: 300_000), String(repeating: "â€™", count: 100_000), String(repeating: "\u{301}", count: 100_000),
    String(repeating: "\u{200B}", count: 100_000), String(repeating: "1 ", count: 200_000), String(repeating: "a@", count: 100_000), String(repeating: "x\n", count: 100_000),
  ])
  func hostile(text: String) async throws {
    let result = try await curate(["a.jsonl": textLine(text) + "\n" + goodLine], stages: everyStage)
    #expect(result.ledger.summary.recordsRead == 2)
    #expect(result.entry("a.jsonl", 2)?.fate == .kept)
  }
}
