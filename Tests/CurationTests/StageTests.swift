import Artifacts
import Curation
import Foundation
import Testing

@Suite("Stages")
struct StageTests {
  @Test(
    "normalize gives one spelling and counts what it did",
    arguments: [
      ("a\r\nb\rc", "a\nb\nc", [.init(kind: .lineEndings, count: 2)]),
      ("a \t\nb\u{a0}\nc", "a\nb\nc", [.init(kind: .trailingSpace, count: 3)]),
      ("\n\n  a\n\n", "a", [.init(kind: .outerSpace, count: 6)]),
      ("a\u{0}b\u{7f}\u{85}\u{1b}[0m\tc", "ab[0m\tc", [.init(kind: .controlCharacters, count: 4)]),
      ("e\u{301}", "\u{e9}", [.init(kind: .unicode, count: 1)]),
      ("e\u{0}\u{301}", "\u{e9}", [.init(kind: .controlCharacters, count: 1), .init(kind: .unicode, count: 1)]),
      ("\u{212b}x\u{1100}\u{1161}", "\u{c5}x\u{ac00}", [.init(kind: .unicode, count: 1)]),
      ("a \u{0}\nb", "a\nb", [.init(kind: .controlCharacters, count: 1), .init(kind: .trailingSpace, count: 1)]),
      ("\u{3000}a\u{2028}", "a", [.init(kind: .trailingSpace, count: 1), .init(kind: .outerSpace, count: 1)]),
      ("fi\u{fb01}\u{200d}\u{feff}z", "fi\u{fb01}\u{200d}\u{feff}z", []), ("  é\u{301}", "é\u{301}", [.init(kind: .outerSpace, count: 2)]),
    ] as [(String, String, [Change])])
  func normalize(text: String, expected: String, changes: [Change]) async throws {
    let result = try await curate(["a.jsonl": textLine(text)], stages: [.repair])
    #expect(try result.texts() == [Array(expected.utf8)])
    #expect(result.entry("a.jsonl", 1)?.passages.flatMap(\.changes) == changes)
  }

  @Test("the quick look agrees with Foundation on every character that it lets pass")
  func quickLook() async throws {
    let ranges: [ClosedRange<UInt32>] = [
      0xA1...0x52F, 0x5D0...0x64A, 0x2010...0x205E, 0x3001...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFF01...0xFF5E, 0x1F300...0x1FAFF,
    ]
    let texts = ranges.joined().compactMap(Unicode.Scalar.init).map { "a\($0)か\($0)\($0)가\($0)x\u{416}\($0)z" }
    let lines = texts.map { textLine($0) }.joined(separator: "\n")
    let result = try await curate(["a.jsonl": lines], stages: [.repair])
    let expected = texts.map { Array($0.precomposedStringWithCanonicalMapping.utf8) }
    #expect(try result.texts() == Set(expected))
  }

  @Test("what was normalized once is left alone the second time", arguments: 1...20 as ClosedRange<UInt64>)
  func idempotence(seed: UInt64) async throws {
    var random = Seeded(seed)
    let alphabet = [
      "a", " ", "\t", "\n", "\r", "\r\n", "\u{0}", "\u{85}", "\u{a0}", "e", "\u{301}", "\u{323}", "\u{1100}", "\u{1161}", "\u{11a8}", "か", "\u{3099}", "\u{212b}", "\u{2028}", "\u{1F600}",
    ]
    let texts = (0..<300).map { _ in "." + (0..<random.below(12)).map { _ in random.pick(alphabet) }.joined() }
    let once = try await curate(["a.jsonl": texts.map { textLine($0) }.joined(separator: "\n")], stages: [.repair])
    let twice = try await curate(["a.jsonl": once.dataset.bytes], stages: [.repair])
    #expect(once.dataset.bytes == twice.dataset.bytes)
    #expect(twice.ledger.summary.changed == 0)
    for text in try once.texts() {
      let string = String(decoding: text, as: UTF8.self)
      #expect(Array(string.precomposedStringWithCanonicalMapping.utf8) == text)
      #expect(!string.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" })
    }
  }

  @Test(
    "a conversation alternates, starts with the user and ends with the assistant",
    arguments: [
      ("ua", nil, nil), ("sua", nil, nil), ("uaua", nil, nil), ("u", .noAssistantTurn, 1), ("uau", .noAssistantTurn, 3), ("s", .noAssistantTurn, 1),
      ("su", .noAssistantTurn, 2), ("a", .noUserTurnFirst, 1), ("sa", .noUserTurnFirst, 2), ("uua", .turnsDoNotAlternate, 2), ("uaa", .turnsDoNotAlternate, 3),
      ("usa", .misplacedSystemTurn, 2), ("ssua", .misplacedSystemTurn, 2), ("uas", .misplacedSystemTurn, 3), ("uA", .emptyTurn, 2), ("Sua", .emptyTurn, 1),
    ] as [(String, DropReason?, Double?)])
  func structure(shape: String, reason: DropReason?, turn: Double?) async throws {
    let roles: [Character: String] = ["s": "system", "u": "user", "a": "assistant"]
    let turns = try shape.enumerated().map { index, letter -> JSONValue in
      let role = try #require(roles[Character(letter.lowercased())])
      return ["role": .string(role), "content": letter.isUppercase ? " \u{0}\n" : .string("turn \(index)")]
    }
    let line = String(decoding: JSONValue.object(["messages": .array(turns)]).canonical, as: UTF8.self)
    let result = try await curate(["a.jsonl": line + "\n" + goodLine])
    #expect(result.reason("a.jsonl", 1) == reason)
    guard let reason else { return }
    #expect(result.entry("a.jsonl", 1)?.fate == .dropped(Drop(stage: .structure, reason: reason, measured: turn)))
  }

  @Test("length counts code points over all contents, and keeps its bounds in")
  func length() async throws {
    let stages: [CurationParameters.Stage] = [.length(minimumInCharacters: 3, maximumInCharacters: 5)]
    let texts = ["ab", "abc", "e\u{301}x\u{1F600}\u{1F600}", "abcdef"]
    let result = try await curate(["a.jsonl": texts.map { textLine($0) }.joined(separator: "\n")], stages: stages)
    #expect(result.entry("a.jsonl", 1)?.fate == .dropped(Drop(stage: .length, reason: .tooShort, measured: 2, threshold: 3)))
    #expect(result.entry("a.jsonl", 2)?.passages == [Passage(stage: .length, measured: 3)])
    #expect(result.entry("a.jsonl", 3)?.passages == [Passage(stage: .length, measured: 5)])
    #expect(result.entry("a.jsonl", 4)?.fate == .dropped(Drop(stage: .length, reason: .tooLong, measured: 6, threshold: 5)))

    let talk = #"{"messages":[{"role":"user","content":"ab"},{"role":"assistant","content":"cde"}]}"#
    #expect(try await curate(["a.jsonl": talk], stages: stages).entry("a.jsonl", 1)?.passages == [Passage(stage: .length, measured: 5)])
  }
}
