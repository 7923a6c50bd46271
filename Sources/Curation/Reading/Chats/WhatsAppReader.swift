internal import Artifacts
internal import Foundation
internal import Hashing

/// Reads the text that WhatsApp exports of a chat: `_chat.txt` of iOS, `WhatsApp Chat with ….txt` of Android.
///
/// The export is made for eyes: dates are spelled as in the land of the phone, and nothing tells a notice from a message but the missing name.
/// docs/curation.md, "Chats", says what is made of it.
enum WhatsAppReader {
  /// A message as it stands: its lines, and what its first line says.
  private struct Entry {
    let line: Int
    var byteRange: Range<Int>
    let header: WhatsAppHeader
    /// Where what was said begins, and who said it; nil for a notice.
    let sender: (name: String, textStart: Int)?
  }

  /// So many lines show what the file is.
  private static let linesToJudge = 100

  /// True where the first line that is not blank begins a message, and of the next some more do, one of them with a name before it.
  static func isExport(_ data: Data) -> Bool {
    data.withUnsafeBytes { bytes in
      var entries = 0
      var senders = 0
      var isFirst = true
      forEachLine(in: bytes, limit: linesToJudge) { _, range in
        let line = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let header = WhatsAppHeader(line) else {
          guard isFirst, !isBlank(line) else { return true }
          return false
        }
        isFirst = false
        entries += 1
        if sender(in: line, from: header.bodyStart) != nil { senders += 1 }
        return true
      }
      return entries > 1 && senders > 0
    }
  }

  static func read(_ data: Data, file: String, _ rules: ReadingRules) throws(CurationError) -> [Outcome] {
    let whole = RecordSource(file: file, line: 1, byteRange: 0..<data.count)
    let isValid = data.withUnsafeBytes { String(validating: $0, as: UTF8.self) != nil }
    guard isValid else { return [Outcome(whole, .failure(RecordFault(.invalidUTF8)))] }
    let (items, key) = data.withUnsafeBytes { bytes -> ([ChatItem], String) in
      let (entries, stray) = entries(of: bytes)
      let clock = Clock(entries.map(\.header))
      let before = stray.map { ChatItem.fault(number: $0.line, byteRange: $0.byteRange, RecordFault(.notAMessage)) }
      let items = entries.map { ChatItem.message(message($0, in: bytes, clock)) }
      // Every export of a chat begins with the same message, and no two chats with the same one at the same minute.
      let first = entries.first.map { Array(bytes[$0.byteRange]) } ?? []
      return ((before.map { [$0] } ?? []) + items, Digest(hashing: Array("soulpack.chat/1\nwhatsapp\n".utf8) + first).description)
    }
    return items.isEmpty ? [] : try ChatConversations.outcomes(of: items, file: file, key: key, rules)
  }

  // MARK: - Lines

  /// Hands out the lines, without their ends, until `body` says false. `limit` counts them.
  private static func forEachLine(in bytes: UnsafeRawBufferPointer, limit: Int = .max, _ body: (_ number: Int, Range<Int>) -> Bool) {
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var number = 0
    while start < bytes.count, number < limit {
      number += 1
      let feed = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let hasReturn = feed > start && bytes[feed - 1] == UInt8(ascii: "\r")
      guard body(number, start..<(hasReturn ? feed - 1 : feed)) else { return }
      start = feed + 1
    }
  }

  private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool { line.allSatisfy { $0 == 0x20 || $0 == 0x09 } }

  /// The messages, and what stands before the first of them.
  private static func entries(of bytes: UnsafeRawBufferPointer) -> ([Entry], stray: (line: Int, byteRange: Range<Int>)?) {
    var entries: [Entry] = []
    var stray: (line: Int, byteRange: Range<Int>)?
    forEachLine(in: bytes) { number, range in
      let line = UnsafeRawBufferPointer(rebasing: bytes[range])
      if let header = WhatsAppHeader(line) {
        let sender = sender(in: line, from: header.bodyStart).map { ($0.name, range.lowerBound + $0.textStart) }
        entries.append(Entry(line: number, byteRange: range, header: header, sender: sender))
      } else if !isBlank(line) {
        // A line without a header goes on with the message before it.
        if let last = entries.indices.last {
          entries[last].byteRange = entries[last].byteRange.lowerBound..<range.upperBound
        } else {
          stray = (stray?.line ?? number, (stray?.byteRange.lowerBound ?? range.lowerBound)..<range.upperBound)
        }
      }
      return true
    }
    return (entries, stray)
  }

  /// The longest name that is taken for one, in bytes.
  private static let longestName = 256

  /// What stands before `: ` in the body. Nil for a notice of the messenger, which has none.
  private static func sender(in line: UnsafeRawBufferPointer, from start: Int) -> (name: String, textStart: Int)? {
    let body = line[start...].prefix(longestName + 1)
    for index in body.indices where body[index] == UInt8(ascii: ":") {
      let isLast = index + 1 == line.count
      guard isLast || line[index + 1] == UInt8(ascii: " ") else { continue }
      let name = plain(String(decoding: line[start..<index], as: UTF8.self))
      return name.isEmpty ? nil : (name, isLast ? line.count : index + 2)
    }
    return nil
  }

  /// A name without the marks around it, and without the tilde before one that is in nobody's contacts.
  private static func plain(_ name: String) -> String {
    var scalars = Substring(name).unicodeScalars
    let isEdge = { (scalar: Unicode.Scalar) in scalar.isFormatting || scalar.properties.isWhitespace }
    while let first = scalars.first, isEdge(first) || first == "~" { scalars.removeFirst() }
    while let last = scalars.last, isEdge(last) { scalars.removeLast() }
    return String(scalars)
  }

  // MARK: - Messages

  private static func message(_ entry: Entry, in bytes: UnsafeRawBufferPointer, _ clock: Clock) -> ChatMessage {
    let raw = entry.sender.map { String(decoding: bytes[min($0.textStart, entry.byteRange.upperBound)..<entry.byteRange.upperBound], as: UTF8.self) } ?? ""
    let (text, kind) = entry.sender == nil ? ("", .service) : WhatsAppWords.told(raw)
    return ChatMessage(
      number: entry.line, byteRange: entry.byteRange, seconds: clock.seconds(entry.header), speaker: entry.sender.map { ChatSpeaker(name: $0.name) },
      text: text, kind: kind)
  }

  /// Which of the three numbers of a date is what. The file as a whole says it: all dates must be right, and time runs forward.
  private struct Clock {
    private enum Order: CaseIterable {
      case dayMonthYear, monthDayYear, yearMonthDay

      func day(_ date: (Int, Int, Int)) -> Int? {
        let (year, month, day) =
          switch self {
          case .dayMonthYear: (date.2, date.1, date.0)
          case .monthDayYear: (date.2, date.0, date.1)
          case .yearMonthDay: (date.0, date.1, date.2)
          }
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        return dayNumber(year: year < 100 ? 2_000 + year : year, month: month, day: day)
      }
    }

    private let order: Order

    init(_ headers: [WhatsAppHeader]) {
      let faults = Order.allCases.map { order in (order, Clock.faults(of: order, headers)) }
      var best = faults[0]
      for other in faults.dropFirst() where other.1 < best.1 { best = other }
      // Where nothing tells, twelve hours mean the order of the United States.
      if best.0 == .dayMonthYear, faults[1].1 == best.1, headers.contains(where: \.hasMeridiem) { best = faults[1] }
      order = best.0
    }

    /// Dates that are none, weighing most, and steps back of more than a day.
    private static func faults(of order: Order, _ headers: [WhatsAppHeader]) -> Int {
      var faults = 0
      var last: Int?
      for header in headers {
        guard let day = order.day(header.date) else {
          faults += 1_000
          continue
        }
        if let last, day < last - 1 { faults += 1 }
        // Long leaps forward are rare too: of two orders in which time never runs back, the one with less of them is right.
        if let last, day > last + 25 { faults += 1 }
        last = day
      }
      return faults
    }

    func seconds(_ header: WhatsAppHeader) -> Int? { order.day(header.date).map { $0 * 86_400 + header.secondsOfDay } }
  }
}
