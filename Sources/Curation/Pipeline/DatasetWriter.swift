internal import Artifacts
internal import Foundation
internal import Hashing

/// Puts the lines of the records that were kept into their order, and on a shelf, shard by shard.
struct DatasetWriter: Sendable {
  private var records: AssessedRecords
  private let lines: LineStore
  private let workers: Workers
  private let shelf: Shelf
  private let desk: RecallDesk

  init(_ records: AssessedRecords, _ lines: LineStore, _ workers: Workers, _ shelf: Shelf, _ desk: RecallDesk) {
    (self.records, self.lines, self.workers, self.shelf, self.desk) = (records, lines, workers, shelf, desk)
  }

  /// Shards that were made before and are still there are not made again. `load` gives the old ones, and `restorer` what they do not have.
  mutating func shards(_ load: @escaping StoredDataset.Load, _ restorer: TextRestorer) async throws -> [(first: Digest, shard: StoredDataset.Shard)] {
    let kept = (0..<records.count).filter(records.isKept)
    let order = sorted(kept)
    let ranges = shardRanges(of: order)
    let keys = desk.remembers ? try await keys(order, ranges) : []
    let known = recalled(keys, ranges)
    if desk.recalls {
      try await layAside(zip(ranges, known).lazy.filter { $0.1 == nil }.flatMap { order[$0.0] }.map { Int($0) }, load, restorer)
    }
    let writer = self
    let shards = try await workers.slices(of: ranges.count, widestAt: 4) { numbers in
      try numbers.map { try known[$0] ?? writer.shard(order[ranges[$0]]) }
    }.flatMap { $0 }
    let found = zip(ranges, shards).map { (first: records.row(Int(order[$0.lowerBound])).finalID, shard: $1) }
    remember(found, keys)
    return found
  }

  // MARK: - What is remembered

  /// Of all that the lines of each shard follow from.
  private func keys(_ order: [UInt32], _ ranges: [Range<Int>]) async throws -> [Digest] {
    try await workers.slices(of: ranges.count, widestAt: 16) { numbers in
      numbers.map { number in
        desk.key("shard") { writer in
          for record in order[ranges[number]] {
            writer.digest(records.row(Int(record)).finalID)
            writer.optional(records.conversation(of: Int(record)))
            writer.optional(records.license(of: Int(record)))
          }
        }
      }
    }.flatMap { $0 }
  }

  private func recalled(_ keys: [Digest], _ ranges: [Range<Int>]) -> [StoredDataset.Shard?] {
    guard desk.recalls else { return Array(repeating: nil, count: ranges.count) }
    return zip(desk.values(keys), ranges).map { value, range in
      guard let value else { return nil }
      var reader = RecallReader(value)
      // A damaged value is none, and the shard is written again.
      guard let shard = try? reader.shard(), shard.recordCount == range.count, desk.isStored(shard.digest) else { return nil }
      return shard
    }
  }

  private func remember(_ shards: [(first: Digest, shard: StoredDataset.Shard)], _ keys: [Digest]) {
    guard desk.remembers else { return }
    for (key, shard) in zip(keys, shards) {
      var writer = RecallWriter()
      writer.shard(shard.shard)
      desk.keep(key, writer.bytes)
    }
    OldShards.keep(shards, desk)
  }

  /// Sees to it that the lines of some records are laid aside.
  private mutating func layAside(_ wanted: [Int], _ load: @escaping StoredDataset.Load, _ restorer: TextRestorer) async throws {
    var missing = wanted.filter { records.row($0).finalLine.isNowhere }
    if !missing.isEmpty, let old = OldShards(desk, load: load) {
      let spans = try await old.layAside(missing.map { records.row($0).finalID }, in: lines, workers)
      for record in missing { if let span = spans[records.row(record).finalID] { records.setFinalLine(span, of: record) } }
      missing = missing.filter { records.row($0).finalLine.isNowhere }
    }
    try await restorer.restore(missing, in: &records)
  }

  // MARK: - Writing

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
  private func sorted(_ kept: [Int]) -> [UInt32] {
    var order = IDOrder.sorted(kept.count) { records.row(kept[$0]).finalID }.map { UInt32(kept[Int($0)]) }
    var start = 0
    for index in order.indices where index + 1 == order.count || finalID(order[index + 1]) != finalID(order[index]) {
      if index > start { sortByLine(&order[start...index]) }
      start = index + 1
    }
    return order
  }

  private func finalID(_ record: UInt32) -> Digest { records.row(Int(record)).finalID }

  /// The lines of one content differ in conversation key and licence alone, which stand before all other members that lines may differ by.
  private func sortByLine(_ order: inout ArraySlice<UInt32>) {
    let spelled = order.map { record in
      var writer = CanonicalWriter()
      writer.raw("{")
      writer.member("conversation", records.conversation(of: Int(record)))
      writer.member("license", records.license(of: Int(record)))
      writer.raw("\"messages\"")
      return (bytes: writer.bytes, record: record)
    }
    let sorted = spelled.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for (index, element) in zip(order.indices, sorted) { order[index] = element.record }
  }
}
