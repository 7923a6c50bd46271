/// One message of a chat, whatever messenger it is from.
struct ChatMessage: Sendable {
  enum Kind: Sendable {
    case said
    /// A notice of the messenger: somebody joined, a call was missed.
    case service
    /// A picture, a file, a voice, without a word beside it.
    case withoutText
    case deleted
    /// Somebody else's words, passed on.
    case forwarded
  }

  /// The line that it starts on, or its number among the file's messages; from 1.
  let number: Int
  let byteRange: Range<Int>
  /// Seconds from any beginning. Nil where the export has no time that could be read.
  let seconds: Int?
  let speaker: ChatSpeaker?
  var text: String
  var kind: Kind
}

/// What stands in a chat: messages, and places where there should be one.
enum ChatItem: Sendable {
  case message(ChatMessage)
  case fault(number: Int, byteRange: Range<Int>, RecordFault)
}

/// A day of the Gregorian calendar as a number, for differences (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
func dayNumber(year: Int, month: Int, day: Int) -> Int {
  let year = month <= 2 ? year - 1 : year
  let era = (year >= 0 ? year : year - 399) / 400
  let yearOfEra = year - era * 400
  let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
}
