internal import Artifacts

/// Where a record stands, its path spelled as the ledger spells it.
struct SpelledPlace {
  /// A JSON string, with its quotation marks.
  let file: [UInt8]
  let line: Int

  init(file: [UInt8], line: Int) { (self.file, self.line) = (file, line) }

  /// Of a line of a ledger. Nil where it is none.
  init?(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) {
    guard let (file, line) = Self.members(bytes, range) else { return nil }
    self.init(file: Array(bytes[file]), line: line)
  }

  /// Where the path stands in a line of a ledger, and the line within the file. Nil where it is none. Nothing is allocated for each of a million.
  static func members(_ bytes: CanonicalLine.Bytes, _ range: Range<Int>) -> (file: Range<Int>, line: Int)? {
    var members = CanonicalLine(bytes, range)
    var file, line: Range<Int>?
    while let member = members.next() {
      if bytes.holds("file", at: member.name) { file = member.value } else if bytes.holds("line", at: member.name) { line = member.value }
    }
    guard !members.isMalformed, let file, let number = line.flatMap(bytes.natural) else { return nil }
    return (file, number)
  }
}
