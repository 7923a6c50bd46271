package import Artifacts
package import Foundation
internal import Hashing

/// The records that survived, in the order of their ids.
///
/// On disk it is canonical lines (RFC 8785), each with a line feed. Order, names and splitting of the source files leave no trace in it.
package struct CuratedDataset: Sendable {
  package struct Row: Hashable, Sendable {
    package let id: RecordID
    package let conversation: String?
    /// Of the line within `bytes`, with its line feed.
    package let byteRange: Range<Int>
  }

  package let bytes: Data
  package let rows: [Row]

  package var count: Int { rows.count }

  /// The Merkle tree hash over the record ids, in order.
  package var root: Digest { MerkleTree.root(of: rows.map(\.id.digest)) }

  /// The records, in order. Parses them again: a dataset is kept as bytes.
  package func records() throws -> [DatasetRecord] {
    try CuratedDataset.lines(of: bytes).map { try $0.content.get() }
  }

  /// Hands out the records one after the other, in order, each with its row.
  package func forEachRecord(_ body: (Row, DatasetRecord) throws -> Void) throws {
    let parser = try LineParser()
    var failure: (any Error)?
    var rows = rows[...]
    try bytes.withUnsafeBytes { buffer in
      try parser.forEachLine(in: buffer, lineLimitInBytes: Int.max) { line in
        guard failure == nil, let row = rows.popFirst() else { return }
        do { try body(row, try line.content.get()) } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }

  /// Reads what was written, and refuses anything else: one dataset, one spelling.
  package init(parsing bytes: Data) throws {
    var rows: [Row] = []
    try bytes.withUnsafeBytes { buffer in
      for line in try CuratedDataset.lines(of: bytes) {
        guard case .success(let record) = line.content else { throw CurationError.malformedDataset(line: line.number, problem: "is not a record") }
        let range = line.byteRange.lowerBound..<(line.byteRange.upperBound + 1)
        guard range.upperBound <= buffer.count, buffer[line.byteRange].elementsEqual(record.lineBytes), range.lowerBound == rows.last?.byteRange.upperBound ?? 0
        else { throw CurationError.malformedDataset(line: line.number, problem: "is not in canonical form (RFC 8785)") }
        rows.append(Row(id: record.contentID, conversation: record.conversation, byteRange: range))
      }
      if rows.last?.byteRange.upperBound ?? 0 != buffer.count {
        throw CurationError.malformedDataset(line: rows.count + 1, problem: "is not in canonical form (RFC 8785)")
      }
    }
    for (index, pair) in zip(rows, rows.dropFirst()).enumerated() where pair.1.id < pair.0.id {
      throw CurationError.malformedDataset(line: index + 2, problem: "is out of order")
    }
    self.bytes = bytes
    self.rows = rows
  }

  /// The rows whose indices `isMember` takes, in the same order.
  package func filtered(at isMember: (Int) -> Bool) -> CuratedDataset {
    var bytes = Data()
    var rows: [Row] = []
    for (index, row) in self.rows.enumerated() where isMember(index) {
      let start = bytes.count
      bytes.append(self.bytes[self.bytes.startIndex + row.byteRange.lowerBound..<self.bytes.startIndex + row.byteRange.upperBound])
      rows.append(Row(id: row.id, conversation: row.conversation, byteRange: start..<bytes.count))
    }
    return CuratedDataset(bytes: bytes, rows: rows)
  }

  private init(bytes: Data, rows: [Row]) {
    self.bytes = bytes
    self.rows = rows
  }

  private static func lines(of bytes: Data) throws -> [LineParser.Line] {
    let parser = try LineParser()
    var lines: [LineParser.Line] = []
    try bytes.withUnsafeBytes { buffer in
      // A line of a dataset was within the limit when it was read; escapes may have made it longer since.
      try parser.forEachLine(in: buffer, lineLimitInBytes: Int.max) { lines.append($0) }
    }
    return lines
  }
}
