internal import Foundation

/// Reads a file of JSON Lines, whole or in pieces that end at line feeds, so that one large file can keep every core busy.
enum JSONLinesReader {
  /// A run of whole lines within a file.
  struct Chunk: Sendable {
    let byteRange: Range<Int>
    /// The number of its first line in the file, from 1.
    let firstLine: Int
  }

  /// Cuts at the first line feed after every `size` bytes. A byte order mark at the very start is left out.
  static func chunks(of data: Data, size: Int) -> [Chunk] {
    data.withUnsafeBytes { bytes in
      var chunks: [Chunk] = []
      var start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
      var line = 1
      while start < bytes.count {
        let end = endOfLine(in: bytes, from: min(start + size, bytes.count) - 1)
        chunks.append(Chunk(byteRange: start..<end, firstLine: line))
        if end < bytes.count { line += lineFeeds(in: UnsafeRawBufferPointer(rebasing: bytes[start..<end])) }
        start = end
      }
      return chunks
    }
  }

  static func read(_ chunk: Chunk, of data: Data, file: String, _ dialect: RecordDialect? = nil) throws -> [Outcome] {
    let parser = try LineParser(dialect)
    var outcomes: [Outcome] = []
    try data.withUnsafeBytes { bytes in
      try parser.forEachLine(in: UnsafeRawBufferPointer(rebasing: bytes[chunk.byteRange])) { line in
        outcomes.append(outcome(of: line, in: chunk, file: file))
      }
    }
    return outcomes
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func outcome(of line: LineParser.Line, in chunk: Chunk, file: String) -> Outcome {
    let start = chunk.byteRange.lowerBound
    let range = (start + line.byteRange.lowerBound)..<(start + line.byteRange.upperBound)
    let source = RecordSource(file: file, line: chunk.firstLine + line.number - 1, byteRange: range)
    return Outcome(source, line.content)
  }

  /// One past the first line feed at or after `index`, or the end.
  private static func endOfLine(in bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
    guard let feed = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { return bytes.count }
    return feed + 1
  }

  private static func lineFeeds(in bytes: UnsafeRawBufferPointer) -> Int {
    var count = 0
    for byte in bytes where byte == UInt8(ascii: "\n") { count += 1 }
    return count
  }
}
