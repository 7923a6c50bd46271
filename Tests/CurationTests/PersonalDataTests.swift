import Artifacts
import Curation
import Foundation
import Testing

@Suite("Personal data")
struct PersonalDataTests {
  private func redacted(_ text: String) async throws -> String {
    let result = try await curate(["a.jsonl": textLine(text)], stages: [.pii(.redact, kinds: Set(PersonalData.allCases))])
    return String(decoding: try #require(try result.texts().first), as: UTF8.self)
  }

  @Test("addresses and numbers give way to their placeholder, and to no more", arguments: [
    ("write to anna.k99@mail.example.org, please", "write to [EMAIL], please"), ("<a+b@x.co>", "<[EMAIL]>"), ("mailto:joe@example.com.", "mailto:[EMAIL]."),
    ("邮箱是abc@163.com。", "邮箱是[EMAIL]。"), ("josé@exámple.es", "[EMAIL]"), ("Иван: иван@почта.рф", "Иван: [EMAIL]"), ("a@b.com,c@d.org", "[EMAIL],[EMAIL]"),
    ("‘x.y@z.example’", "‘[EMAIL]’"), ("12345678@qq.com", "[EMAIL]"),
    ("call +1 (212) 555-0123 now", "call [PHONE] now"), ("+49 30 1234 5678", "[PHONE]"), ("+493012345678", "[PHONE]"), ("+44 20 7946 0958.", "[PHONE]."),
    ("212-555-0123", "[PHONE]"), ("(212) 555-0123", "[PHONE]"), ("1-800-555-0199", "[PHONE]"), ("212.555.0123", "[PHONE]"), ("tel:212-555-0123x45", "tel:[PHONE]x45"),
    ("030 1234 5678", "[PHONE]"), ("(030) 1234567", "[PHONE]"), ("01 23 45 67 89", "[PHONE]"), ("06.12.34.56.78", "[PHONE]"), ("03-1234-5678", "[PHONE]"), ("010-1234-5678", "[PHONE]"),
    ("0171/1234567", "[PHONE]"), ("0049 30 1234567", "[PHONE]"), ("+49 (0)30 1234567", "[PHONE]"), ("(11) 91234-5678", "[PHONE]"), ("8 (800) 555-35-35", "[PHONE]"), ("138 1234 5678", "[PHONE]"),
    ("电话：010-1234-5678，谢谢", "电话：[PHONE]，谢谢"), ("+33\u{a0}1\u{a0}23\u{a0}45\u{a0}67\u{a0}89", "[PHONE]"),
    ("card 4111 1111 1111 1111 12/27", "card [CARD] 12/27"), ("4111111111111111", "[CARD]"), ("5500-0000-0000-0004", "[CARD]"), ("3782 822463 10005", "[CARD]"), ("6011000990139424", "[CARD]"),
    ("30569309025904", "[CARD]"),
  ])
  func found(text: String, expected: String) async throws {
    #expect(try await redacted(text) == expected)
    #expect(try await redacted(expected) == expected)
  }

  @Test("dates, versions, addresses of machines, amounts and plain numbers are nobody's", arguments: [
    "2024-10-12", "12.05.2024 10 30", "01.02.2024 12:30", "03/04/2025 1234", "from 2024-10-12 to 2024-11-13", "order 1234567890", "13812345678", "ISBN 978-3-16-148410-0", "ISBN 0-306-40615-2",
    "version 10.15.7.1234", "v1.2.3-beta.4", "192.168.178.201", "010.001.002.003", "10.000.000", "+10.000.000", "1 234 567 890", "612 345 678", "0.123456789", "3.14159265358979",
    "4111 1111 1111 1112", "4111111111111112", "0000 0000 0000 0000", "1234567890123456", "550e8400-e29b-41d4-a716-446655440000", "a-212-555-0123", "212-555-01234", "x1.212-555-0123",
    "$212-555-0123", "01 10 11 00 01", "010 020 030 040", "1-2-3-4-5-6-7-8-9-10", "09:00-17:00", "2001:db8:0:0:1:2:3:4", "user at example", "@channel_ab12", "a@b", "git@github.com:a/b.git",
    "logo@2x.png", "lodash@4.17.21", "x@1.0.0-beta.rc", "@app.route('/x')", "a @ b.com", "12 34 56 78", "123-45-6789", "10^12345678", "0x0123-4567-8901", "1,212-555-0123", "(2019) 123-4567",
    "20 30 40 50 60 70 80", "100 200 3000 4", "www.example.com/212-555-0123",
  ])
  func nobodys(text: String) async throws {
    #expect(try await redacted(text) == text)
  }

  @Test("the actions: a placeholder, an end, or a note; the ledger counts by kind and quotes nothing")
  func actions() async throws {
    let talk =
      #"{"messages":[{"role":"system","content":"You are kim@example.com"},{"role":"user","content":"Call +49 30 1234 5678 or x@y.example"},{"role":"assistant","content":"ok"}]}"#
    func run(_ action: PersonalData.Action, kinds: Set<PersonalData> = Set(PersonalData.allCases)) async throws -> Curation {
      try await curate(["a.jsonl": talk + "\n" + goodLine], stages: [.pii(action, kinds: kinds)])
    }
    let found = [PersonalData.Finding(kind: .email, count: 2), PersonalData.Finding(kind: .phone, count: 1)]

    let redacted = try await run(.redact)
    #expect(redacted.entry("a.jsonl", 1)?.passages == [Passage(stage: .pii, changes: [Change(kind: .redaction, count: 3)], found: found)])
    #expect(String(decoding: redacted.dataset.bytes, as: UTF8.self).contains("Call [PHONE] or [EMAIL]"))
    #expect(redacted.ledger.summary.changed == 1)

    let tagged = try await run(.tag)
    #expect(tagged.entry("a.jsonl", 1)?.passages == [Passage(stage: .pii, found: found)])
    #expect(String(decoding: tagged.dataset.bytes, as: UTF8.self).contains("kim@example.com"))
    #expect(tagged.ledger.summary.changed == 0)

    let dropped = try await run(.drop)
    #expect(dropped.entry("a.jsonl", 1)?.fate == .dropped(Drop(stage: .pii, reason: .personalData, measured: 3, threshold: 0)))
    for result in [redacted, tagged, dropped] {
      #expect(result.ledger.summary.personalData[.email] == LedgerSummary.Tally(records: 1, count: 2))
      #expect(try Ledger(parsing: result.ledger.bytes) == result.ledger)
      #expect(!String(decoding: result.ledger.bytes, as: UTF8.self).contains("example"))
    }
    #expect(try await run(.redact, kinds: [.phone]).entry("a.jsonl", 1)?.passages.first?.found == [PersonalData.Finding(kind: .phone, count: 1)])
  }

  @Test("hostile runs of what could begin an address or a number end soon", arguments: ["@", "1", "1 ", "+", "(1)", "a@", "1-", "a.", "\u{301}"])
  func hostile(unit: String) async throws {
    let text = String(repeating: unit, count: 200_000)
    #expect(try await redacted("x " + text + " z").hasPrefix("x "))
  }
}
