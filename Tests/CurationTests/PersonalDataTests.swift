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
    ("jane.doe@example.com.2 The next", "[EMAIL].2 The next"), ("jane.doe@example.com-2024 about", "[EMAIL]-2024 about"), ("a@b.com-2024-05-x1.", "[EMAIL]-2024-05-x1."),
    ("a@b.example.com.10.3", "[EMAIL].10.3"), ("a@b.com.-1", "[EMAIL].-1"), ("a@b-2.com.x", "[EMAIL].x"), ("a@163.com.1", "[EMAIL].1"), ("a@b.xn--p1ai-7", "[EMAIL]"),
    ("call +1 (212) 555-0123 now", "call [PHONE] now"), ("+49 30 1234 5678", "[PHONE]"), ("+493012345678", "[PHONE]"), ("+44 20 7946 0958.", "[PHONE]."),
    ("212-555-0123", "[PHONE]"), ("(212) 555-0123", "[PHONE]"), ("1-800-555-0199", "[PHONE]"), ("212.555.0123", "[PHONE]"), ("tel:212-555-0123x45", "tel:[PHONE]x45"),
    ("030 1234 5678", "[PHONE]"), ("(030) 1234567", "[PHONE]"), ("01 23 45 67 89", "[PHONE]"), ("06.12.34.56.78", "[PHONE]"), ("03-1234-5678", "[PHONE]"), ("010-1234-5678", "[PHONE]"),
    ("0171/1234567", "[PHONE]"), ("0049 30 1234567", "[PHONE]"), ("+49 (0)30 1234567", "[PHONE]"), ("(11) 91234-5678", "[PHONE]"), ("8 (800) 555-35-35", "[PHONE]"), ("138 1234 5678", "[PHONE]"),
    ("电话：010-1234-5678，谢谢", "电话：[PHONE]，谢谢"), ("+33\u{a0}1\u{a0}23\u{a0}45\u{a0}67\u{a0}89", "[PHONE]"),
    ("card 4111 1111 1111 1111 12/27", "card [CARD] 12/27"), ("4111111111111111", "[CARD]"), ("paid (4111111111111111) today", "paid ([CARD]) today"), ("(4111 1111 1111 1111)", "([CARD])"), ("5500-0000-0000-0004", "[CARD]"), ("3782 822463 10005", "[CARD]"), ("6011000990139424", "[CARD]"),
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
    "$212-555-0123", "01 10 11 00 01", "010 020 030 040", "1-2-3-4-5-6-7-8-9-10", "09:00-17:00", "user at example", "@channel_ab12", "a@b", "git@github.com:a/b.git",
    "logo@2x.png", "logo@2x.min.png", "lodash@4.17.21", "x@1.0.0-beta.rc", "x@1.0.0-beta.rc.1", "x@13.4.canary-2", "a@b-2.3", "a@b.c-2", "@app.route('/x')", "a @ b.com", "12 34 56 78", "123-45-6789", "10^12345678", "0x0123-4567-8901", "1,212-555-0123", "(2019) 123-4567",
    "20 30 40 50 60 70 80", "100 200 3000 4", "www.example.com/212-555-0123",
  ])
  func nobodys(text: String) async throws {
    #expect(try await redacted(text) == text)
  }

  @Test("addresses of machines", arguments: [
    ("from 93.184.216.34 last night", "from [IP] last night"), ("http://93.184.216.34/path", "http://[IP]/path"), ("93.184.216.34:8080", "[IP]:8080"), ("(203.0.113.9)", "([IP])"),
    ("93.184.216.0/24", "[IP]/24"), ("It was 93.184.216.34.", "It was [IP]."), ("93.184.216.34, 94.184.216.34", "[IP], [IP]"), ("电93.184.216.34。", "电[IP]。"),
    ("host=11.22.33.44;", "host=[IP];"), ("11.255.255.255", "[IP]"), ("100.63.1.20 100.128.1.20", "[IP] [IP]"), ("172.15.0.10 172.32.0.10", "[IP] [IP]"), ("223.255.255.254", "[IP]"),
    ("2a00:1450:4001:81b::200e", "[IP]"), ("[2a00:1450:4001:81b::200e]:443", "[[IP]]:443"), ("2001:db8:1:2:3:4:5:6", "[IP]"), ("2606:4700::", "[IP]"), ("via 2a00:1450::1: no", "via [IP]: no"),
    ("203.0.113.15-203.0.113.99", "[IP]-[IP]"), ("from 93.184.216.1-93.184.216.254, all", "from [IP]-[IP], all"), ("93.184.216.34-10.0.0.99", "[IP]-10.0.0.99"),
    ("3fff:0:0:0:0:0:0:1", "[IP]"), ("2001:DB8::8:800:200C:417A.", "[IP]."),
  ])
  func machines(text: String, expected: String) async throws {
    #expect(try await redacted(text) == expected)
    #expect(try await redacted(expected) == expected)
  }

  @Test("what leads to nobody's machine is none: private ranges, versions, sections, clock times, names of programs", arguments: [
    "10.20.30.40", "192.168.178.201", "172.16.0.10 172.31.0.10", "127.0.0.10", "169.254.10.1", "100.64.0.10 100.127.255.255", "0.0.0.10", "224.0.0.10", "255.255.255.255", "198.18.0.10 198.19.0.10",
    "1.2.3.4", "8.8.8.8", "300.1.2.300", "93.184.216", "93.184.216.34.5", "1.93.184.216.34", "93.184.216.256", "093.184.216.34", "v93.184.216.34", "version 10.20.30.40", "Version 11.20.30.40",
    "Chrome/91.0.44.77", "a93.184.216.34", "93.184.216.34x", "93.184.216.34-beta", "93.184.216.34-93", "93.184.216.34-93.184.216.35-1", "1-93.184.216.34-93.184.216.35", "93.184.216.34-93.184.216.35.1", "v93.184.216.34-93.184.216.35", "section 11.2.3.4", "$93.184.216.34",
    "std::vec::abcd", "dead::beef", "abc::def", "12:30:45", "20:30:40:50:60:70:80:90", "2c:54:91:88:c9:e3", "fe80::1", "::1", "fd00::1", "ff02::1", "2001:db8:1:2:3:4:5", "2001:db8:1:2:3:4:5:6:7",
    "2001::db8::1", "2001:db8:1:2:3:4:5:12345", "x2001:db8::1", "2024:10:12", "2001:", "2001:x",
  ])
  func noMachines(text: String) async throws {
    #expect(try await redacted(text) == text)
  }

  @Test("bank accounts, by their country's length and their check digits", arguments: [
    ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [IBAN]."), ("DE89370400440532013000", "[IBAN]"), ("GB82 WEST 1234 5698 7654 32", "[IBAN]"), ("FR1420041010050500013M02606", "[IBAN]"),
    ("NO93 8601 1117 947", "[IBAN]"), ("MT84MALT011000012345MTLCAST001S", "[IBAN]"), ("账号DE89370400440532013000。", "账号[IBAN]。"), ("NL91ABNA0417164300, BE68539007547034", "[IBAN], [IBAN]"),
    // Wrong check digits, length or country; in small letters; part of something longer.
    ("DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0532 0130 01"), ("DE8937040044053201300", "DE8937040044053201300"), ("DE893704004405320130000", "DE893704004405320130000"),
    ("QQ89370400440532013000", "QQ89370400440532013000"), ("de89370400440532013000", "de89370400440532013000"), ("XDE89370400440532013000", "XDE89370400440532013000"),
    ("DE00370400440532013000", "DE00370400440532013000"),
  ])
  func accounts(text: String, expected: String) async throws {
    #expect(try await redacted(text) == expected)
  }

  /// Put together at run time, so that no scanner takes this file for a leak.
  private static func token(_ prefix: String, _ count: Int, _ alphabet: String = "aB3xY7kLmN9pQ2rS5tU8vW1zC4dE6fG0hJ") -> String {
    let characters = Array(alphabet)
    return prefix + String((0..<count).map { characters[$0 * 7 % characters.count] })
  }

  private static let capitals = "QWERT2YUIOP3ASDF4GHJK5LZXC6VBNM7"
  private static let key = (0..<4).map { _ in token("", 64) }.joined(separator: "\n")

  @Test("keys and tokens by the prefixes of their issuers", arguments: [
    token("AK" + "IA", 16, capitals), token("AS" + "IA", 16, capitals), token("gh" + "p_", 36), token("gh" + "s_", 36), token("github" + "_pat_", 82), token("gl" + "pat-", 20), token("AI" + "za", 35),
    token("GOC" + "SPX-", 28), "xo" + "xb-12345678901-123456789012-" + token("", 24), token("s" + "k-", 48), token("s" + "k-proj-", 60), token("s" + "k-ant-api03-", 90), token("sk" + "_live_", 24), token("np" + "m_", 36), token("hf" + "_", 34),
    "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0." + token("", 43),
    "-----BEGIN " + "PRIVATE KEY-----\n" + key + "\n-----END " + "PRIVATE KEY-----", "-----BEGIN OPENSSH " + "PRIVATE KEY-----\r\n" + key + "\r\n-----END OPENSSH " + "PRIVATE KEY-----",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AA00\n\n" + key + "=\n-----END RSA " + "PRIVATE KEY-----",
    "-----BEGIN " + "PRIVATE KEY-----\\n" + token("", 64) + "\\n-----END " + "PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----\n" + key,
  ])
  func secrets(secret: String) async throws {
    for (before, after) in [("", ""), ("token=", ";"), ("set it to \"", "\" now"), ("钥匙：", "。")] {
      #expect(try await redacted(before + secret + after) == before + "[SECRET]" + after)
    }
    // Within a longer name it is none.
    #expect(try await redacted("x" + secret) != "[SECRET]")
  }

  @Test("names that begin like keys, and stand-ins for keys, are none", arguments: [
    "sk-learn", "sk-this-is-only-an-example-name", "sk-11111111111111111111111111", "ghp_...", "AKIA...", "AIza...", "xoxb-...", "xoxb-your-token-goes-in-here-please", token("AK" + "IA", 15, capitals), token("AK" + "IA", 17, capitals), token("ak" + "ia", 16),
    token("gh" + "p_", 35), token("AI" + "za", 34), token("AI" + "za", 36), token("np" + "m_", 35), "eyJust.eyJust.so", "a line of ----------", "snake_case_names_with_many_parts_1234567890_abcdef", "risk-aB3xY7kLmN9pQ2rS5tU8vW",
    "-----BEGIN " + "PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY----- is how a key begins, and so on for some lines", "-----BEGIN " + "PRIVATE KEY-----\n...\n-----END " + "PRIVATE KEY-----",
    "-----BEGIN " + "PUBLIC KEY-----\n" + token("", 64) + "\n-----END " + "PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\n" + token("", 64) + "\n-----END CERTIFICATE-----",
  ])
  func noSecrets(text: String) async throws {
    #expect(try await redacted(text) == text)
  }

  @Test("what follows a key that has no end line stays")
  func cutKey() async throws {
    let text = "before\n-----BEGIN " + "PRIVATE KEY-----\n" + Self.key + "\nand that was the key, said the keeper."
    #expect(try await redacted(text) == "before\n[SECRET]\nand that was the key, said the keeper.")
  }

  @Test("each kind can have its own action; kinds without one are not looked for")
  func byKind() async throws {
    let text = "mail a@b.example from 93.184.216.34, pay DE89370400440532013000"
    func run(_ actions: [PersonalData: PersonalData.Action]) async throws -> Curation { try await curate(["a.jsonl": textLine(text) + "\n" + goodLine], stages: [.pii(actions)]) }
    let mixed = try await run([.email: .redact, .ip: .tag])
    #expect(mixed.entry("a.jsonl", 1)?.passages == [
      Passage(stage: .pii, changes: [Change(kind: .redaction, count: 1)], found: [PersonalData.Finding(kind: .email, count: 1), PersonalData.Finding(kind: .ip, count: 1)])
    ])
    #expect(try mixed.texts() == [Array("mail [EMAIL] from 93.184.216.34, pay DE89370400440532013000".utf8)])
    let dropped = try await run([.email: .redact, .ip: .tag, .iban: .drop])
    #expect(dropped.entry("a.jsonl", 1)?.fate == .dropped(Drop(stage: .pii, reason: .personalData, measured: 1, threshold: 0)))
    #expect(try await run([.phone: .drop]).entry("a.jsonl", 1)?.fate == .kept)
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
      #expect(!String(decoding: result.ledger.bytes, as: UTF8.self).contains("example.com"))
    }
    #expect(try await run(.redact, kinds: [.phone]).entry("a.jsonl", 1)?.passages.first?.found == [PersonalData.Finding(kind: .phone, count: 1)])
  }

  @Test("hostile runs of what could begin an address or a number end soon", arguments: [
    "@", "1", "1 ", "+", "(1)", "a@", "1-", "a.", "\u{301}", "1.", "11.22.33.44 a@b.co ", "2001:", "2001:db8::1 ", "DE89", "sk-", "gh" + "p_", "eyJ", "eyJ.", "eyJ-", "eyJabcdefgh-", "eyJabcdefgh.", "a@1.", "a@b.1-", "203.0.113.15-", "-", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\n",
  ])
  func hostile(unit: String) async throws {
    let text = String(repeating: unit, count: 200_000)
    #expect(try await redacted("x " + text + " z").utf8.starts(with: "x ".utf8))
  }
}
