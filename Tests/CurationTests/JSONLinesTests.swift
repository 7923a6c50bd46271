import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("JSON Lines")
struct JSONLinesTests {
  @Test(
    "a bad line is dropped with its reason, and the lines around it are kept",
    arguments: [
      (#"{"text":"x""#, .invalidJSON), (#"{"text":"x"} {"text":"y"}"#, .invalidJSON), (#"{"text":"x"}]"#, .invalidJSON), ("nonsense", .invalidJSON),
      (#"{"text":"x",}"#, .invalidJSON), ("{\"text\":\"a\u{0}b\"}", .invalidJSON), ("\u{0}", .invalidJSON), (#"{"text":"\x"}"#, .invalidJSON),
      ("\u{feff}" + #"{"text":"x"}"#, .invalidJSON), (#"{"text":"x","n":01}"#, .invalidJSON), (#"{"n":1e999,"text":"x"}"#, .invalidJSON),
      (#"{"text":"x","later":tru}"#, .invalidJSON), (#"{'text':'x'}"#, .invalidJSON), ("{\"text\":\"tab\t\"}", .invalidJSON),
      ("[]", .notAnObject), ("7", .notAnObject), ("null", .notAnObject), (#""text""#, .notAnObject),
      ("{}", .noContent), (#"{"conversation":"c"}"#, .noContent), (#"{"text":null}"#, .noContent), (#"{"Text":"x"}"#, .noContent),
      (#"{"text":"x","messages":[]}"#, .ambiguousContent), (#"{"text":7}"#, .textNotAString), (#"{"text":["x"]}"#, .textNotAString),
      (#"{"messages":"x"}"#, .messagesNotAnArray), (#"{"messages":{"role":"user"}}"#, .messagesNotAnArray), (#"{"messages":["x"]}"#, .turnNotAnObject),
      (#"{"messages":[{"content":"x"}]}"#, .unknownRole), (#"{"messages":[{"role":"tool","content":"x"}]}"#, .misplacedToolTurn),
      (#"{"messages":[{"role":"User","content":"x"}]}"#, .unknownRole), (#"{"messages":[{"role":3,"content":"x"}]}"#, .unknownRole),
      (#"{"messages":[{"role":"user"}]}"#, .turnContentNotAString), (#"{"messages":[{"role":"user","content":null}]}"#, .turnContentNotAString),
      (#"{"messages":[{"role":"user","content":[{"type":"text","text":7}]}]}"#, .turnContentNotAString), (#"{"messages":[{"role":"user","content":[7]}]}"#, .turnContentNotAString),
      (#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"x"}]}]}"#, .contentNotText),
      (#"{"text":"x","conversation":7}"#, .conversationNotAString), (#"{"text":"x","text":"x"}"#, .duplicateKey),
      (#"{"text":"x","te\u0078t":"y"}"#, .duplicateKey), (#"{"text":"x","conversation":"a","conversation":null}"#, .duplicateKey),
      (#"{"messages":[{"role":"user","role":"assistant","content":"x"}]}"#, .duplicateKey),
      (#"{"messages":[{"role":"user","content":"x","content":"y"}]}"#, .duplicateKey), (#"{"messages":[],"messages":[]}"#, .duplicateKey),
      (#"{"messages":[]}"#, .noTurns), (#"{"text":""}"#, .emptyText),
    ] as [(String, DropReason)])
  func faults(line: String, reason: DropReason) async throws {
    let result = try await curate(["a.jsonl": [goodLine, line, goodLine].joined(separator: "\n")], stages: [])
    #expect(result.reason("a.jsonl", 2) == reason)
    #expect(result.dataset.count == 2)
    let entry = try #require(result.entry("a.jsonl", 2))
    #expect(entry.source.byteRange == (goodLine.utf8.count + 1)..<(goodLine.utf8.count + 1 + line.utf8.count))
  }

  @Test(
    "a lone surrogate is refused wherever it stands, as no Unicode text can hold it",
    arguments: [#"\ud800"#, #"\udfff"#, #"\ud800\ud800"#, #"a\ud83dz"#, #"\ude00\ud83d"#])
  func surrogates(escape: String) async throws {
    let lines = [
      #"{"text":"\#(escape)"}"#, #"{"text":"x","conversation":"\#(escape)"}"#, #"{"text":"x","other":"\#(escape)"}"#,
      #"{"messages":[{"role":"user","content":"\#(escape)"}]}"#,
    ]
    for line in lines {
      let result = try await curate(["a.jsonl": line + "\n" + goodLine], stages: [])
      #expect(result.reason("a.jsonl", 1) == .invalidJSON)
    }
    let pair = try await curate(["a.jsonl": #"{"text":"\ud83d\ude00"}"#])
    #expect(try pair.texts() == [Array("\u{1F600}".utf8)])
  }

  @Test(
    "bytes that are not UTF-8 are named, in a content and outside of one",
    arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func encoding(bytes: [UInt8]) async throws {
    let data = Data("{\"text\":\"a".utf8) + bytes + Data("\"}\n".utf8) + bytes + Data(("\n" + goodLine).utf8)
    let result = try await curate(["a.jsonl": data], stages: [])
    #expect(result.reason("a.jsonl", 1) == .invalidUTF8)
    #expect(result.reason("a.jsonl", 2) == .invalidUTF8)
    #expect(result.dataset.count == 1)
  }

  @Test("nesting is read to its limit and refused beyond it, and a million brackets do no harm")
  func depth() async throws {
    func line(_ depth: Int) -> String {
      let inner = depth - 1  // The line's own object counts as one.
      return "{\"meta\":" + String(repeating: "[", count: inner) + String(repeating: "]", count: inner) + ",\"text\":\"deep \(depth)\"}"
    }
    let result = try await curate(["a.jsonl": [line(63), line(64), line(65), line(1_000_000)].joined(separator: "\n")], stages: [])
    #expect(try result.texts() == [Array("deep 63".utf8), Array("deep 64".utf8)])
    #expect(result.reason("a.jsonl", 3) == .nestedTooDeeply)
    #expect(result.reason("a.jsonl", 4) == .nestedTooDeeply)
  }

  @Test("a line over 16 MiB is dropped with its size, and one of 16 MiB is read")
  func longLines() async throws {
    let limit = 16 << 20
    func line(_ count: Int) -> String { "{\"text\":\"" + String(repeating: "x", count: count - 11) + "\"}" }
    let result = try await curate(["a.jsonl": line(limit) + "\n" + line(limit + 1) + "\r\n" + goodLine], stages: [])
    #expect(result.entry("a.jsonl", 1)?.fate == .kept)
    let drop = Drop(stage: .read, reason: .lineTooLong, measured: Double(limit + 1), threshold: Double(limit))
    #expect(result.entry("a.jsonl", 2)?.fate == .dropped(drop))
    #expect(result.entry("a.jsonl", 3)?.fate == .kept)
  }

  @Test("byte order mark, CR LF, blank lines and a missing last line feed are taken, and places stay exact")
  func lineEnds() async throws {
    let text = "\u{feff}" + textLine("one") + "\r\n\r\n \t \n" + textLine("two") + "\n\n" + textLine("three")
    let result = try await curate(["a.jsonl": text], stages: [])
    #expect(result.ledger.entries.map(\.source.place.line) == [1, 4, 6])
    let bytes = Data(text.utf8)
    let lines = result.ledger.entries.map { String(decoding: bytes[$0.source.byteRange], as: UTF8.self) }
    #expect(lines == [textLine("one"), textLine("two"), textLine("three")])
  }

  @Test("members that nobody reads are left aside, and null or empty stands for absent")
  func otherMembers() async throws {
    let result = try await curate(
      ["a.ndjson": #"{"id":7,"id":[{"text":"no"}],"text":"a","messages":null,"conversation":""}"# + "\n" + #"{"text":"b","conversation":null}"#])
    #expect(try result.texts() == [Array("a".utf8), Array("b".utf8)])
    #expect(result.dataset.rows.allSatisfy { $0.conversation == nil })
  }

  @Test("an escaped NUL reaches the record whole")
  func nul() async throws {
    let result = try await curate(["a.jsonl": #"{"text":"a\u0000b"}"#], stages: [])
    #expect(try result.texts() == [[0x61, 0x00, 0x62]])
  }

  @Test("random records are read as Foundation reads them", arguments: 1...20 as ClosedRange<UInt64>)
  func foundation(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<200).map { _ in RandomJSON.line(&random) }
    let result = try await curate(["a.jsonl": lines.joined(separator: "\n")], stages: [])
    var expected: [[UInt8]] = []
    for line in lines {
      let value = try JSONValue(parsing: Data(line.utf8))
      let record = try #require(DatasetRecord(line: value))
      expected.append(Array(record.canonicalLine.canonical))
    }
    let got = result.dataset.bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    #expect(got.sorted { $0.lexicographicallyPrecedes($1) } == expected.sorted { $0.lexicographicallyPrecedes($1) })
    #expect(try result.dataset.records().map(\.id) == result.dataset.rows.map(\.id))
  }
}

/// Records that are right and spelled in every way that JSON has.
private enum RandomJSON {
  static func line(_ random: inout Seeded) -> String {
    var members = ["\"extra\":" + value(&random, depth: 3)]
    if Bool.random(using: &random) {
      members.append("\"text\":" + string(&random))
    } else {
      let pairs = 1 + random.below(3)
      let turns = (0..<pairs * 2).map { "{\"role\" : \"\($0.isMultiple(of: 2) ? "user" : "assistant")\",\"content\":\(string(&random)), \"n\":1}" }
      members.append("\"messages\": [" + turns.joined(separator: " ,") + "]")
    }
    if Bool.random(using: &random) { members.append("\"conversation\"\t:" + string(&random)) }
    return "{" + members.shuffled(using: &random).joined(separator: " , ") + " }"
  }

  private static func value(_ random: inout Seeded, depth: Int) -> String {
    switch random.below(depth > 0 ? 7 : 5) {
    case 0: return "null"
    case 1: return Bool.random(using: &random) ? "true" : "false"
    case 2: return String(Int32.random(in: .min ... .max, using: &random))
    case 3: return "\(Double.random(in: -1e9...1e9, using: &random))"
    case 4: return string(&random)
    case 5: return "[" + (0..<random.below(4)).map { _ in value(&random, depth: depth - 1) }.joined(separator: ",") + "]"
    default: return "{" + (0..<random.below(4)).map { "\"k\($0)\":" + value(&random, depth: depth - 1) }.joined(separator: ",") + "}"
    }
  }

  /// Never empty: an empty text is dropped.
  private static func string(_ random: inout Seeded) -> String {
    "\"" + (0...random.below(60)).map { _ in character(&random) }.joined() + "\""
  }

  private static func character(_ random: inout Seeded) -> String {
    switch random.below(6) {
    case 0: return random.pick([#"\n"#, #"\t"#, #"\""#, #"\\"#, #"\/"#, #"\b"#, #"\f"#, #"\r"#])
    case 1: return random.pick([#"\u00e9"#, #"\u0000"#, #"\u001f"#, #"\ud83d\ude00"#, #"\uFEFF"#, #"\u0301"#])
    case 2: return random.pick(["é", "e\u{301}", "海", "\u{1F3F4}", "ß", "\u{7f}", "\u{2028}", "\u{10FFFF}"])
    default: return String(Unicode.Scalar(UInt8(0x61 + random.below(26))))
    }
  }
}
