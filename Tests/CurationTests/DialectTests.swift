import Artifacts
import Curation
import Foundation
import Testing

@Suite("Dialects")
struct DialectTests {
  private static let good: [(String, DatasetRecord)] = [
    (#"{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}],"id":"x1"}"#, exchange("q", "a")),
    (#"{"conversations":[{"from":"system","value":"s"},{"from":"user","value":"q"},{"from":"assistant","value":"a"}]}"#, exchange("q", "a", system: "s")),
    (#"{"system":"s","conversations":[{"value":"q","from":"human"},{"from":"gpt","value":"a"}]}"#, exchange("q", "a", system: "s")),
    (#"{"system":"","conversations":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#, exchange("q", "a")),
    (#"{"instruction":"q","input":"","output":"a"}"#, exchange("q", "a")),
    (#"{"instruction":"q","input":"this","output":"a"}"#, exchange("q\n\nthis", "a")),
    (#"{"instruction":"q","output":"a","input":null,"system":"s"}"#, exchange("q", "a", system: "s")),
    (#"{"instruction":"q","context":"of it","response":"a","category":"open"}"#, exchange("q\n\nof it", "a")),
    (#"{"prompt":"q","completion":"a"}"#, exchange("q", "a")), (#"{"response":"a","prompt":"q"}"#, exchange("q", "a")),
    (#"{"question":"q","answer":"a","conversation":"c"}"#, exchange("q", "a", conversation: "c")),
    (#"{"user":"q","assistant":"a"}"#, exchange("q", "a")), (#"{"input":"q","output":"a"}"#, exchange("q", "a")),
    (#"{"question":"no answer","prompt":"q","completion":"a"}"#, exchange("q", "a")),
    (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"prompt":"other","prompt":"twice","conversations":7}"#, exchange("q", "a")),
    (#"{"text":"t","instruction":"q","output":"a"}"#, DatasetRecord(content: .text("t"))),
    (#"{"pro\u006dpt":"q","completion":"\ud83d\ude00"}"#, exchange("q", "\u{1F600}")),
  ]

  @Test("each way of writing a conversation gives the same record, as a line and in an array", arguments: good)
  func dialects(line: String, record: DatasetRecord) async throws {
    for file in ["a.jsonl": line, "a.json": "[\(line)]", "b.json": line, "c.json": #"{"version":1,"data":[\#(line)]}"#] {
      let dataset = try await curate([file.key: file.value], stages: []).dataset
      #expect(try dataset.records() == [record], "\(file.key)")
    }
  }

  @Test(
    "what is nearly a record is dropped with what is wrong with it",
    arguments: [
      (#"{"prompt":"q","chosen":"a"}"#, .noAnswer), (#"{"question":"q"}"#, .noAnswer), (#"{"output":"a"}"#, .noContent),
      (#"{"title":"t","body":"b"}"#, .noContent), (#"{"Question":"q","Answer":"a"}"#, .noContent), (#"{"system":"s"}"#, .noContent),
      (#"{"prompt":null,"completion":"a"}"#, .noContent), (#"{"prompt":"q","completion":null}"#, .noAnswer),
      (#"{"question":["q"],"answer":"a"}"#, .questionNotAString), (#"{"question":"q","answer":4}"#, .answerNotAString),
      (#"{"instruction":"q","input":{},"output":"a"}"#, .additionNotAString), (#"{"prompt":"q","completion":"a","system":1}"#, .systemNotAString),
      (#"{"prompt":"q","prompt":"r","completion":"a"}"#, .duplicateKey), (#"{"question":"q","answer":"a","answer":"b"}"#, .duplicateKey),
      (#"{"conversations":"x"}"#, .conversationsNotAnArray), (#"{"conversations":[1]}"#, .turnNotAnObject), (#"{"conversations":[]}"#, .noTurns),
      (#"{"conversations":[{"from":"bing","value":"x"}]}"#, .unknownRole), (#"{"conversations":[{"value":"x"}]}"#, .unknownRole),
      (#"{"conversations":[{"from":"human"}]}"#, .turnContentNotAString), (#"{"conversations":[{"from":"human","role":"user","value":"x"}]}"#, .duplicateKey),
      (#"{"conversations":[],"conversations":[]}"#, .duplicateKey), (#"{"messages":[{"from":"human","value":"x"}]}"#, .unknownRole),
      (#"{"messages":[{"role":"human","content":"x"}]}"#, .unknownRole), (#"{"prompt":"","completion":"a"}"#, .emptyTurn),
      (#"{"conversations":[{"from":"gpt","value":"a"}]}"#, .noUserTurnFirst),
    ] as [(String, DropReason)])
  func faults(line: String, reason: DropReason) async throws {
    let result = try await curate(["a.jsonl": line + "\n" + goodLine], stages: [])
    #expect(result.reason("a.jsonl", 1) == reason)
    #expect(result.dataset.count == 1)
  }
}
