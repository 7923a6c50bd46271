internal import Artifacts
internal import Foundation

/// The shards of the dataset that the last run made, for the texts of records that were kept then.
struct OldShards: Sendable {
  /// In the order of the ids: of each its first record's.
  private let shards: [(first: Digest, shard: StoredDataset.Shard)]
  private let load: StoredDataset.Load

  init?(_ desk: RecallDesk, load: @escaping StoredDataset.Load) {
    // A damaged list is none: texts are then read from their files.
    guard let value = desk.values([desk.latest("shards")])[0], let shards = try? Self.shards(value) else { return nil }
    (self.shards, self.load) = (shards, load)
  }

  static func keep(_ shards: [(first: Digest, shard: StoredDataset.Shard)], _ desk: RecallDesk) {
    var writer = RecallWriter()
    writer.number(shards.count)
    for (first, shard) in shards {
      writer.digest(first)
      writer.shard(shard)
    }
    desk.keep(desk.latest("shards"), writer.bytes)
  }

  private static func shards(_ value: Data) throws(RecallMiss) -> [(first: Digest, shard: StoredDataset.Shard)] {
    var reader = RecallReader(value)
    var shards: [(first: Digest, shard: StoredDataset.Shard)] = []
    for _ in 0..<max(0, try reader.number()) { shards.append((try reader.digest(), try reader.shard())) }
    return shards
  }

  /// Lays aside the lines of these ids, as far as they are there.
  func layAside(_ ids: [Digest], in lines: LineStore, _ workers: Workers) async throws -> [Digest: LineSpan] {
    let wanted = Set(ids)
    var numbers: Set<Int> = []
    for id in wanted { numbers.formUnion(self.numbers(for: id)) }
    let found = try await workers.map(numbers.sorted()) { number in
      // A shard that is gone holds nothing.
      guard let data = try? load(shards[number].shard.digest) else { return [(Digest, LineSpan)]() }
      return try data.withUnsafeBytes { try Self.layAside(wanted, of: $0, in: lines) }
    }
    return Dictionary(found.joined()) { first, _ in first }
  }

  /// Where records of an id may stand: equal ones stand together.
  private func numbers(for id: Digest) -> Range<Int> {
    let after = shards.partitionPoint { $0.first > id }
    return max(0, after - 1)..<after
  }

  private static func layAside(_ wanted: Set<Digest>, of shard: UnsafeRawBufferPointer, in lines: LineStore) throws -> [(Digest, LineSpan)] {
    var found: [(Digest, LineSpan)] = []
    for line in shard.split(separator: UInt8(ascii: "\n")) {
      guard let (id, body) = RecordLine.content(of: UnsafeRawBufferPointer(rebasing: line)), wanted.contains(id.digest) else { continue }
      let start = try body.withUnsafeBytes { try lines.append($0) }
      found.append((id.digest, LineSpan(start: start, count: UInt32(clamping: body.count))))
    }
    return found
  }
}

extension RecallWriter {
  mutating func shard(_ shard: StoredDataset.Shard) {
    number(shard.recordCount)
    number(shard.byteCount)
    digest(shard.digest)
  }
}

extension RecallReader {
  mutating func shard() throws(RecallMiss) -> StoredDataset.Shard {
    StoredDataset.Shard(recordCount: try number(), byteCount: try number(), digest: try digest())
  }
}
