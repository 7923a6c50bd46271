package import Foundation

/// The bytes of one file of a snapshot, to be had by range: a large one is never held whole where its format can be cut.
package struct SourceFile: Sendable {
  package let byteCount: Int
  private let read: @Sendable (Range<Int>) throws -> Data

  /// `read` gives the bytes of a range of the file, and has verified them.
  package init(byteCount: Int, read: @escaping @Sendable (Range<Int>) throws -> Data) {
    self.byteCount = byteCount
    self.read = read
  }

  package init(_ data: Data) {
    self.init(byteCount: data.count) { data[data.startIndex + $0.lowerBound..<data.startIndex + $0.upperBound] }
  }

  func bytes(_ range: Range<Int>) throws -> Data { try read(range.clamped(to: 0..<byteCount)) }

  func contents() throws -> Data { try read(0..<byteCount) }
}
