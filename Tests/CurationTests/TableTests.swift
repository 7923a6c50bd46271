import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Tables")
struct TableTests {
  private func records(_ text: String, _ name: String = "a.csv") async throws -> [DatasetRecord] {
    try await curate([name: text], stages: []).dataset.records().sorted { $0.id < $1.id }
  }

  private func expected(_ records: DatasetRecord...) -> [DatasetRecord] { records.sorted { $0.id < $1.id } }

  @Test(
    "columns are known by the names that people give them",
    arguments: [
      ("question,answer\nq,a", exchange("q", "a")), (" Question ; ANSWER \nq;a", exchange("q", "a")), ("id\tprompt\tresponse\n7\tq\ta", exchange("q", "a")),
      ("prompt,completion\nq,a", exchange("q", "a")), ("instruction,input,output\nq,,a", exchange("q", "a")), ("input,instruction,output\ni,q,a", exchange("q\n\ni", "a")),
      ("user,assistant,system\nq,a,s", exchange("q", "a", system: "s")), ("answer,question,conversation\na,q,c", exchange("q", "a", conversation: "c")),
      ("input,output\nq,a", exchange("q", "a")), ("text,conversation\nt,", DatasetRecord(content: .text("t"))), ("text\nt\n\n", DatasetRecord(content: .text("t"))),
      ("sep=|\r\nquestion|answer\r\nq|a\r\n", exchange("q", "a")), ("\u{feff}question,answer\nq,a\n", exchange("q", "a")),
      ("\u{feff}\"question\",\"answer\"\rq,a\r", exchange("q", "a")), ("\n\nquestion,answer\nq,a", exchange("q", "a")),
    ])
  func columns(text: String, record: DatasetRecord) async throws {
    #expect(try await records(text) == [record])
  }

  @Test("quotes hold separators, line ends and quotes, and spaces around them are left aside")
  func quotes() async throws {
    let text = "question,answer\r\n\"a, b\",\"say \"\"yes\"\"\"\r\n\"two\r\nlines\" , \"x\" \r\n5\" disk,\"\"\"\"\r\n\"\",y\r\n"
    let result = try await curate(["a.csv": Data((text + "last,one").utf8)], stages: [])
    let kept = try result.dataset.records().sorted { $0.id < $1.id }
    #expect(kept == expected(exchange("a, b", "say \"yes\""), exchange("two\r\nlines", "x"), exchange("5\" disk", "\""), exchange("last", "one")))
    #expect(result.ledger.entries.map(\.source.place.line) == [2, 3, 5, 6, 7])
    #expect(result.reason("a.csv", 6) == .emptyTurn)
    let query = try LedgerQuery(result.ledger.bytes)
    #expect(try query.why(file: "a.csv", line: 4).entry == result.entry("a.csv", 3))
    #expect(throws: LedgerQueryError.self) { try query.why(file: "a.csv", line: 1) }
  }

  @Test("two quotes stand for one, whatever mark, joiner or line end comes after them", arguments: ["\u{301}", "\u{200C}", "\u{200D}\u{1F9D1}", "\u{FE0F}", "\r\n", "\u{1F3FB}"])
  func quoteAndMark(mark: String) async throws {
    let read = try #require(try await records("text\n\"a \"\"\(mark)b\"\"\"\"\(mark)\"\n").first)
    guard case .text(let text) = read.content else { throw Absent() }
    #expect(Array(text.utf8) == Array("a \"\(mark)b\"\"\(mark)".utf8))
  }

  @Test("a bad row is dropped with its line and reason, and the rows around it are kept")
  func badRows() async throws {
    let rows = ["q1,a1", "q2", "q3,a3,more", "\"q4\" x,a4", ",", "q6,a6", "q7,\"never closed", "q8,a8"]
    let result = try await curate(["a.csv": Data(("question,answer\n" + rows.joined(separator: "\n")).utf8)], stages: [])
    #expect(result.entry("a.csv", 3)?.fate == .dropped(Drop(stage: .read, reason: .raggedRow, measured: 1, threshold: 2)))
    #expect(result.entry("a.csv", 4)?.fate == .dropped(Drop(stage: .read, reason: .raggedRow, measured: 3, threshold: 2)))
    #expect(result.reason("a.csv", 5) == .textAfterQuote)
    #expect(result.reason("a.csv", 6) == .emptyTurn)
    #expect(result.reason("a.csv", 8) == .unclosedQuote)
    #expect(result.dataset.count == 3)
    #expect(result.ledger.summary.recordsRead == 8)
  }

  @Test("a table whose first row does not say what is what is one dropped record", arguments: [
    ("a,b\nc,d", .noKnownColumn), ("what is it?,a lamp\nq,a", .noKnownColumn), ("question,note\nq,n", .noAnswer), ("question,answer,answer\nq,a,b", .duplicateKey),
    ("\"question,answer\nq,a", .unclosedQuote), ("question,\"answer\"x\nq,a", .textAfterQuote),
  ] as [(String, DropReason)])
  func header(text: String, reason: DropReason) async throws {
    let result = try await curate(["a.csv": text, "b.md": "x"])
    #expect(result.reason("a.csv", 1) == reason)
    #expect(result.entry("a.csv", 1)?.source.byteRange == 0..<text.utf8.count)
    #expect(result.ledger.files.first?.fate == .read(.commaSeparated, records: 1))
  }

  @Test("an empty table, or one of a header alone, holds no record", arguments: ["", "\n\n", "\u{feff}", "question,answer", "question,answer\r\n", "sep=;\n"])
  func empty(text: String) async throws {
    let result = try await curate(["a.csv": text, "b.md": "x"])
    #expect(result.ledger.files.first?.fate == .read(.commaSeparated, records: 0))
  }

  @Test("bytes that are not UTF-8 drop their row, or the table where they are in its first")
  func encoding() async throws {
    let row = Data("question,answer\nq,".utf8) + [0xE9] + Data("\nq,a\n".utf8)
    let result = try await curate(["a.csv": row, "b.csv": Data([0xFF, 0xFE]) + Data("q\u{0}".utf8)], stages: [])
    #expect(result.reason("a.csv", 2) == .invalidUTF8)
    #expect(result.entry("a.csv", 3)?.fate == .kept)
    #expect(result.reason("b.csv", 1) == .noKnownColumn)  // That is UTF-16, of one letter.
  }

  @Test("a row of a million columns is a ragged row, and a first row of a million is read")
  func wide() async throws {
    let wide = String(repeating: "x,", count: 999_999) + "x"
    let result = try await curate(["a.csv": Data("question,answer\n\(wide)\nq,a".utf8), "b.csv": Data(("question,answer," + wide + "\nq,a").utf8)], stages: [])
    #expect(result.entry("a.csv", 2)?.fate == .dropped(Drop(stage: .read, reason: .raggedRow, measured: 1_000_000, threshold: 2)))
    #expect(result.entry("b.csv", 2)?.fate == .dropped(Drop(stage: .read, reason: .raggedRow, measured: 2, threshold: 1_000_002)))
    #expect(result.dataset.count == 1)
  }

  @Test("a row over 16 MiB is dropped with its size, and so is a quote that is not closed within that")
  func long() async throws {
    let limit = 16 << 20
    let text = "question,answer\nq,\(String(repeating: "x", count: limit))\n\"\(String(repeating: "y", count: limit))\nq,a\n\"late\",a"
    let result = try await curate(["a.csv": Data(text.utf8)], stages: [])
    #expect(result.entry("a.csv", 2)?.fate == .dropped(Drop(stage: .read, reason: .lineTooLong, measured: Double(limit + 2), threshold: Double(limit))))
    #expect(result.reason("a.csv", 3) == .unclosedQuote)
    #expect(result.dataset.count == 2)
  }

  @Test("UTF-16 is known by its mark and read, and places are those of the file's own bytes", arguments: [true, false])
  func unicodeText(isLittle: Bool) async throws {
    let text = "question;answer\r\nwhat is é?;\u{1F600} smile\r\nq;a"
    let data = Data(isLittle ? [0xFF, 0xFE] : [0xFE, 0xFF]) + (try #require(text.data(using: isLittle ? .utf16LittleEndian : .utf16BigEndian)))
    let result = try await curate(["a.csv": data], stages: [])
    #expect(Set(try result.dataset.records()) == [exchange("what is é?", "\u{1F600} smile"), exchange("q", "a")])
    let second = try #require(result.entry("a.csv", 3)?.source.byteRange)
    #expect(String(data: data[second], encoding: isLittle ? .utf16LittleEndian : .utf16BigEndian) == "q;a")
    let odd = try await curate(["a.csv": data + [0x41], "b.md": Data("x".utf8)], stages: [])
    #expect(odd.reason("a.csv", 1) == .invalidUTF16)
  }

  @Test("quotes with backslashes before them are escapes where that makes fewer faults, and are not where it does not")
  func escapes() async throws {
    let escaped = #"""
      question,answer
      "say \"no\", then","c:\\dir"
      "x \" y",b
      """#
    #expect(try await records(escaped) == expected(exchange(#"say "no", then"#, #"c:\dir"#), exchange(#"x " y"#, "b")))
    #expect(try await records("question,answer\n\"ends in \\\",a\n") == [exchange("ends in \\", "a")])
  }

  @Test("separators at the end of rows are no cells, and a cell too many is one")
  func trailingSeparators() async throws {
    let result = try await curate(["a.csv": "question,answer\nq1,a1,\nq2,a2,,,\nq3,a3,x\n"], stages: [])
    #expect(Set(try result.dataset.records()) == [exchange("q1", "a1"), exchange("q2", "a2")])
    #expect(result.reason("a.csv", 4) == .raggedRow)
  }

  @Test("a table without a row of names is read by the names that are given")
  func columns() async throws {
    let rules = ReadingRules(columns: ["id", "question", "answer"])
    let result = try await curate(["a.csv": Data("1;q1;a1\n2;q2;a2\n".utf8), "b.csv": Data("q,a\n".utf8)], stages: [], reading: rules)
    #expect(Set(try result.dataset.records()) == [exchange("q1", "a1"), exchange("q2", "a2")])
    #expect(result.ledger.entries.filter { $0.source.place.file == "a.csv" }.map(\.source.place.line) == [1, 2])
    #expect(result.reason("b.csv", 1) == .raggedRow)
  }

  @Test("pairs and labels are read from columns")
  func judged() async throws {
    let prompt = [Message(role: .user, content: "q")]
    func answer(_ text: String) -> [Message] { [Message(role: .assistant, content: text)] }
    #expect(
      try await records("prompt,chosen,rejected\nq,a,b") == [
        DatasetRecord(content: .preference(Preference(prompt: prompt, chosen: answer("a"), rejected: answer("b"))))
      ])
    #expect(
      try await records("prompt,completion,label\nq,a,True\nq,b,FALSE")
        == expected(
          DatasetRecord(content: .judged(JudgedAnswer(prompt: prompt, completion: answer("a"), isGood: true))),
          DatasetRecord(content: .judged(JudgedAnswer(prompt: prompt, completion: answer("b"), isGood: false)))))
    #expect(
      try await records("prompt,chosen,rejected\nq,q: a,b") == [
        DatasetRecord(content: .preference(Preference(prompt: prompt, chosen: answer(": a"), rejected: answer("b"))))
      ])
    #expect(try await records("prompt,completion,label\nq,a,joke") == [exchange("q", "a")])
  }

  @Test("what was written by the rules is read as it was meant", arguments: 1...10 as ClosedRange<UInt64>, [",", ";", "\t"])
  func roundTrip(seed: UInt64, separator: String) async throws {
    var random = Seeded(seed)
    var rows = ["question\(separator)answer"]
    var meant: Set<DatasetRecord> = []
    for number in 0..<60 {
      let cells = (0..<2).map { _ in "\(number)" + (0..<random.below(8)).map { _ in random.pick(["a", "\"", ",", ";", "\t", "\n", "\r\n", " ", "é"]) }.joined() }
      meant.insert(exchange(cells[0], cells[1]))
      rows.append(cells.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: separator))
    }
    let text = rows.joined(separator: random.pick(["\n", "\r\n"]))
    let read = try await curate([separator == "\t" ? "a.tsv" : "a.csv": Data(text.utf8)], stages: []).dataset.records()
    #expect(Set(read) == meant)
  }

  @Test("changed bytes lose records at worst", arguments: 1...4 as ClosedRange<UInt64>)
  func fuzz(seed: UInt64) async throws {
    var random = Seeded(seed)
    let table = Data(("question,answer\r\n" + (0..<30).map { "\"q \($0)\",\"a\r\n\"\"\($0)\"\"\"" }.joined(separator: "\r\n")).utf8)
    let document = Data(("[" + (0..<30).map { textLine("\($0)") }.joined(separator: ",") + "]").utf8)
    for _ in 0..<200 {
      var files = ["a.csv": table, "a.json": document, "ok.md": Data("x".utf8)]
      for name in ["a.csv", "a.json"] {
        for _ in 0...random.below(3) { files[name]?[random.below(300)] = random.pick(Array("\",\n\r;{}[]\\: x".utf8) + [0xFF]) }
      }
      let summary = try await curate(files, chunkByteCount: 64).ledger.summary
      #expect(summary.kept >= 1)
    }
  }
}
