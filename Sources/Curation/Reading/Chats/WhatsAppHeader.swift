/// What stands before a message in WhatsApp's export: a date and a time, in the fashion of whoever exported.
///
///     12/03/2024, 10:15 - Anna: Android
///     [12.03.24, 10:15:32] Anna: iOS
///     3/12/24, 10:15 PM - Anna: with U+202F before PM
///     2024. 3. 12. 오후 10:15, Anna : and many more
struct WhatsAppHeader {
  /// As they stand, in an order that the file as a whole has to tell.
  let date: (Int, Int, Int)
  let secondsOfDay: Int
  /// From the start of the line.
  let bodyStart: Int
  /// Twelve hours with a word beside them.
  let hasMeridiem: Bool

  /// The longest that is looked at, in characters.
  private static let longest = 64

  /// Nil for a line that begins no message.
  init?(_ line: UnsafeRawBufferPointer) {
    guard WhatsAppHeader.mayBegin(line) else { return nil }
    var reader = LineStart(line, limit: WhatsAppHeader.longest)
    reader.skip(where: \.isFormatting)
    let isBracketed = reader.take("[")
    guard let date = reader.date(), let (time, meridiem) = reader.time() else { return nil }
    guard isBracketed ? reader.take("]") : reader.dash() else { return nil }
    reader.skipSpaces()
    self.date = date
    let hour = meridiem.map { time.hour % 12 + ($0 == .afternoon ? 12 : 0) } ?? time.hour
    secondsOfDay = hour * 3_600 + time.minute * 60 + time.second
    hasMeridiem = meridiem != nil
    // What is no UTF-8 was read as something longer.
    bodyStart = min(reader.offset, line.count)
  }

  /// A quick look at the first character that is no formatting: nearly every line that begins nothing ends here.
  private static func mayBegin(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let first = line.first else { return false }
    return first == UInt8(ascii: "[") || (0x30...0x39).contains(first) || first >= 0xD8
  }
}

/// Reads the start of a line, character by character.
private struct LineStart {
  enum HalfDay { case morning, afternoon }

  private var scalars: [(scalar: Unicode.Scalar, end: Int)] = []
  private var index = 0

  init(_ line: UnsafeRawBufferPointer, limit: Int) {
    // Four bytes are the most that a character has. A character that is cut at the end is not looked at.
    let start = UnsafeRawBufferPointer(rebasing: line.prefix(limit * 4))
    var end = 0
    for scalar in String(decoding: start, as: UTF8.self).unicodeScalars.prefix(limit) {
      end += UTF8.width(scalar)
      scalars.append((scalar, end))
    }
  }

  /// In bytes, of what comes next.
  var offset: Int { index == 0 ? 0 : scalars[index - 1].end }

  private var next: Unicode.Scalar? { index < scalars.count ? scalars[index].scalar : nil }

  mutating func skip(where isSkipped: (Unicode.Scalar) -> Bool) {
    while let next, isSkipped(next) { index += 1 }
  }

  mutating func skipSpaces() { skip { $0.properties.isWhitespace } }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    index += 1
    return true
  }

  /// At most `most` decimal digits of any script.
  private mutating func number(atMost most: Int) -> Int? {
    var value: Int?
    var count = 0
    while let next, let digit = next.decimalDigit, count < most {
      value = (value ?? 0) * 10 + digit
      count += 1
      index += 1
    }
    if let next, next.decimalDigit != nil { return nil }
    return value
  }

  /// Three numbers, of which the first or the last may have four digits.
  mutating func date() -> (Int, Int, Int)? {
    guard let first = number(atMost: 4), separator(), let second = number(atMost: 2), separator(), let third = number(atMost: 4) else { return nil }
    if next == "." { index += 1 }
    return (first, second, third)
  }

  private mutating func separator() -> Bool {
    guard let mark = next, mark == "/" || mark == "." || mark == "-" else { return false }
    index += 1
    skip { $0 == " " || $0.isFormatting }
    return true
  }

  /// What people put between date and time is a comma, a space, a word; a word may also say which half of the day it is.
  mutating func time() -> (time: (hour: Int, minute: Int, second: Int), HalfDay?)? {
    let before = word { $0.decimalDigit == nil && $0 != "[" && $0 != "]" && $0 != ":" }
    guard let before, let hour = number(atMost: 2), colon(), let minute = number(atMost: 2) else { return nil }
    var second = 0
    if let mark = next, mark == ":" || mark == "." {
      index += 1
      guard let number = number(atMost: 2) else { return nil }
      second = number
    }
    guard hour < 25, minute < 60, second < 61 else { return nil }
    let start = index
    guard let after = word({ $0.properties.isAlphabetic || $0 == "." || $0.properties.isWhitespace || $0.isFormatting || $0.isMark }) else { return nil }
    let meridiem = LineStart.halfDay(after) ?? LineStart.halfDay(before)
    // Letters after the time that are no half of the day: this is some other line.
    if LineStart.halfDay(after) == nil, after.contains(where: \.properties.isAlphabetic) { return nil }
    if LineStart.halfDay(after) == nil { index = start }
    return ((hour, minute, second), meridiem)
  }

  private mutating func colon() -> Bool {
    guard let mark = next, mark == ":" || mark == "." || mark == "h" else { return false }
    index += 1
    return true
  }

  /// ` - `, before a body on Android.
  mutating func dash() -> Bool {
    skip { $0.properties.isWhitespace || $0.isFormatting }
    guard let mark = next, mark == "-" || mark == "\u{2013}" else { return false }
    index += 1
    guard let space = next else { return true }
    return space.properties.isWhitespace
  }

  /// A run of at most 16 such characters. Nil where it is longer.
  private mutating func word(_ isPart: (Unicode.Scalar) -> Bool) -> [Unicode.Scalar]? {
    var scalars: [Unicode.Scalar] = []
    while let next, isPart(next) {
      guard scalars.count < 16 else { return nil }
      scalars.append(next)
      index += 1
    }
    return scalars
  }

  private static func halfDay(_ word: [Unicode.Scalar]) -> HalfDay? {
    var letters = ""
    for scalar in word where scalar.properties.isAlphabetic || scalar.isMark { letters.unicodeScalars.append(scalar) }
    letters = letters.lowercased()
    if mornings.contains(letters) { return .morning }
    return afternoons.contains(letters) ? .afternoon : nil
  }

  private static let mornings: Set<String> = [
    "am", "a", "上午", "凌晨", "清晨", "早上", "午前", "오전", "ص", "ق", "पूर्वाह्न", "πμ", "öö", "sa", "de", "dop", "fm", "ip",
  ]
  private static let afternoons: Set<String> = [
    "pm", "p", "下午", "中午", "晚上", "午後", "오후", "م", "अपराह्न", "μμ", "ös", "ch", "du", "odp", "em",
  ]
}

extension Unicode.Scalar {
  /// Marks of direction and the byte order mark, which WhatsApp strews over its lines.
  var isFormatting: Bool {
    switch value {
    case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }

  fileprivate var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark: true
    default: false
    }
  }

  /// The digits that are in use for dates.
  fileprivate var decimalDigit: Int? {
    for zero: UInt32 in [0x30, 0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50] where (zero...zero + 9).contains(value) { return Int(value - zero) }
    return nil
  }
}
