import Artifacts
import Curation
import Foundation
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
  @Test("an array's records are numbered from 1, and their bytes are named")
  func places() async throws {
    let text = "\u{feff} [\n  \(textLine("one")),\n\n {\"text\":7} , \(textLine("a ] } , \" \\ [ {"))\n]\n"
    let result = try await curate(["a.json": text], stages: [])
    #expect(result.ledger.entries.map(\.source.place.line) == [1, 2, 3])
    let cut = result.ledger.entries.map { String(decoding: Data(text.utf8)[$0.source.byteRange], as: UTF8.self) }
    #expect(cut == [textLine("one"), #"{"text":7}"#, textLine("a ] } , \" \\ [ {")])
    #expect(result.reason("a.json", 2) == .textNotAString)
    #expect(try LedgerQuery(result.ledger.bytes).why(file: "a.json", line: 3).entry.fate == .kept)
  }

  @Test("records as lines, as an array on one line or on many, and one after another are the same records", arguments: 1...6 as ClosedRange<UInt64>)
  func sameRecords(seed: UInt64) async throws {
    var random = Seeded(seed)
    let lines = (0..<40).map { number in textLine("\(number) " + random.pick(["{", "}", "\\", "\"", "[", "海", "\n", ","]), conversation: "c") }
    let reference = try await curate(["a.jsonl": lines.joined(separator: "\n")]).dataset.bytes
    let spread = lines.map { $0.replacing("{\"conversation\"", with: "{\n \"conversation\"") }
    for text in [
      "[\(lines.joined(separator: ","))]", "[\n\(spread.joined(separator: " ,\r\n"))\n]\n", lines.joined(separator: "\n"), spread.joined(separator: "\n"),
      "{\"name\":\"x\",\"records\":[\(lines.joined(separator: ","))],\"n\":1}", "{\"conversations\":[\(lines.joined(separator: ","))]}",
    ] {
      #expect(try await curate(["a.json": Data(text.utf8)], chunkByteCount: 100).dataset.bytes == reference)
    }
  }

  @Test(
    "what breaks the document is one dropped record, and what stood before it is kept",
    arguments: [
      ("[\(goodLine),", 2), ("[\(goodLine)", 2), ("[\(goodLine),]", 2), ("[\(goodLine)]]", 2), ("[\(goodLine)] \(goodLine)", 2), ("[\(goodLine) \(goodLine)]", 2),
      ("[\(goodLine),,\(goodLine)]", 2), ("[\(goodLine),{\"text\":\"x]", 2), ("[\(goodLine),tru]", 2), ("{\"data\":[\(goodLine)]} x", 2),
      ("[\(goodLine),{\"text\":\"x\"]]", 2), ("[\(goodLine)}", 2),
    ])
  func broken(text: String, number: Int) async throws {
    let result = try await curate(["a.json": text], stages: [])
    #expect(result.entry("a.json", 1)?.fate == .kept)
    #expect(result.reason("a.json", number) == .invalidJSON)
  }

  @Test("a document of another shape is dropped with its reason", arguments: [
    ("7", .notAnObject), ("\"x\"", .notAnObject), ("{", .invalidJSON), ("nonsense", .invalidJSON), ("{}", .noContent), (#"{"a":[],"b":[]}"#, .noContent),
    ("[[]]", .notAnObject), ("\u{0}", .invalidJSON), ("{\"a\"", .invalidJSON),
  ] as [(String, DropReason)])
  func shapes(text: String, reason: DropReason) async throws {
    let result = try await curate(["a.json": text, "b.md": "x"], stages: [])
    #expect(result.reason("a.json", 1) == reason)
  }

  @Test("an empty file and an empty array hold no record", arguments: ["", " \n", "[]", "[ ]\n", "{\"data\":[]}"])
  func empty(text: String) async throws {
    let result = try await curate(["a.json": text, "b.md": "x"], stages: [])
    #expect(result.ledger.files.first?.fate == .read(.json, records: 0))
  }

  @Test("a million brackets do no harm, and bytes that are not UTF-8 are named")
  func hostile() async throws {
    let brackets = String(repeating: "[", count: 1_000_000)
    let result = try await curate(["a.json": Data(brackets.utf8), "b.json": Data("[{\"text\":\"".utf8) + [0xFF] + Data("\"},\(goodLine)]".utf8)], stages: [])
    #expect(result.reason("a.json", 1) == .invalidJSON || result.reason("a.json", 1) == .nestedTooDeeply)
    #expect(result.reason("b.json", 1) == .invalidUTF8)
    #expect(result.entry("b.json", 2)?.fate == .kept)
  }
}
