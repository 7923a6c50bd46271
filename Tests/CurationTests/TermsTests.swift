import Artifacts
import Curation
import Foundation
import Hashing
import Licensing
import Testing

@Suite("Licence and consent of records")
struct TermsTests {
  private static let book = LicenseBook(declared: [
    License(declared: "LicenseRef-consent-ada", train: true, commercial: true, redistribute: .weights, sameTerms: false, attribution: false),
    License(declared: "LicenseRef-consent-eve", train: false, commercial: true, redistribute: .weights, sameTerms: false, attribution: false),
  ])

  private static func rule(_ license: String?) throws -> TermsRule {
    let use = DeclaredUse(commercial: true, redistribute: .weights, weightsAreAdaptations: true, soul: try book.expression("CC-BY-4.0"))
    return TermsRule(standard: try license.map { try book.expression($0).choices[0] }, book: book, use: use)
  }

  private static func curated(
    _ files: [String: String], _ license: String?, stages: [CurationParameters.Stage] = standardStages, isJudged: Bool = true
  ) async throws -> Curation {
    let contents = files.mapValues { Data($0.utf8) }
    let snapshot = Snapshot(entries: contents.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    let parameters = CurationParameters(stages: stages, terms: isJudged ? try rule(license) : nil)
    return try await Curator(parameters: parameters).curate(snapshot) { entry in contents[entry.path] ?? Data() }
  }

  private static func line(_ text: String, _ members: String = "") -> String { #"{"text":"\#(text)"\#(members.isEmpty ? "" : "," + members)}"# }

  private static func lines(_ members: [String]) -> String {
    (["\"license\":\"CC0-1.0\""] + members).enumerated().map { line("record \($0.offset)", $0.element) }.joined(separator: "\n")
  }

  @Test(
    "what a record states counts before the dataset's, and what nobody knows is not allowed",
    arguments: [
      (#""license":"MIT""#, "MIT", nil), (#""license":"mit""#, "MIT", nil), (#""license":"MIT OR GPL-2.0-only""#, "MIT", nil), (#""license":null"#, nil, nil),
      (#""license":"""#, nil, nil), (#""license":"CC-BY-4.0""#, nil, nil), (#""consent":"ada""#, "LicenseRef-consent-ada", nil),
      (#""license":"MIT","consent":"ada""#, "LicenseRef-consent-ada AND MIT", nil), (#""license":"Public domain""#, nil, DropReason.unknownLicense),
      (#""license":"NOASSERTION""#, nil, .unknownLicense), (#""license":["MIT"]"#, nil, .unknownLicense), (#""license":"MIT","license":"MIT""#, nil, .unknownLicense),
      (#""consent":"bob""#, nil, .unknownLicense), (#""consent":"ada) OR MIT""#, nil, .unknownLicense), (#""license":"CC-BY-NC-4.0""#, nil, .licenseForbidsUse),
      (#""license":"CC-BY-SA-4.0""#, nil, .licenseForbidsUse), (#""license":"MIT","consent":"eve""#, nil, .licenseForbidsUse),
    ] as [(String, String?, DropReason?)])
  func stated(members: String, license: String?, reason: DropReason?) async throws {
    let result = try await Self.curated(["a.jsonl": Self.lines([members])], "CC-BY-4.0")
    #expect(result.reason("a.jsonl", 2) == reason)
    let kept = try result.dataset.records().first { $0.content == .text("record 1") }
    #expect((kept == nil) == (reason != nil) && kept?.license == license)
    if reason != nil, case .dropped(let drop) = result.entry("a.jsonl", 2)?.fate { #expect(drop.stage == .terms) }
  }

  @Test("where each record has to say, one that says nothing is dropped, and the story of each tells")
  func perRecord() async throws {
    let result = try await Self.curated(["a.jsonl": Self.lines(["", #""license":"MIT""#])], nil)
    #expect(result.reason("a.jsonl", 2) == .unknownLicense)
    #expect(try Set(result.dataset.records().map(\.license)) == ["CC0-1.0", "MIT"])
    let step = try LedgerQuery(result.ledger.bytes).why(file: "a.jsonl", line: 2).steps[1]
    #expect(step.stage == .terms && step.outcome == .dropped(.unknownLicense, threshold: nil))
    #expect(try Ledger(parsing: result.ledger.bytes).parameters == result.ledger.parameters)
    let forbidden = try await Self.curated(["a.jsonl": Self.lines([#""license":"MIT AND CC-BY-NC-4.0""#])], nil)
    let detail = try LedgerQuery(forbidden.ledger.bytes).why(file: "a.jsonl", line: 2).steps[1].detail
    #expect(detail?.member.name == "forbidden" && detail?.member.value == ["clause": "no commercial use", "license": "CC-BY-NC-4.0"])
  }

  @Test("tables and front matter state terms too")
  func formats() async throws {
    let files = [
      "a.csv": "text,license,consent\none,MIT,\ntwo,,ada\nthree,,\nfour,x,\n", "b.md": "---\ntitle: b\nlicense: \"CC0-1.0\"\n---\nfive\n", "c.md": "---\nlicense: [MIT]\n---\nsix\n",
      "d.md": "license: x\n\nseven\n", "e.json": #"[{"prompt":"eight","completion":"8","license":"ISC"}]"#,
    ]
    let result = try await Self.curated(files, "CC-BY-4.0")
    let found = Dictionary(uniqueKeysWithValues: try result.dataset.records().map { ($0.firstWords, $0.license ?? "-") })
    #expect(found == ["one": "MIT", "two": "LicenseRef-consent-ada", "three": "-", "five": "CC0-1.0", "license: x\n\nseven": "-", "eight": "ISC"])
    #expect(result.reason("a.csv", 5) == .unknownLicense && result.reason("c.md", 4) == .unknownLicense)
  }

  @Test("a merged record has the terms of all, whichever file comes first; exactly and nearly")
  func merged() async throws {
    let words = "the lamp is trimmed at dusk and the glass is wiped before the first ship passes the point of the long grey head"
    let stated = ["", #""license":"MIT""#, #""license":"ISC""#, #""license":"MIT""#]
    for (stages, endings) in [(standardStages, ["", "", "", ""]), ([.repair, .near], ["", " a", " b", " c"])] {
      var datasets: Set<Data> = []
      for shift in 0..<4 {
        let lines = (0..<4).map { Self.line(words + endings[($0 + shift) % 4], stated[($0 + shift) % 4]) }
        let result = try await Self.curated(["a.jsonl": lines.joined(separator: "\n")], "CC-BY-4.0", stages: stages)
        #expect(try result.dataset.records().map(\.license) == ["CC-BY-4.0 AND ISC AND MIT"])
        #expect(result.ledger.entries.contains { $0.fate == .kept && $0.passages.contains { $0.changes.contains(Change(kind: .terms, count: 1)) } })
        datasets.insert(result.dataset.bytes)
      }
      #expect(datasets.count == 1)
    }
    // Without permission it is not merged into what has it.
    let result = try await Self.curated(["a.jsonl": Self.line(words) + "\n" + Self.line(words, #""license":"CC-BY-NC-4.0""#)], "CC-BY-4.0")
    #expect(result.reason("a.jsonl", 2) == .licenseForbidsUse)
    #expect(try result.dataset.records().map(\.license) == [nil])
  }

  @Test("what was merged exactly gives its terms on when its keeper is merged nearly, however the work is cut, and every record is accounted for")
  func chained() async throws {
    let words = "the lamp is trimmed at dusk and the glass is wiped before the first ship passes the point of the long grey head"
    let stated = [#""license":"MIT""#, "", #""license":"ISC""#, #""license":"0BSD""#, #""license":"CC-BY-NC-4.0""#, #""license":"who knows""#]
    // Each text twice, under other terms each time; and records that are compared with nothing.
    let texts = (0..<12).map { words + ["", " a", " b"][$0 % 3] }
    let lines = texts.enumerated().map { Self.line($0.element, stated[$0.offset % stated.count]) } + (0..<400).map { Self.line("alone \($0)", #""license":"MIT""#) }
    let files = ["a.jsonl": lines[..<5].joined(separator: "\n"), "b.jsonl": lines[5...].joined(separator: "\n")].mapValues { Data($0.utf8) }
    let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    let parameters = CurationParameters(stages: [.repair, .near], terms: try Self.rule("CC-BY-4.0"))
    var results: Set<[Data]> = []
    for (concurrency, partByteCount) in [(1, 1 << 20), (2, 256), (3, 1_024), (4, 1)] {
      let result = try await Curator(parameters: parameters, concurrency: concurrency, partByteCount: partByteCount).curate(snapshot) { files[$0.path] ?? Data() }
      let kept = try result.dataset.records().filter { if case .text(let text) = $0.content { text.hasPrefix(words) } else { false } }
      #expect(kept.map(\.license) == ["0BSD AND CC-BY-4.0 AND ISC AND MIT"])
      let summary = result.ledger.summary
      #expect(summary.recordsRead == 412 && summary.recordsRead == summary.kept + summary.droppedCount + summary.merged)
      #expect(summary.kept == 401 && summary.droppedCount == 4)
      results.insert([result.dataset.bytes, result.ledger.bytes])
    }
    #expect(results.count == 1)
  }

  @Test("terms are no part of the id, stand in the line, and are read back")
  func line() async throws {
    let result = try await Self.curated(["a.jsonl": Self.line("x", #""license":"MIT""#)], "CC-BY-4.0")
    #expect(String(decoding: result.dataset.bytes, as: UTF8.self) == #"{"license":"MIT","text":"x"}"# + "\n")
    let plain = try await Self.curated(["a.jsonl": Self.line("x")], "CC-BY-4.0")
    #expect(result.dataset.root == plain.dataset.root)
    #expect(try CuratedDataset(parsing: result.dataset.bytes).bytes == result.dataset.bytes)
    let record = try #require(try result.dataset.records().first)
    #expect(DatasetRecord(line: record.canonicalLine) == record)
  }

  @Test("terms stay with a record of any kind that a later stage changes, beside its conversation key, and no id needs them")
  func laterStages() async throws {
    let lines = [
      #"{"text":"write to ada@example.org about the lamp","license":"MIT","conversation":"c"}"#,
      #"{"prompt":"q  ","chosen":"a","rejected":"b","license":"ISC","conversation":"d"}"#,
      #"{"prompt":"q","completion":"mail eve@example.org","label":true,"consent":"ada"}"#,
      #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}],"license":"MIT","conversation":"e"}"#,
      #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"license":"MIT"}"#,
    ]
    let contents = Data(lines.joined(separator: "\n").utf8)
    let entry = Snapshot.Entry(path: "a.jsonl", byteCount: Int64(contents.count), digest: Digest(hashing: contents))
    for stages in [[.repair, .exact, .pii(.redact, kinds: [.email])], [.pii(.redact, kinds: [.email]), .exact]] as [[CurationParameters.Stage]] {
      let parameters = CurationParameters(stages: stages, terms: try Self.rule("CC-BY-4.0"))
      let dataset = try await Curator(parameters: parameters).curateInMemory(Snapshot(entries: [entry])) { _ in contents }.dataset
      let whole = try dataset.whole()
      let found = try whole.records().map { "\($0.conversation ?? "-") \($0.license ?? "-")" }.sorted()
      #expect(found == ["- LicenseRef-consent-ada", "- MIT", "c MIT", "d ISC", "e MIT"])
      #expect(!String(decoding: whole.bytes, as: UTF8.self).contains("@example.org"))
      let identities = try dataset.shards.flatMap { try dataset.identities(of: $0) }
      #expect(identities.map(\.id) == whole.rows.map(\.id) && identities.map(\.conversation) == whole.rows.map(\.conversation))
    }
  }

  @Test("without a rule nothing is judged, and nothing carried on")
  func unjudged() async throws {
    let result = try await Self.curated(["a.jsonl": Self.lines([#""license":"who knows""#, #""consent":7"#])], nil, isJudged: false)
    #expect(result.dataset.count == 3)
    #expect(try result.dataset.records().allSatisfy { $0.license == nil })
    #expect(result.ledger.parameters.terms == nil)
  }
}

extension DatasetRecord {
  fileprivate var firstWords: String {
    switch content {
    case .text(let text): text
    case .messages(let messages): messages[0].content
    case .toolUse, .preference, .judged: ""
    }
  }
}
