import Artifacts
import Curation
import Foundation
import Testing

@Suite("Language")
struct LanguageTests {
  private static let samples: [(code: String, text: String)] = [
    ("en", "The keeper climbs the iron stairs every evening, cleans the great lens and waits for ships that seldom come."),
    ("de", "Der Wärter steigt jeden Abend die eiserne Treppe hinauf, putzt die große Linse und wartet auf Schiffe, die selten kommen."),
    ("fr", "Chaque soir, le gardien monte l'escalier de fer, nettoie la grande lentille et attend des navires qui viennent rarement."),
    ("ru", "Каждый вечер смотритель поднимается по железной лестнице, протирает большую линзу и ждёт корабли, которые приходят редко."),
    ("ja", "灯台守は毎晩、鉄の階段を上り、大きなレンズを磨き、めったに来ない船を待っています。"),
    ("zh", "每天晚上，守灯人都会爬上铁楼梯，擦拭大透镜，等待很少到来的船只。"),
    ("ar", "يصعد الحارس كل مساء الدرج الحديدي وينظف العدسة الكبيرة وينتظر السفن التي نادرا ما تأتي."),
    ("he", "בכל ערב עולה השומר במדרגות הברזל, מנקה את העדשה הגדולה וממתין לאוניות שבאות לעתים רחוקות."),
    ("ko", "등대지기는 매일 저녁 철계단을 올라가 큰 렌즈를 닦고 드물게 오는 배를 기다립니다."),
    ("th", "ทุกเย็นคนเฝ้าประภาคารจะปีนบันไดเหล็กขึ้นไปทำความสะอาดเลนส์ขนาดใหญ่และรอเรือที่ไม่ค่อยมา"),
  ]

  private func curated(_ lines: [String], _ rule: LanguageRule) async throws -> Curation {
    try await curate(["a.jsonl": (lines + [goodLine]).joined(separator: "\n")], stages: [.language(rule)])
  }

  private func reading(_ entry: LedgerEntry?) -> LanguageReading? {
    for case .language(let reading)? in entry?.passages.map(\.detail) ?? [] { return reading }
    return nil
  }

  @Test("the language of each record is noted, and nothing is dropped where none is asked for")
  func noted() async throws {
    let result = try await curated(Self.samples.map { textLine($0.text) }, LanguageRule())
    for (index, sample) in Self.samples.enumerated() {
      let entry = result.entry("a.jsonl", index + 1)
      #expect(entry?.fate == .kept)
      #expect(reading(entry).map { [$0.code, $0.isReliable ? "certain" : "not"] } == [sample.code, "certain"])
    }
    #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
    #expect(try LedgerQuery(result.ledger.bytes).why(file: "a.jsonl", line: 2).steps.last?.detail == .language(LanguageReading(code: "de", percent: 99, isReliable: true)))
  }

  @Test("what is in another language is dropped with its share, and what is too short to tell stays or goes")
  func kept() async throws {
    let lines = Self.samples.map { textLine($0.text) } + [textLine("ok"), textLine("1234 5678")]
    let result = try await curated(lines, LanguageRule(keep: ["de", "en"]))
    for (index, sample) in Self.samples.enumerated() {
      let isWanted = ["de", "en"].contains(sample.code)
      let drop = Fate.dropped(Drop(stage: .language, reason: .otherLanguage, measured: 0, threshold: 0.5))
      #expect(result.entry("a.jsonl", index + 1)?.fate == (isWanted ? .kept : drop))
      #expect(reading(result.entry("a.jsonl", index + 1))?.code == sample.code)
    }
    #expect(result.entry("a.jsonl", 11)?.fate == .kept)
    #expect(reading(result.entry("a.jsonl", 12)) == LanguageReading(code: "und", percent: 0, isReliable: false))

    let strict = try await curate(["a.jsonl": lines.joined(separator: "\n")], stages: [.language(LanguageRule(keep: ["de", "en"], keepsUndecided: false))])
    #expect(strict.reason("a.jsonl", 11) == .undecidedLanguage)
    #expect(strict.reason("a.jsonl", 1) == nil)
  }

  @Test("the share is of all wanted languages together, and the threshold itself is enough")
  func shares() async throws {
    let mixed = textLine(String(repeating: Self.samples[0].text + "\n", count: 3) + String(repeating: Self.samples[3].text + "\n", count: 3))
    let all = try await curated([mixed], LanguageRule(keep: ["en", "ru"], minimumSharePPM: 950_000))
    #expect(all.entry("a.jsonl", 1)?.fate == .kept)
    guard case .dropped(let drop) = try await curated([mixed], LanguageRule(keep: ["en"], minimumSharePPM: 950_000)).entry("a.jsonl", 1)?.fate else {
      Issue.record("was kept")
      return
    }
    let share = try #require(drop.measured)
    #expect(share > 0.2 && share < 0.8)
    let ppm = Int((share * 1_000_000).rounded())
    #expect(try await curated([mixed], LanguageRule(keep: ["en"], minimumSharePPM: ppm)).entry("a.jsonl", 1)?.fate == .kept)
    #expect(try await curated([mixed], LanguageRule(keep: ["en"], minimumSharePPM: ppm + 1)).reason("a.jsonl", 1) == .otherLanguage)
  }

  @Test("the system turn is not looked at; a language stands for its scripts")
  func system() async throws {
    let turns = #"{"messages":[{"role":"system","content":"\#(Self.samples[1].text)"},{"role":"user","content":"\#(Self.samples[0].text)"},{"role":"assistant","content":"\#(Self.samples[0].text)"}]}"#
    let result = try await curated([turns, textLine("每天晚上，守燈人都會爬上鐵樓梯，擦拭大透鏡，等待很少到來的船隻。這是一個關於燈塔與海洋的故事。")], LanguageRule(keep: ["en", "zh"]))
    #expect(reading(result.entry("a.jsonl", 1))?.code == "en")
    #expect(reading(result.entry("a.jsonl", 2))?.code == "zh-Hant")
    #expect(result.entry("a.jsonl", 2)?.fate == .kept)
  }

  @Test("threads leave no trace, and hostile text ends soon", arguments: [
    [0], [0xFFFE], [0x10FFFF], [0x26], [0x3C], [0x26, 0x23], [0x301], [0xFDD0], [0x61], [0x627], [0x1F600], [0x7F, 0x85],
  ] as [[UInt32]])
  func hostile(scalars: [UInt32]) async throws {
    let unit = String(String.UnicodeScalarView(scalars.compactMap(Unicode.Scalar.init)))
    let lines = Self.samples.map { textLine($0.text + String(repeating: unit, count: 100_000)) } + [textLine(String(repeating: unit, count: 40_000) + "z")]
    let file = ["a.jsonl": Data((lines + [goodLine]).joined(separator: "\n").utf8)]
    let one = try await curate(file, stages: [.language(LanguageRule())], concurrency: 1)
    let many = try await curate(file, stages: [.language(LanguageRule())], concurrency: 4, chunkByteCount: 1)
    #expect(one.ledger.bytes == many.ledger.bytes)
    #expect(one.ledger.summary.kept == lines.count + 1)
  }

  @Test("the distribution is of what the stage noted, or of a sample; both say the same")
  func distribution() async throws {
    let lines = Self.samples.map { textLine($0.text) } + [textLine("ok")]
    let noted = try await curated(lines, LanguageRule())
    let plain = try await curate(["a.jsonl": (lines + [goodLine]).joined(separator: "\n")], stages: [])
    let counts = try LanguageDistribution(noted.ledger.summary, StoredDataset(noted.dataset))
    #expect(counts == (try LanguageDistribution(plain.ledger.summary, StoredDataset(plain.dataset))))
    #expect(!counts.isSample && counts.records == 12)
    #expect(counts.counts.first { $0.code == "ja" }?.records == 1)
    #expect(counts.counts.map(\.records) == counts.counts.map(\.records).sorted(by: >))
  }
}
