internal import Artifacts
internal import Foundation
internal import Hashing

/// Puts the lines of the records that were kept into their order, and on a shelf, shard by shard.
struct DatasetWriter: Sendable {
  private let records: AssessedRecords
  private let lines: LineStore
  private let workers: Workers
  private let shelf: Shelf

  init(_ records: AssessedRecords, _ lines: LineStore, _ workers: Workers, _ shelf: Shelf) {
    (self.records, self.lines, self.workers, self.shelf) = (records, lines, workers, shelf)
  }

  func shards() async throws -> [StoredDataset.Shard] {
    let order = try sorted((0..<records.count).filter(records.isKept))
    let ranges = shardRanges(of: order)
    return try await workers.slices(of: ranges.count, widestAt: 4) { numbers in
      try numbers.map { try shard(order[ranges[$0]]) }
    }.flatMap { $0 }
  }

  private func shard(_ records: ArraySlice<UInt32>) throws -> StoredDataset.Shard {
    var (bytes, line): ([UInt8], [UInt8]) = ([], [])
    for record in records { try append(Int(record), to: &bytes, &line) }
    return StoredDataset.Shard(recordCount: records.count, byteCount: bytes.count, digest: try shelf.put(Data(bytes)))
  }

  private func append(_ record: Int, to bytes: inout [UInt8], _ line: inout [UInt8]) throws {
    let span = records.row(record).finalLine
    let (conversation, license) = (records.conversation(of: record), records.license(of: record))
    guard conversation != nil || license != nil else {
      try lines.read(span.start, count: Int(span.count), into: &bytes)
      return bytes.append(UInt8(ascii: "\n"))
    }
    line.removeAll(keepingCapacity: true)
    try lines.read(span.start, count: Int(span.count), into: &line)
    line.withUnsafeBytes { RecordLine.append($0, conversation: conversation, license: license, to: &bytes) }
  }

  private func shardRanges(of order: [UInt32]) -> [Range<Int>] {
    var cutter = ShardCutter()
    var ranges: [Range<Int>] = []
    var start = 0
    for (index, record) in order.enumerated() {
      let row = records.row(Int(record))
      let next = index + 1 < order.count ? records.row(Int(order[index + 1])).finalID : nil
      if cutter.ends(after: row.finalID, byteCount: Int(row.finalLine.count) + 1, next: next) {
        ranges.append(start..<index + 1)
        start = index + 1
      }
    }
    return ranges
  }

  /// By id; equal ids (there are none after deduplication, but for what redaction made equal) by the bytes of the line.
  private func sorted(_ kept: [Int]) throws -> [UInt32] {
    var keys = kept.map { (id: records.row($0).finalID, record: UInt32($0)) }
    keys.sort { $0.id < $1.id }
    var start = 0
    for index in keys.indices where index + 1 == keys.count || keys[index + 1].id != keys[index].id {
      if index > start { try sortByLine(&keys[start...index]) }
      start = index + 1
    }
    return keys.map(\.record)
  }

  private func sortByLine(_ keys: inout ArraySlice<(id: Digest, record: UInt32)>) throws {
    var line: [UInt8] = []
    let spelled = try keys.map { key in
      var bytes: [UInt8] = []
      try append(Int(key.record), to: &bytes, &line)
      return (bytes: bytes, key: key)
    }
    let sorted = spelled.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for (index, element) in zip(keys.indices, sorted) { keys[index] = element.key }
  }
}
