/// What the international number of a bank account (IBAN, ISO 13616-1) looks like: its country's length, and check digits by ISO/IEC 7064, MOD
/// 97-10.
enum AccountRules {
  /// Where the number stands whose first check digit is at `digit`; nil where there is none. In capitals, in one or in groups of four as printed.
  static func iban(_ bytes: UnsafeBufferPointer<UInt8>, firstDigit digit: Int) -> Range<Int>? {
    let start = digit - 2
    guard start >= 0, digit + 1 < bytes.count, bytes[start].isASCIICapital, bytes[start + 1].isASCIICapital, bytes[digit + 1].isDigit,
      start == 0 || !bytes[start - 1].isWordly, let length = lengths[country(bytes[start], bytes[start + 1])]
    else { return nil }
    return number(bytes, start, length, isGrouped: false) ?? number(bytes, start, length, isGrouped: true)
  }

  private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ length: Int, isGrouped: Bool) -> Range<Int>? {
    var characters: [UInt8] = []
    var index = start
    while characters.count < length {
      if isGrouped, !characters.isEmpty, characters.count.isMultiple(of: 4) {
        guard index < bytes.count, bytes[index] == UInt8(ascii: " ") else { return nil }
        index += 1
      }
      guard index < bytes.count, bytes[index].isDigit || bytes[index].isASCIICapital else { return nil }
      characters.append(bytes[index])
      index += 1
    }
    guard index == bytes.count || !bytes[index].isWordly, isChecked(characters) else { return nil }
    return start..<index
  }

  /// The first four characters go to the end, letters count from A = 10, and the whole leaves 1 when it is divided by 97.
  private static func isChecked(_ characters: [UInt8]) -> Bool {
    let rest = (characters[4...] + characters[..<4]).reduce(0) { rest, character in
      let value = character.isDigit ? Int(character - UInt8(ascii: "0")) : Int(character - UInt8(ascii: "A")) + 10
      return (rest * (value > 9 ? 100 : 10) + value) % 97
    }
    return rest == 1
  }

  private static func country(_ first: UInt8, _ second: UInt8) -> UInt16 { UInt16(first) << 8 | UInt16(second) }

  /// Of the whole number, by country: the registry of ISO 13616, as SWIFT keeps it (release 99).
  private static let lengths: [UInt16: Int] = {
    let table = """
      AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 \
      GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 \
      NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
      """
    return Dictionary(
      uniqueKeysWithValues: table.split(separator: " ").map { entry in
        let bytes = Array(entry.utf8)
        return (country(bytes[0], bytes[1]), Int(entry.dropFirst(2)) ?? 0)
      })
  }()
}
