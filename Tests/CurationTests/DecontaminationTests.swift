import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Decontamination")
struct DecontaminationTests {
  private static let question = "which of the seven lamps along the northern pier was lit by the old keeper before the great storm of that winter reached the harbour"
  /// The same number of runs in every record: the words are a sequence.
  private static func words(_ range: Range<Int>, of name: String = "w") -> String { range.map { "\(name)\($0)" }.joined(separator: " ") }

  private func curated(
    _ lines: [String], against files: [String: String], rule: DecontaminationRule = DecontaminationRule()
  ) async throws -> Curation {
    let parameters = CurationParameters(stages: [.repair, .decontaminate(rule)])
    let index = try EvaluationIndex(files.sorted { $0.key < $1.key }.map { EvaluationIndex.File(name: $0.key, data: Data($0.value.utf8)) }, for: parameters)
    let data = Data((lines + [goodLine]).joined(separator: "\n").utf8)
    let snapshot = Snapshot(entries: [Snapshot.Entry(path: "a.jsonl", byteCount: Int64(data.count), digest: Digest(hashing: data))])
    return try await Curator(parameters: parameters, evaluations: index).curate(snapshot) { _ in data }
  }

  private func overlap(_ entry: LedgerEntry?) -> EvaluationOverlap? {
    for case .overlap(let overlap)? in entry?.passages.map(\.detail) ?? [] { return overlap }
    return nil
  }

  @Test("text of an evaluation record is found whatever its letter case, punctuation and lines", arguments: [
    question, question.uppercased(), question.replacing(" ", with: "\n"), question.replacing(" ", with: ", "), "Tell me: " + question + "? It was the third.",
    "“" + question + "”",
  ])
  func found(text: String) async throws {
    let evaluation = #"{"question":"something else that nobody in this data has ever said to anyone"  ,"answer":"no"}"# + "\n" + #"{"question":"\#(Self.question)?","answer":"the third"}"#
    let result = try await curated([textLine(text), textLine("an honest line")], against: ["probes.jsonl": evaluation])
    let entry = try #require(result.entry("a.jsonl", 1))
    #expect(entry.fate == .dropped(Drop(stage: .decontaminate, reason: .evaluationText, measured: 1, threshold: 0)))
    #expect(overlap(entry) == EvaluationOverlap(place: RecordPlace(file: "probes.jsonl", line: 2), sharedRuns: 13, runs: 13))
    #expect(result.entry("a.jsonl", 2)?.fate == .kept)
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
    #expect(!String(decoding: result.ledger.bytes, as: UTF8.self).contains("keeper"))
    #expect(try LedgerQuery(result.ledger.bytes).why(file: "a.jsonl", line: 1).steps.last?.detail == entry.passages.last?.detail)
  }

  @Test("thirteen words in a row are enough, and twelve are not")
  func length() async throws {
    let evaluation = textLine(Self.words(0..<40))
    let result = try await curated([textLine("x " + Self.words(5..<17) + " y"), textLine("x " + Self.words(5..<18) + " y")], against: ["e.jsonl": evaluation])
    #expect(result.entry("a.jsonl", 1)?.fate == .kept)
    #expect(overlap(result.entry("a.jsonl", 1)) == nil)
    #expect(result.reason("a.jsonl", 2) == .evaluationText)
    #expect(overlap(result.entry("a.jsonl", 2))?.sharedRuns == 1)
    let short = try await curated([textLine(Self.words(5..<17))], against: ["e.jsonl": evaluation], rule: DecontaminationRule(wordsInRun: 12))
    #expect(short.reason("a.jsonl", 1) == .evaluationText)
  }

  @Test("the threshold is a share of the evaluation record's runs, and is itself enough")
  func threshold() async throws {
    // 32 words are 20 runs of 13; 22 of them are 10.
    let evaluation = textLine(Self.words(0..<32))
    let rule = DecontaminationRule(thresholdPPM: 500_000)
    let result = try await curated([textLine(Self.words(0..<21)), textLine(Self.words(0..<22))], against: ["e.jsonl": evaluation], rule: rule)
    #expect(result.entry("a.jsonl", 1)?.fate == .kept)
    #expect(result.entry("a.jsonl", 1)?.passages.last?.measured == 0.45)
    #expect(overlap(result.entry("a.jsonl", 1))?.runs == 20)
    #expect(result.entry("a.jsonl", 2)?.fate == .dropped(Drop(stage: .decontaminate, reason: .evaluationText, measured: 0.5, threshold: 0.5)))
  }

  @Test("an evaluation text of eight to twelve words counts whole, a shorter one is not looked for")
  func shortTexts() async throws {
    let evaluation = [textLine(Self.words(0..<8, of: "a")), textLine(Self.words(0..<7, of: "b"))].joined(separator: "\n")
    let result = try await curated(
      [textLine("so " + Self.words(0..<8, of: "a")), textLine("so " + Self.words(0..<7, of: "b")), textLine(Self.words(0..<7, of: "a"))],
      against: ["e.jsonl": evaluation])
    #expect(result.reason("a.jsonl", 1) == .evaluationText)
    #expect(result.entry("a.jsonl", 2)?.fate == .kept)
    #expect(result.entry("a.jsonl", 3)?.fate == .kept)
    let parameters = CurationParameters(stages: [.decontaminate(DecontaminationRule())])
    let index = try EvaluationIndex([EvaluationIndex.File(name: "e.jsonl", data: Data(evaluation.utf8))], for: parameters)
    #expect(index?.recordCount == 2 && index?.unsearchableCount == 1)
  }

  @Test("what more than ten evaluation records say is their template, and no evidence", arguments: [10, 11])
  func template(count: Int) async throws {
    let template = "answer the following question about the harbour with one of the letters a b c or d"
    let evaluation = (0..<count).map { textLine("\(template) \(Self.words(0..<9, of: "q\($0)x"))") }.joined(separator: "\n")
    let result = try await curated([textLine(template + " please"), textLine("so: " + Self.words(0..<9, of: "q3x"))], against: ["e.jsonl": evaluation])
    #expect((result.entry("a.jsonl", 1)?.fate == .kept) == (count == 11))
    // Nine words alone are no run of a longer text.
    #expect(result.entry("a.jsonl", 2)?.fate == .kept)
  }

  @Test("no run goes from one turn into the next, the system turn has no say, and scripts without spaces are counted by character")
  func turns() async throws {
    let half = Self.words(0..<7), rest = Self.words(7..<14)
    let talk = JSONValue.object(["messages": [["role": "user", "content": .string(half)], ["role": "assistant", "content": .string(rest)]]]).canonicalText
    let system = JSONValue.object([
      "messages": [["role": "system", "content": .string(half + " " + rest)], ["role": "user", "content": "hi"], ["role": "assistant", "content": "hello"]]
    ]).canonicalText
    let answer = JSONValue.object(["messages": [["role": "user", "content": "hi"], ["role": "assistant", "content": .string(half + " " + rest)]]]).canonicalText
    let result = try await curated(
      [talk, system, answer, textLine("他说：每天晚上守灯人都会爬上铁楼梯擦拭大透镜。")],
      against: ["e.jsonl": [textLine(half + " " + rest), textLine("每天晚上，守灯人都会爬上铁楼梯。")].joined(separator: "\n")])
    #expect(result.entry("a.jsonl", 1)?.fate == .kept)
    #expect(result.entry("a.jsonl", 2)?.fate == .kept)
    #expect(result.reason("a.jsonl", 3) == .evaluationText)
    #expect(result.reason("a.jsonl", 4) == .evaluationText)
    #expect(overlap(result.entry("a.jsonl", 4))?.place.line == 2)
  }

  @Test("of several evaluation records the one with the largest share is named, and of those the first")
  func best() async throws {
    let evaluation = [textLine(Self.words(0..<40)), textLine(Self.words(0..<20)), textLine(Self.words(0..<20))].joined(separator: "\n")
    let result = try await curated([textLine(Self.words(0..<25))], against: ["e.jsonl": evaluation])
    #expect(overlap(result.entry("a.jsonl", 1)) == EvaluationOverlap(place: RecordPlace(file: "e.jsonl", line: 2), sharedRuns: 8, runs: 8))
  }

  @Test("evaluation files that cannot be wholly compared with are refused", arguments: [
    ("e.jsonl", #"{"text":"fine and long enough to be looked for in this data here"}"# + "\n{broken", "e.jsonl:2: an evaluation record that cannot be read: invalid JSON"),
    ("e.jsonl", "", "no evaluation record in e.jsonl"), ("e.parquet", "PAR1", "e.parquet: an evaluation file of a kind that is not read"),
    ("e.jsonl", #"{"text":"too short"}"#, "none of the 1 evaluation records has a run of 8 words or more of its own, so nothing could be found"),
  ])
  func refused(name: String, text: String, message: String) async throws {
    let error = await #expect(throws: EvaluationError.self) { try await curated([goodLine], against: [name: text]) }
    #expect(error?.message == message)
  }

  @Test("a curator that was given no evaluation refuses to let everything pass")
  func missing() async throws {
    let error = await #expect(throws: EvaluationError.self) { try await curate(["a.jsonl": goodLine], stages: [.decontaminate(DecontaminationRule())]) }
    #expect(error == .missing)
  }
}
