import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Tools, preferences and judgements")
struct RecordKindTests {
  private static func turns(_ texts: (Message.Role, String)...) -> [Message] { texts.map { Message(role: $0.0, content: $0.1) } }

  private static func pair(_ prompt: [Message], _ chosen: String, _ rejected: String) -> DatasetRecord {
    DatasetRecord(content: .preference(Preference(prompt: prompt, chosen: turns((.assistant, chosen)), rejected: turns((.assistant, rejected)))))
  }

  private static func judged(_ prompt: String, _ completion: String, _ isGood: Bool) -> DatasetRecord {
    DatasetRecord(content: .judged(JudgedAnswer(prompt: turns((.user, prompt)), completion: turns((.assistant, completion)), isGood: isGood)))
  }

  private static func tools(_ tools: [JSONValue] = [], _ turns: ToolTurn...) -> DatasetRecord {
    DatasetRecord(content: .toolUse(ToolConversation(tools: tools, turns: turns)))
  }

  private static let q = turns((.user, "q"))
  private static let call = ToolCall(id: "c1", name: "f", arguments: #"{"x":1}"#)
  private static let good: [(String, DatasetRecord)] = [
    (#"{"prompt":"q","chosen":"a","rejected":"b"}"#, pair(q, "a", "b")),
    (#"{"question":"q","system":"s","chosen":"a","rejected":"b"}"#, pair(turns((.system, "s"), (.user, "q")), "a", "b")),
    (#"{"instruction":"q","input":"","chosen":"a","rejected":"b","completion":"c"}"#, pair(q, "a", "b")),
    (#"{"prompt":[{"role":"user","content":"q"}],"chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]}"#, pair(q, "a", "b")),
    (#"{"prompt":"q","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":{"role":"assistant","content":"b"}}"#, pair(q, "a", "b")),
    (#"{"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}"#, pair(q, "a", "b")),
    (#"{"chosen":"\n\nHuman: q\n\nAssistant: a","rejected":"\n\nHuman: q\n\nAssistant: b\n\nmore"}"#, pair(q, "a", "b\n\nmore")),
    (#"{"conversations":[{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}}"#, pair(q, "a", "b")),
    (#"{"prompt":"What is it?","chosen":"What is it? A lamp.","rejected":"What is it?\nA \u0301."}"#, pair(turns((.user, "What is it?")), " A lamp.", "\nA \u{301}.")),
    (#"{"prompt":"q","chosen":"quite","rejected":"q"}"#, pair(q, "quite", "q")),
    (#"{"system":"s","instruction":"q","input":"r","chosen":"q\n\nr\n\na","rejected":"q: b"}"#, pair(turns((.system, "s"), (.user, "q\n\nr")), "\n\na", "q: b")),
    (#"{"prompt":[{"role":"user","content":"q"}],"chosen":"q a","rejected":"b"}"#, pair(q, "q a", "b")),
    (#"{"prompt":"q","completion":"q: a","label":false}"#, judged("q", ": a", false)),
    (#"{"prompt":"q","completion":"a","label":true}"#, judged("q", "a", true)),
    (#"{"prompt":[{"role":"user","content":"q"}],"completion":[{"role":"assistant","content":"a"}],"label":false}"#, judged("q", "a", false)),
    (#"{"prompt":"q","completion":"a","label":"joke"}"#, exchange("q", "a")),
    (
      #"{"messages":[{"role":"developer","content":"s"},{"role":"user","content":[{"type":"text","text":"q"},{"type":"text","text":"r"}]},{"role":"assistant","content":"a"}],"tools":[]}"#,
      exchange("q\nr", "a", system: "s")
    ),
    (
      #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"},{"role":"assistant","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#,
      tools(
        [["type": "function", "function": ["name": "f"]]], ToolTurn(role: .user, content: "q"), ToolTurn(role: .assistant, content: "", calls: [call]),
        ToolTurn(role: .tool, content: "r", callID: "c1"), ToolTurn(role: .assistant, content: "a"))
    ),
    (
      #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","function_call":{"name":"f","arguments":{"x":1}}},{"role":"function","name":"f","content":""},{"role":"assistant","content":"a"}]}"#,
      tools(
        [], ToolTurn(role: .user, content: "q"), ToolTurn(role: .assistant, content: "", calls: [ToolCall(name: "f", arguments: #"{"x":1}"#)]),
        ToolTurn(role: .tool, content: "", name: "f"), ToolTurn(role: .assistant, content: "a"))
    ),
    (
      #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"id\":18446744073709551615}"}},{"function":{"name":"f","arguments":{"id":9007199254740991}}}]}]}"#,
      tools(
        [], ToolTurn(role: .user, content: "q"),
        ToolTurn(
          role: .assistant, content: "",
          calls: [#"{"id":18446744073709551615}"#, #"{"id":9007199254740991}"#].map { ToolCall(name: "f", arguments: $0) }))
    ),
    (
      #"{"tools":"[{\"name\":\"f\"}]","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"w"},{"from":"function_call","value":"{\"name\":\"f\",\"arguments\":{\"x\":1}}"},{"from":"observation","value":"r"},{"from":"gpt","value":"a"}]}"#,
      tools(
        [["name": "f"]], ToolTurn(role: .user, content: "q"), ToolTurn(role: .assistant, content: "w", calls: [ToolCall(name: "f", arguments: #"{"x":1}"#)]),
        ToolTurn(role: .tool, content: "r"), ToolTurn(role: .assistant, content: "a"))
    ),
  ]

  @Test("each way of writing them gives the same record, and the dataset's line gives it again", arguments: good)
  func reading(line: String, record: DatasetRecord) async throws {
    for file in ["a.jsonl": line, "a.json": "[\(line)]", "b.json": line] {
      let dataset = try await curate([file.key: file.value], stages: []).dataset
      #expect(try dataset.records() == [record], "\(file.key)")
      #expect(dataset.rows.map(\.id) == [record.id])
      #expect(try CuratedDataset(parsing: dataset.bytes).rows == dataset.rows)
      #expect(DatasetRecord(line: try JSONValue(parsing: dataset.bytes)) == record)
      #expect(dataset.bytes == record.canonicalLine.canonical + Data("\n".utf8))
    }
  }

  @Test(
    "what is wrong with them has a name",
    arguments: [
      (#"{"chosen":"a","rejected":"b"}"#, .noPrompt), (#"{"chosen":[],"rejected":[]}"#, .noPrompt), (#"{"prompt":"q","chosen":"a","rejected":"a"}"#, .sameAnswers),
      (#"{"prompt":"q","chosen":7,"rejected":"a"}"#, .answerNotAString), (#"{"prompt":7,"chosen":"b","rejected":"a"}"#, .questionNotAString),
      (#"{"prompt":"q","chosen":[],"rejected":"a"}"#, .noAssistantTurn), (#"{"prompt":"q","chosen":"","rejected":"a"}"#, .emptyTurn),
      (#"{"prompt":"q","chosen":"a","chosen":"b","rejected":"c"}"#, .duplicateKey), (#"{"prompt":"q","completion":"","label":true}"#, .emptyTurn),
      (#"{"prompt":"q","chosen":[{"role":"tool","content":"x"}],"rejected":"a"}"#, .toolsBesideJudgement),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"tool","content":"r"},{"role":"assistant","content":"a"}]}"#, .misplacedToolTurn),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"id":1}]}]}"#, .unreadableCall),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":{}}]}"#, .unreadableCall),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":"f"}"#, .toolsNotAList),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":[9]}"#, .toolsNotAList),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":[{"n":9007199254740993}]}"#, .toolsNotAList),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":[{"n":18446744073709551615}]}"#, .toolsNotAList),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":"[{\"n\":[1e16]}]"}"#, .toolsNotAList),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"id":18446744073709551615}}}]}]}"#, .unreadableCall),
      (#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"id":-9007199254740992.0}}}]}]}"#, .unreadableCall),
      (#"{"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"{\"name\":\"f\",\"arguments\":{\"id\":18446744073709551615}}"}]}"#, .unreadableCall),
      (#"{"conversations":[{"from":"human","value":"q"},{"from":"function_call","value":"f()"}]}"#, .unreadableCall),
    ] as [(String, DropReason)])
  func faults(line: String, reason: DropReason) async throws {
    let result = try await curate(["a.jsonl": line + "\n" + goodLine], stages: [])
    #expect(result.reason("a.jsonl", 1) == reason)
    #expect(result.dataset.count == 1)
  }

  @Test("a person's word for the dialect stands above what the members say")
  func forced() async throws {
    let line = #"{"messages":[{"role":"user","content":"m"},{"role":"assistant","content":"n"}],"prompt":"q","chosen":"a","rejected":"b","text":"t"}"#
    func read(_ dialect: RecordDialect) async throws -> [DatasetRecord] {
      let rules = ReadingRules(formats: [.init(format: .dialect(dialect))])
      return try await curate(["a.jsonl": Data(line.utf8)], stages: [], reading: rules).dataset.records()
    }
    #expect(try await read(.preference) == [Self.pair(Self.q, "a", "b")])
    #expect(try await read(.messages) == [exchange("m", "n")])
    #expect(try await read(.text) == [DatasetRecord(content: .text("t"))])
    let kto = try await curate(
      ["a.jsonl": Data((line + "\n").utf8), "b.md": Data("x".utf8)], stages: [], reading: ReadingRules(formats: [.init(files: "*.jsonl", format: .dialect(.kto))]))
    #expect(kto.reason("a.jsonl", 1) == .noAnswer)
  }

  @Test("a person's word for a file stands above its name, inside archives too")
  func forcedKind() async throws {
    let rules = ReadingRules(formats: [.init(files: "*.log", format: .kind(.plainText)), .init(files: "*.zip", format: .kind(.jsonLines))])
    let zip = try packed([PackedMember("x.dat", #"{"text":"inside"}"#)], as: "zip")
    let result = try await curate(["a.log": Data("12:00 hello".utf8), "b.zip": zip, "c.dat": Data("no".utf8)], stages: [], reading: rules)
    #expect(try result.texts() == [Array("12:00 hello".utf8), Array("inside".utf8)])
    #expect(result.ledger.files.map(\.fate).contains(.unknownKind))
  }

  @Test("every text is normalised, measured and searched, and none that a program is to parse is respelled")
  func stages() async throws {
    let line = #"{"messages":[{"role":"user","content":" mail anna@example.org "},{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":" {\"to\":\"ben@example.org\"} "}}]},{"role":"tool","content":"sent to cy@example.org "},{"role":"assistant","content":"done"}],"tools":[{"description":"ask dan@example.org "}]}"#
    let stages: [CurationParameters.Stage] = [.repair, .pii(.redact, kinds: [.email]), .length(minimumInCharacters: 1, maximumInCharacters: 1_000)]
    let result = try await curate(["a.jsonl": Data(line.utf8)], stages: stages)
    guard case .toolUse(let conversation)? = try result.dataset.records().first?.content else { throw Absent() }
    #expect(conversation.turns.map(\.content) == ["mail [EMAIL]", "", "sent to [EMAIL]", "done"])
    #expect(conversation.turns[1].calls.map(\.arguments) == [#" {"to":"[EMAIL]"} "#])
    #expect(conversation.tools == [["description": "ask [EMAIL] "]])
    #expect(result.ledger.entries.first?.characters == "mail [EMAIL]sent to [EMAIL]done".count + #" {"to":"[EMAIL]"} "#.count)
  }

  @Test("in arguments each string is searched as it reads, and whole numbers are; what comes out is JSON where JSON went in, and the rest keeps its spelling", arguments: [
    (#"{"body":"phone\t212-555-0123"}"#, #"{"body":"phone\t[PHONE]"}"#), (#"{"body":"Regards,\nbob@example.com"}"#, #"{"body":"Regards,\n[EMAIL]"}"#),
    (#"{"to":"bob\u0040example.com", "é":1.50}"#, #"{"to":"[EMAIL]", "é":1.50}"#), (#"{"ip":"\r\n93.184.216.34\"\\"}"#, #"{"ip":"\r\n[IP]\"\\"}"#),
    (#"{"card": 4111111111111111}"#, #"{"card": "[CARD]"}"#), ("[4111111111111111,5,-4111111111111111,4111111111111111.5]", #"["[CARD]",5,-4111111111111111,4111111111111111.5]"#),
    (#"{"a@b.example":{"x":[true,null,"c@d.example"]},"n":18446744073709551616}"#, #"{"[EMAIL]":{"x":[true,null,"[EMAIL]"]},"n":18446744073709551616}"#),
    (#""a@b.example""#, #""[EMAIL]""#), (#"{"a":"x@y.example","a":1}"#, #"{"a":"[EMAIL]","a":1}"#), (#"{"x":"no\tone"}"#, #"{"x":"no\tone"}"#),
    // No JSON.
    (#"mail a@b.example \ now"#, #"mail [EMAIL] \ now"#), (#"{"to":"a@b.example""#, #"{"to":"[EMAIL]""#), ("", ""),
  ])
  func arguments(written: String, expected: String) async throws {
    let call: JSONValue = ["function": ["name": "f", "arguments": .string(written)]]
    let turns: JSONValue = [["role": "user", "content": "q"], ["role": "assistant", "content": "a", "tool_calls": [call]]]
    let line: JSONValue = ["messages": turns]
    let result = try await curate(["a.jsonl": line.canonical], stages: [.pii(.redact, kinds: Set(PersonalData.allCases))])
    guard case .toolUse(let conversation)? = try result.dataset.records().first?.content else { throw Absent() }
    let arguments = conversation.turns[1].calls.map(\.arguments)
    #expect(arguments == [expected])
    #expect(result.ledger.summary.changed == (written == expected ? 0 : 1))
    if (try? JSONValue(parsing: Data(written.utf8))) != nil { #expect(throws: Never.self) { try JSONValue(parsing: Data(arguments[0].utf8)) } }
  }

  @Test("a private key that arguments hold as a list of lines goes as a whole, and a note changes no spelling")
  func partedKey() async throws {
    let lines = ["-----BEGIN " + "PRIVATE KEY-----", String(repeating: "aB3xY7kL", count: 8), "-----END " + "PRIVATE KEY-----"]
    let written = JSONValue.array(lines.map { .string($0) }).canonicalText
    let call: JSONValue = ["function": ["name": "f", "arguments": .string(written)]]
    let card: JSONValue = ["function": ["name": "f", "arguments": "[ 4111111111111111 ]"]]
    let turns: JSONValue = [["role": "user", "content": "q"], ["role": "assistant", "content": "a", "tool_calls": [call, card]]]
    let line: JSONValue = ["messages": turns]
    let result = try await curate(["a.jsonl": line.canonical], stages: [.pii([.secret: .redact, .card: .tag])])
    guard case .toolUse(let conversation)? = try result.dataset.records().first?.content else { throw Absent() }
    #expect(conversation.turns[1].calls.map(\.arguments) == [#"["[SECRET]"]"#, "[ 4111111111111111 ]"])
    #expect(result.ledger.summary.personalData[.card] == LedgerSummary.Tally(records: 1, count: 1))
  }

  @Test("what is judged otherwise is not the same, and what is alike and judged alike is")
  func nearDuplicates() async throws {
    let long = (0..<60).map { "word\($0)" }.joined(separator: " ")
    func line(_ members: [String: JSONValue]) -> String { String(decoding: JSONValue.object(members).canonical, as: UTF8.self) }
    let lines = [
      line(["prompt": .string(long), "completion": .string("so: " + long + " a"), "label": true]), line(["prompt": .string(long), "completion": .string("so: " + long + " a"), "label": false]),
      line(["prompt": .string(long), "chosen": .string("so: " + long + " a"), "rejected": "no"]), line(["prompt": .string(long), "rejected": .string("so: " + long + " a"), "chosen": "no"]),
      line(["prompt": .string(long), "completion": .string("so: " + long + " a")]), line(["prompt": .string(long), "completion": .string("so: " + long + " a b"), "label": true]),
    ]
    let result = try await curate(["a.jsonl": Data(lines.joined(separator: "\n").utf8)], stages: [.near])
    #expect(result.dataset.count == 5)
    #expect(result.ledger.summary.merged == 1)
  }

  @Test("a rejected answer may be as bad as it is")
  func quality() async throws {
    let refusal = "I'm sorry, but as an AI language model, I cannot do that."
    let lines = [#"{"prompt":"q","chosen":"a","rejected":"\#(refusal)"}"#, #"{"prompt":"r","chosen":"\#(refusal)","rejected":"a"}"#]
    let result = try await curate(["a.jsonl": Data(lines.joined(separator: "\n").utf8)], stages: [.quality(.chat)])
    #expect(result.entry("a.jsonl", 1)?.fate == .kept)
    #expect(result.reason("a.jsonl", 2) == .refusals)
  }
}
