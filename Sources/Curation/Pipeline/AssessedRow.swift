internal import Artifacts

/// What is known of one record from itself alone: where it stands, its ids, and what the stages that look at one record said of it. No text.
///
/// Of a size that a million of them can be held. What varies in length stands in the `details` of the assessment that the row belongs to.
struct AssessedRow: Sendable {
  enum Ending: UInt8, Sendable {
    /// Its story ended before records are compared: it was not read, or dropped.
    case before
    /// It goes into the comparison, and would be dropped after it.
    case after
    /// It goes into the comparison, and is kept unless it is merged.
    case none
  }

  /// Of its first byte and its line, counted from the beginning of its part; in lines from 1.
  var offset = 0
  var byteCount = 0
  var line: UInt32 = 0
  /// Which of the parts of its assessment it was read from.
  var part: UInt32 = 0
  var ending = Ending.before
  /// Whether the first id is one: what could not be read has none.
  var hasID = false
  /// Of the content that records are compared by; of a record that ended before, as it was then.
  var id = Digest(words: .zero)
  /// Of the content that is kept or was dropped after the comparison.
  var finalID = Digest(words: .zero)
  /// Code points of both.
  var characters: UInt32 = 0
  var finalCharacters: UInt32 = 0
  /// Where its passages, its drop and its conversation key begin in `details`.
  var details: UInt32 = 0
  /// The number of its terms among those of its assessment.
  var terms = TermsTable.datasetsOwn
  /// The content that is kept, as a canonical line without the conversation key and the terms: where it lies among the lines that were laid aside.
  var finalLine = LineSpan()
  /// The content that records are compared by; the same span where no later stage changed it.
  var comparedLine = LineSpan()
  /// The number of its band keys among those of its assessment; none where it has no shingles.
  var keys: UInt32 = .max
}

/// Some bytes of the lines that were laid aside.
struct LineSpan: Hashable, Sendable {
  /// Where a line starts that was not laid aside, since it was recalled.
  static let nowhere = UInt64.max

  var start: UInt64 = 0
  var count: UInt32 = 0

  var isNowhere: Bool { start == Self.nowhere }
}
