/// Where the chunks of a ledger end: after a part of a file, when one has so many records, or as many as at most; which of the parts, their place says.
struct LedgerCutter {
  private static let leastRecords = 512
  private static let mostRecords = 4_096

  private var closed: [Range<Int>] = []
  private var start = 0
  private var end = 0

  /// Adds the part that comes next in the order of the sources.
  mutating func add(_ part: Assessment.Part, _ recordCount: Int, path: @autoclosure () -> String) {
    end += recordCount
    // A part with more records than a chunk holds is cut by their number in it.
    while end - start > Self.mostRecords { close(at: start + Self.mostRecords) }
    if end - start >= Self.leastRecords, Self.ends(after: part, path()) { close(at: end) }
  }

  /// Of all parts that were added.
  var ranges: [Range<Int>] { start < end ? closed + [start..<end] : closed }

  private mutating func close(at end: Int) {
    closed.append(start..<end)
    start = end
  }

  /// One part in four, so that a file more moves the ends of few chunks after it.
  private static func ends(after part: Assessment.Part, _ path: String) -> Bool { part.line > 0 || PathHash.isOneInFour(path) }
}
