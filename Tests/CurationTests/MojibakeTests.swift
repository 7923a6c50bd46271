import Curation
import Foundation
import Testing

@Suite("Mojibake")
struct MojibakeTests {
  private func normalized(_ text: String, repairs: Bool = true) async throws -> (text: String, changes: [Change]) {
    let result = try await curate(["a.jsonl": textLine(text)], stages: [.normalize(repairsMojibake: repairs)])
    let bytes = try #require(try result.texts().first)
    return (String(decoding: bytes, as: UTF8.self), result.entry("a.jsonl", 1)?.passages.flatMap(\.changes) ?? [])
  }

  /// UTF-8 read as Windows-1252, with Latin-1 for the five bytes that it leaves open.
  private func misread(_ text: String, latin1: Bool = false) -> String {
    let high: [UInt32] = [
      0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D, 0x17D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D,
      0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D, 0x17E, 0x178,
    ]
    return String(String.UnicodeScalarView(text.utf8.compactMap { byte in
      Unicode.Scalar((0x80...0x9F).contains(byte) && !latin1 ? high[Int(byte) - 0x80] : UInt32(byte))
    }))
  }

  static let sentences = [
    "Le café était fermé, hélas : « à bientôt… »", "„Spaß“ heißt auf Französisch ‚plaisir‘ – größer geht’s nicht.", "Çağrı’nın ağabeyi İstanbul’da öğretmen, çünkü “şiir” sever.",
    "Tôi không biết “tiếng Việt” được dùng ở đâu – thế thôi…", "Zażółć gęślą jaźń, „łódź” i źdźbło.", "Ο καφές “είναι” έτοιμος — πάμε;", "Она сказала: «Это „кофе“, а не чай»…",
    "Příliš žluťoučký kůň úpěl „ďábelské ódy“.", "El niño comió piñas; ¿qué más quería? ¡Nada!", "A maçã está na mão de João — não é?", "Ég á þrjá hesta, “ó já”.",
    "你好，世界：“今天”怎么样？", "こんにちは、「世界」。", "สวัสดีชาวโลก ‘วันนี้’", "שלום “עולם”", "مرحبا، كيف “الحال”؟", "Emoji 👩‍👩‍👧 and ½ of €5 at 20° are fine: naïve façade, résumé.",
  ]

  /// Texts that read backwards are valid UTF-8 by chance, and texts that show what mojibake looks like.
  static let rightlyOdd = [
    "Spaß“", "„Spaß“", "so ein Spaß… “", "café…”", "“résumé”—so he said", "résumé”–", "NESCAFÉ®", "NESCAFÉ™", "ROSÉ²", "CAFÉ»", "VÝŽIVA", "ÚŽASNÝ", "VÁŠ", "MAÇÃ", "MAÇÃ”", "AMANHÃ…", "IRMÃ »",
    "Ã used rightly", "The letter Ã", "the Ã’s tilde", "Ã", "SÃO PAULO", "NÃO", "AMANHÃ", "\"Ã©\" is what é turns into", "It shows as \"Ã©\"", "shows `â€™`, oddly", "Ãœ", "Â ", "Â", "ÂME", "5 Â· 4", "ß", "É…", "É“",
    "été – à côté", "L’ÂGE D’OR", "Ü“ber", "der Großen Ü…", "Fuß”", "Å", "Ångström", "Ø½", "ÅŠ", "¿Qué?", "¡OLÉ!", "«OLÉ»", "TỔ QUỐC", "GÖĞÜS", "GÜŞ", "ĆMA", "Ý’", "ÁÉÍÓÚ", "àéîõü", "áš", "óž", "éœ",
  ]

  @Test("correct text stays as it is", arguments: sentences + rightlyOdd)
  func unchanged(text: String) async throws {
    for spelling in [text, text.uppercased(), text.lowercased()] {
      let expected = try await normalized(spelling, repairs: false)
      let result = try await normalized(spelling)
      #expect(Array(result.text.utf8) == Array(expected.text.utf8))
      #expect(!result.changes.contains { $0.kind == .mojibake })
    }
  }

  @Test("what was misread once or twice is given back, and each character is counted", arguments: sentences)
  func repaired(text: String) async throws {
    let plain = try await normalized(text)
    let count = text.unicodeScalars.count { !$0.isASCII }
    for latin1 in [false, true] {
      let once = try await normalized(misread(text, latin1: latin1))
      #expect(Array(once.text.utf8) == Array(plain.text.utf8))
      #expect(once.changes.contains(Change(kind: .mojibake, count: count)))
      let twice = try await normalized(misread(misread(text, latin1: latin1), latin1: latin1))
      #expect(Array(twice.text.utf8) == Array(plain.text.utf8))
    }
  }

  @Test("a repair is made once: a second time there is nothing to do", arguments: sentences)
  func idempotence(text: String) async throws {
    let once = try await normalized(misread(text))
    #expect(try await normalized(once.text).changes == [])
  }

  @Test("short words, and lines that are judged one by one", arguments: [
    ("cafÃ©", "café"), ("donâ€™t", "don’t"), ("StraÃŸe", "Straße"), ("Ãœber", "Über"), ("Ã–sterreich", "Österreich"), ("5Â°C", "5°C"), ("nÃ£o", "não"), ("CAFÃ‰", "CAFÉ"),
    ("café\ncafÃ©", "café\ncafé"), ("cafÃƒÂ©", "café"), ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"), ("Ã©tÃ© â€” oui", "été — oui"),
  ])
  func words(text: String, expected: String) async throws {
    #expect(try await normalized(text).text == expected)
    #expect(Array(try await normalized(text, repairs: false).text.utf8) == Array(text.utf8))
  }

  @Test("a character newer than Unicode 15.0 is none that a line could mean, whatever this Swift knows of it")
  func newer() async throws {
    for (character, isRepaired) in [("\u{11380}", false), ("\u{11F02}", true)] as [(Unicode.Scalar, Bool)] {  // 16.0, 15.0
      let text = misread("na\(character)ve")
      #expect(Array(try await normalized(text).text.utf8) == Array((isRepaired ? "na\(character)ve" : text).utf8))
    }
  }

  @Test("a line that is only half misread is left alone", arguments: ["cafÃ© and “café”", "Ã© 你好", "cafÃ© 👍"])
  func halves(text: String) async throws {
    #expect(Array(try await normalized(text).text.utf8) == Array(text.utf8))
  }

  @Test("random words of capitals, accents and typographic signs are never taken for it", arguments: 1...10 as ClosedRange<UInt64>)
  func property(seed: UInt64) async throws {
    var random = Seeded(seed)
    let letters = Array("aeioubcdnrstzßàâäáãåæçéèêëíìîïñóòôöõøúùûüýÿšžœ").map(String.init)
    let endings = ["", ".", ",", "…", "”", "’", "“", "–", "—", "»", "›", "®", "™", "!", "?", "’s", "…”", "”–", "²", "ª", "º"]
    for _ in 0..<300 {
      let word = (0..<(1 + random.below(7))).map { _ in random.pick(letters) }.joined()
      let text = (random.below(2) == 0 ? word : word.uppercased()) + random.pick(endings)
      let result = try await normalized("so " + text)
      #expect(!result.changes.contains { $0.kind == .mojibake }, "\(text)")
    }
  }
}
