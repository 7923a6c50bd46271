/// Finds e-mail addresses and the numbers of cards and telephones in one pass over the bytes of a text. The digits of ASCII alone are digits.
struct PersonalDataFinder {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// In the order of the text. `sure` was found before, in its order, and has the first word; what is part of an e-mail address is no number, and
  /// what is part of a card's number is no telephone's; whether or not these kinds are asked for.
  func find(_ kinds: Set<PersonalData>, besides sure: [PersonalDatum]) -> [PersonalDatum] {
    var found = PersonalDataFinder.merged(sure, EmailFinder(bytes).find())
    var index = 0
    var taken = found[...]
    while index < bytes.count {
      while let datum = taken.first, datum.range.upperBound <= index { taken.removeFirst() }
      if let datum = taken.first, datum.range.contains(index) {
        index = datum.range.upperBound
      } else if let run = NumberRun(bytes, at: index) {
        let inRun = taken.prefix { $0.range.lowerBound < run.end }
        found += numbers(in: run).filter { number in !inRun.contains { $0.range.overlaps(number.range) } }
        index = run.end
      } else {
        index += 1
      }
    }
    return found.filter { kinds.contains($0.kind) }.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// In the order of the text, without those of the second that overlap one of the first.
  private static func merged(_ first: [PersonalDatum], _ second: [PersonalDatum]) -> [PersonalDatum] {
    guard !first.isEmpty else { return second }
    var merged: [PersonalDatum] = []
    var rest = first[...]
    for datum in second {
      while let next = rest.first, next.range.upperBound <= datum.range.lowerBound { merged.append(rest.removeFirst()) }
      if rest.first.map({ $0.range.lowerBound >= datum.range.upperBound }) ?? true { merged.append(datum) }
    }
    return merged + rest
  }

  private func numbers(in run: NumberRun) -> [PersonalDatum] {
    guard run.digits >= PhoneRules.fewestDigits else { return [] }
    var found: [PersonalDatum] = []
    var group = 0
    while group < run.groups.count {
      if let count = CardRules.match(run, at: group), isApart(run, group..<group + count) {
        found.append(PersonalDatum(kind: .card, range: run.range(of: group..<group + count)))
        group += count
      } else if let count = PhoneRules.match(run, at: group), isApart(run, group..<group + count) {
        found.append(PersonalDatum(kind: .phone, range: run.range(of: group..<group + count)))
        group += count
      } else {
        group += 1
      }
    }
    return found
  }

  /// Nothing before or after it says that it is a part of something longer: of a word, a path, an amount, a decimal.
  private func isApart(_ run: NumberRun, _ groups: Range<Int>) -> Bool {
    let range = run.range(of: groups)
    return (groups.lowerBound > 0 || allowsBefore(range.lowerBound)) && (groups.upperBound < run.groups.count || allowsAfter(range.upperBound))
  }

  private func allowsBefore(_ index: Int) -> Bool {
    guard index > 0 else { return true }
    let byte = bytes[index - 1]
    if byte >= 0x80 {
      guard let scalar = scalar(endingAt: index) else { return true }
      return CharacterTable.shared[scalar.value].kind != .letter && scalar.properties.generalCategory != .currencySymbol
    }
    if byte == UInt8(ascii: ","), index > 1, bytes[index - 2].isDigit { return false }
    return !byte.isWordly && !"-.#$%@&+/\\^".utf8.contains(byte)
  }

  private func allowsAfter(_ index: Int) -> Bool {
    guard index < bytes.count else { return true }
    let byte = bytes[index]
    let next = index + 1 < bytes.count ? bytes[index + 1] : UInt8(ascii: " ")
    if byte >= 0x80 {
      let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      guard let scalar = scalar(endingAt: min(index + length, bytes.count)) else { return true }
      return CharacterTable.shared[scalar.value].kind != .letter && scalar.properties.generalCategory != .currencySymbol
    }
    // An extension: 555-0100x12.
    if byte == UInt8(ascii: "x"), next.isDigit { return true }
    if byte.isWordly || "%@$\\".utf8.contains(byte) { return false }
    return !("-./:,+*=".utf8.contains(byte) && next.isWordly)
  }

  private func scalar(endingAt end: Int) -> Unicode.Scalar? {
    var start = end - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self).unicodeScalars.last
  }
}

extension UInt8 {
  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  var isASCIILetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }

  /// A letter or digit of ASCII, or `_`.
  var isWordly: Bool { isDigit || isASCIILetter || self == UInt8(ascii: "_") }
}
