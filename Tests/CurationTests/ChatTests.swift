import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Chats")
struct ChatTests {
  private let anna = ReadingRules(speakers: ["Anna"])

  private func read(_ text: String, _ name: String, _ rules: ReadingRules) async throws -> Curation {
    try await curate([name: Data(text.utf8), "~.md": Data("kept".utf8)], stages: [], reading: rules)
  }

  private func conversations(_ curation: Curation) throws -> [[String]] {
    var found: [(line: Int, texts: [String])] = []
    for entry in curation.ledger.entries where entry.fate == .kept && entry.source.place.file != "~.md" {
      let records = try curation.dataset.records()
      guard let record = records.first(where: { $0.id == entry.id }), case .messages(let messages) = record.content else { continue }
      found.append((entry.source.place.line, messages.map { "\($0.role.rawValue): \($0.content)" }))
    }
    return found.sorted { $0.line < $1.line }.map(\.texts)
  }

  @Test(
    "WhatsApp's lines are read in the fashions of many lands",
    arguments: [
      ("12/03/2024, 10:15 - Ben: Hi\n12/03/2024, 10:16 - Anna: yes", ""), ("[12.03.24, 10:15:32] Ben: Hi\r\n[12.03.24, 10:16:00] Anna: yes\r\n", ""),
      ("3/12/24, 10:15\u{202f}PM - Ben: Hi\n3/12/24, 10:16\u{202f}PM - Anna: yes", ""), ("12.03.24, 10:15 - Ben: Hi\n12.03.24, 10:16 - Anna: yes", ""),
      ("\u{200e}[2024-03-12, 10:15:32 AM] Ben: Hi\n[2024-03-12, 10:16:32 AM] ~\u{202f}Anna: yes", ""), ("12/3/24 10:15 p. m. - Ben: Hi\n12/3/24 10:16 p. m. - Anna: yes", ""),
      ("2024/3/12 上午10:15 - Ben: Hi\n2024/3/12 上午10:16 - Anna: yes", ""), ("2024. 3. 12. 오후 10:15 - Ben: Hi\n2024. 3. 12. 오후 10:16 - Anna: yes", ""),
      ("١٢/٣/٢٠٢٤، ١٠:١٥ م - Ben: Hi\n١٢/٣/٢٠٢٤، ١٠:١٦ م - Anna: yes", ""), ("12/03/2024 à 10:15 - Ben: Hi\n12/03/2024 à 10:16 - Anna: yes", ""),
      ("12-03-2024 10:15 - Ben: Hi\n12-03-2024 10:16 - Anna: yes", ""), ("12.3.2024 klo 10.15 - Ben: Hi\n12.3.2024 klo 10.16 - Anna: yes", ""),
      ("\u{feff}12/03/2024, 10:15 - Ben: Hi\n12/03/2024, 10:16 - ANNA: yes", ""),
    ])
  func whatsApp(text: String, _: String) async throws {
    let result = try await read(text, "chat.txt", anna)
    #expect(try conversations(result) == [["user: Hi", "assistant: yes"]])
    #expect(result.ledger.files.first?.fate == .read(.whatsApp, records: 1))
  }

  @Test("lines go on, notices and pictures are left out and counted, and what is edited is what was meant")
  func whatsAppMessages() async throws {
    let text = """
      12/03/2024, 10:14 - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.
      12/03/2024, 10:15 - Ben: Hi
      there

      you: two
      12/03/2024, 10:15 - Cy: <Media omitted>
      12/03/2024, 10:16 - Anna: IMG-1.jpg (file attached)
      look
      12/03/2024, 10:16 - Anna: well \u{200e}<This message was edited>
      12/03/2024, 10:17 - Ben: This message was deleted
      12/03/2024, 10:18 - Anna: null
      12/03/2024, 10:19 - Anna: bye
      12/03/2024, 10:20 - Ben: unanswered
      """
    let result = try await read(text, "chat.txt", anna)
    #expect(try conversations(result) == [["user: Hi\nthere\n\nyou: two", "assistant: look\nwell\nbye"]])
    let entry = try #require(result.entry("chat.txt", 1))
    #expect(entry.source.byteRange == 0..<text.utf8.count)
    let counts = Dictionary(uniqueKeysWithValues: entry.passages[0].changes.map { ($0.kind, $0.count) })
    #expect(counts == [.serviceMessages: 1, .messagesWithoutText: 2, .deletedMessages: 1, .unansweredMessages: 1])
  }

  @Test("a long pause parts conversations, and a long talk is parted before the next question; all share a key")
  func cuts() async throws {
    let text = """
      13/03/2024, 09:00 - Ben: one
      13/03/2024, 09:01 - Anna: two
      13/03/2024, 15:02 - Ben: three
      13/03/2024, 15:03 - Anna: \(String(repeating: "x", count: 4_000))
      13/03/2024, 15:04 - Anna: more
      13/03/2024, 15:05 - Ben: four
      13/03/2024, 15:06 - Anna: five
      13/03/2024, 23:06 - Anna: alone
      """
    let result = try await read(text, "chat.txt", anna)
    #expect(try conversations(result).map(\.first) == ["user: one", "user: three", "user: four"])
    #expect(result.reason("chat.txt", 8) == .nobodyIsAnswered)
    #expect(Set(result.dataset.rows.compactMap(\.conversation)).count == 2)  // The chat's, and the letter's.
    let patient = try await read(text, "chat.txt", ReadingRules(speakers: ["Anna"], pauseInSeconds: 7 * 3_600))
    #expect(try conversations(patient).map(\.first) == ["user: one", "user: four"])
    let key = result.dataset.rows.compactMap(\.conversation)
    let later = try await read(text + "\n14/03/2024, 09:00 - Ben: and\n14/03/2024, 09:00 - Anna: so", "other.txt", anna)
    #expect(Set(later.dataset.rows.compactMap(\.conversation)) == Set(key))
  }

  @Test("which number of a date is the day is told by the file as a whole")
  func dates() async throws {
    // As days first these are months apart; as months first, minutes.
    let american = (1...12).map { "3/\($0)/24, 10:00 - Ben: q\($0)\n3/\($0)/24, 10:05 - Anna: a\($0)" }.joined(separator: "\n")
    #expect(try conversations(try await read(american, "chat.txt", ReadingRules(speakers: ["Anna"], pauseInSeconds: 2 * 86_400))).count == 1)
    let european = american.replacing(#/3/(\d+)/24/#) { "\($0.1)/3/24" }
    #expect(try conversations(try await read(european, "chat.txt", ReadingRules(speakers: ["Anna"], pauseInSeconds: 2 * 86_400))).count == 1)
  }

  @Test("without a speaker, the error says who speaks and how often, and what to do")
  func speakerNeeded() async throws {
    let text = "12/03/2024, 10:15 - Ben: Hi\n12/03/2024, 10:16 - Anna: yes\n12/03/2024, 10:17 - Ben: well"
    let error = await #expect(throws: CurationError.self) { try await read(text, "chat.txt", .standard) }
    #expect(error?.message == #"chat.txt: a chat, and nobody said who the Soul is in it; messages by "Ben" 2, "Anna" 1"#)
    #expect(error?.hint?.contains("--speaker Ben") == true)
    let absent = try await read(text, "chat.txt", ReadingRules(speakers: ["Dora"]))
    #expect(absent.reason("chat.txt", 1) == .speakerIsNotThere)
    let prose = try await read(text, "chat.txt", ReadingRules(formats: [.init(format: .kind(.plainText))]))
    #expect(try prose.texts() == [Array(text.utf8), Array("kept".utf8)])
  }

  @Test("names stand before what others say where that is asked for")
  func names() async throws {
    let text = "12/03/2024, 10:15 - Ben: Hi\n12/03/2024, 10:15 - +49 151 1234: you\n12/03/2024, 10:16 - Anna: yes"
    let result = try await read(text, "chat.txt", ReadingRules(speakers: ["Anna"], namesOthers: true))
    #expect(try conversations(result) == [["user: Ben: Hi\n+49 151 1234: you", "assistant: yes"]])
  }

  @Test("a text that only begins like a chat is prose", arguments: ["12/03/2024, 10:15 - Ben: Hi", "Dear Ben,\n12/03/2024, 10:15 - x: y\n12/03/2024, 10:16 - x: y", "2024-03-12 notes\n\n2024-03-13 more"])
  func noChat(text: String) async throws {
    #expect(try await read(text, "a.txt", .standard).ledger.files.first?.fate == .read(.plainText, records: 1))
  }

  private static func message(_ number: Int, _ from: String, _ text: String, _ more: String = "") -> String {
    #"{"id":\#(number),"type":"message","date":"2023-01-31T09:0\#(number):00","date_unixtime":"\#(1_675_155_600 + 60 * number)","from":\#(from),"from_id":"user\#(from.count)","text":\#(text)\#(more)}"#
  }

  private static let chat =
    #"{"name":"Ben","type":"personal_chat","id":42,"messages":["#
    + [
      #"{"id":1,"type":"service","date":"2023-01-31T09:01:00","actor":"Ben","action":"phone_call","text":""}"#,
      message(2, #""Ben""#, #""Hi""#), message(3, #""Anna""#, #"["see ",{"type":"link","text":"https://x.org"}," there"]"#, #","reply_to_message_id":2"#),
      message(4, #""Anna""#, #""not mine""#, #","forwarded_from":null"#), message(5, #""Anna""#, #""""#, #","photo":"p.jpg""#),
      message(6, "null", #""gone""#), message(7, #""Ben""#, #""passed on""#, #","forwarded_from":"Cy""#), message(8, #""Anna""#, #""bye""#),
    ].joined(separator: ",\n") + "]}"

  @Test("a chat of Telegram is read: entities, replies, what is forwarded, accounts that are gone", arguments: ["Anna", "user6"])
  func telegram(speaker: String) async throws {
    let result = try await read(Self.chat, "result.json", ReadingRules(speakers: [speaker]))
    #expect(try conversations(result) == [["user: Hi", "assistant: see https://x.org there", "user: gone\npassed on", "assistant: bye"]])
    let entry = try #require(result.entry("result.json", 1))
    let counts = Dictionary(uniqueKeysWithValues: entry.passages[0].changes.map { ($0.kind, $0.count) })
    #expect(counts == [.serviceMessages: 1, .messagesWithoutText: 1, .forwardedMessages: 1])
    #expect(result.ledger.files.first?.fate == .read(.telegram, records: 1))
    #expect(try LedgerQuery(result.ledger.bytes).why(file: "result.json", line: 5).entry == entry)
  }

  @Test("all chats of Telegram are read, each under its own key, and a broken message parts a talk and stops nothing")
  func telegramAll() async throws {
    let other = #"{"name":"G","type":"private_group","id":7,"messages":[\#(Self.message(1, #""Ben""#, #""a""#)),\#(Self.message(2, #""Anna""#, #""b""#)),7,{"type":"message","text":8},\#(Self.message(3, #""Ben""#, #""c""#)),\#(Self.message(4, #""Anna""#, #""d""#))]}"#
    let text = #"{"about":"x","contacts":{"list":[]},"chats":{"about":"y","list":[\#(Self.chat),\#(other),{"name":"broken"}]},"left_chats":{"list":[]}}"#
    let result = try await read(text, "result.json", anna)
    #expect(try conversations(result).count == 3)
    #expect(Set(result.dataset.rows.compactMap(\.conversation)).count == 3)  // Two chats, and the letter.
    #expect(result.reason("result.json", 11) == .notAnObject)
    #expect(result.reason("result.json", 12) == .textNotAString)
    #expect(result.reason("result.json", 15) == .invalidJSON)
    let first = try #require(result.entry("result.json", 9)?.source.byteRange)
    #expect(String(decoding: Data(text.utf8)[first], as: UTF8.self).hasPrefix(#"{"id":1"#))
  }

  @Test("messages of OpenAI's format are no chat of Telegram", arguments: [goodLine, #"{"type":"personal_chat","text":"x"}"#])
  func noTelegram(text: String) async throws {
    #expect(try await read(text, "a.json", .standard).ledger.files.first?.fate == .read(.json, records: 1))
  }

  @Test("what is named a chat and is none is one dropped record", arguments: [("a.json", FileKind.telegram, DropReason.invalidJSON), ("a.txt", .whatsApp, .notAMessage)])
  func forced(name: String, kind: FileKind, reason: DropReason) async throws {
    let rules = ReadingRules(formats: [.init(files: name, format: .kind(kind))], speakers: ["Anna"])
    #expect(try await read("nothing of the kind", name, rules).reason(name, 1) == reason)
    #expect(try await read("", name, rules).ledger.files.first?.fate == .read(kind, records: 0))
  }

  @Test("what is said about files is a part of the parameters, and comes back from the ledger")
  func parameters() async throws {
    let rules = ReadingRules(
      formats: [.init(files: "*.txt", format: .kind(.whatsApp)), .init(format: .dialect(.shareGPT))], columns: ["question", "answer"], speakers: ["Anna", "user1"],
      pauseInSeconds: 60, namesOthers: true)
    let parameters = CurationParameters(stages: [], reading: rules)
    let result = try await curate(["a.md": Data("x".utf8)], stages: [], reading: rules)
    #expect(try Ledger(parsing: result.ledger.bytes).parameters == parameters)
    for wrong in [#"{"stages":[],"reading":{"formats":[{"is":"word"}]}}"#, #"{"stages":[],"reading":{"speakers":[7]}}"#, #"{"stages":[],"reading":{"chat":{"pause-seconds":0}}}"#] {
      #expect(throws: ParameterError.self) { try CurationParameters(try JSONValue(parsing: Data(wrong.utf8))) }
    }
  }
}
