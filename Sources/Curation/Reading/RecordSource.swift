/// Where a record stands in the folder that was curated: what `soulpack why FILE:LINE` is asked with.
package struct RecordPlace: Hashable, Sendable {
  /// The path within the snapshot.
  package let file: String
  /// The line that the record starts on, counted from 1. No two records of a file start on one line.
  package let line: Int

  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}

/// `FILE:LINE`, as `soulpack why` takes it.
extension RecordPlace: CustomStringConvertible {
  package var description: String { "\(file):\(line)" }
}

/// By the bytes of the path, then by line. Swift's own comparison of strings takes canonically equivalent paths for one; a file system does
/// not.
extension RecordPlace: Comparable {
  package static func == (left: RecordPlace, right: RecordPlace) -> Bool { left.line == right.line && left.isIn(right.file) }

  package func hash(into hasher: inout Hasher) {
    for byte in file.utf8 { hasher.combine(byte) }
    hasher.combine(line)
  }

  func isIn(_ file: String) -> Bool { self.file.utf8.elementsEqual(file.utf8) }

  package static func < (left: RecordPlace, right: RecordPlace) -> Bool {
    if left.isIn(right.file) { return left.line < right.line }
    return left.file.utf8.lexicographicallyPrecedes(right.file.utf8)
  }
}

/// The bytes that a record was read from.
package struct RecordSource: Hashable, Sendable {
  package let place: RecordPlace
  /// From the start of the file.
  package let byteRange: Range<Int>

  package init(file: String, line: Int, byteRange: Range<Int>) {
    place = RecordPlace(file: file, line: line)
    self.byteRange = byteRange
  }
}
