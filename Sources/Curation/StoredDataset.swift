package import Artifacts
package import Foundation
internal import Hashing

/// A curated dataset as a store keeps it: a list of shards, each an object of some hundred records, one line each. Strung together, the shards
/// are the dataset's lines, in the order of the ids (docs/curation.md, "Dataset").
///
/// Where a shard ends is for its last record's id to say, so that two versions of a dataset share all shards in which they do not differ, and
/// one record more writes one shard anew.
package struct StoredDataset: Sendable {
  package struct Shard: Hashable, Sendable {
    package let recordCount: Int
    package let byteCount: Int
    package let digest: Digest

    package init(recordCount: Int, byteCount: Int, digest: Digest) {
      (self.recordCount, self.byteCount, self.digest) = (recordCount, byteCount, digest)
    }
  }

  package typealias Load = @Sendable (Digest) throws -> Data

  package let shards: [Shard]
  private let load: Load

  package init(shards: [Shard], load: @escaping Load) { (self.shards, self.load) = (shards, load) }

  package var count: Int { shards.reduce(0) { $0 + $1.recordCount } }
  package var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

  /// The lines of one shard, as they are.
  package func bytes(of shard: Shard) throws -> Data {
    let bytes = try load(shard.digest)
    guard bytes.count == shard.byteCount else { throw CurationError.malformedDataset(line: 1, problem: "its shard has another size") }
    return bytes
  }

  /// One shard after the other, in order; each is read when its turn comes.
  package func forEachShard(_ body: (CuratedDataset) throws -> Void) throws {
    var last: RecordID?
    for shard in shards {
      let part = try CuratedDataset(parsing: try bytes(of: shard))
      guard part.count == shard.recordCount, let first = part.rows.first?.id, last.map({ $0 <= first }) ?? true else {
        throw CurationError.malformedDataset(line: 1, problem: "its shard is not the one that stands here")
      }
      last = part.rows.last?.id
      try body(part)
    }
  }

  package func forEachRecord(_ body: (CuratedDataset.Row, DatasetRecord) throws -> Void) throws {
    try forEachShard { try $0.forEachRecord(body) }
  }

  /// All records, in order: for who needs them all at once.
  package func records() throws -> [DatasetRecord] {
    var records: [DatasetRecord] = []
    records.reserveCapacity(count)
    try forEachRecord { records.append($1) }
    return records
  }

  /// The first records, of as many shards as that takes.
  package func first(_ limit: Int) throws -> [DatasetRecord] {
    var records: [DatasetRecord] = []
    for shard in shards where records.count < limit { records += try CuratedDataset(parsing: try bytes(of: shard)).records() }
    return Array(records.prefix(limit))
  }

  /// Which records stand in a shard, in order, read no further than that takes.
  package func identities(of shard: Shard) throws -> [(id: RecordID, conversation: String?)] {
    try bytes(of: shard).withUnsafeBytes { raw in
      let bytes = raw.bindMemory(to: UInt8.self)
      var identities: [(id: RecordID, conversation: String?)] = []
      identities.reserveCapacity(shard.recordCount)
      var start = 0
      while start < bytes.count {
        let end = bytes.endOfLine(from: start)
        guard let identity = RecordLine.identity(of: UnsafeRawBufferPointer(rebasing: raw[start..<end])) else {
          throw CurationError.malformedDataset(line: identities.count + 1, problem: "is not a record")
        }
        identities.append(identity)
        start = end + 1
      }
      return identities
    }
  }

  /// The records of some ids, each with the shard that it stands in.
  package func records(of ids: Set<RecordID>) throws -> [(shard: Shard, record: DatasetRecord)] {
    try shards.flatMap { shard -> [(shard: Shard, record: DatasetRecord)] in
      guard try identities(of: shard).contains(where: { ids.contains($0.id) }) else { return [] }
      var found: [(shard: Shard, record: DatasetRecord)] = []
      try CuratedDataset(parsing: try bytes(of: shard)).forEachRecord { row, record in
        if ids.contains(row.id) { found.append((shard, record)) }
      }
      return found
    }
  }

  package func ids() throws -> [RecordID] {
    var ids: [RecordID] = []
    ids.reserveCapacity(count)
    for shard in shards { ids += try identities(of: shard).map(\.id) }
    return ids
  }

  /// The Merkle tree hash over the record ids, in order.
  package func root() throws -> Digest { MerkleTree.root(of: try ids().map(\.digest)) }

  /// The whole of it in memory.
  package func whole() throws -> CuratedDataset {
    var bytes = Data(capacity: byteCount)
    for shard in shards { bytes.append(try self.bytes(of: shard)) }
    return try CuratedDataset(parsing: bytes)
  }
}

extension CuratedDataset {
  /// Cuts it as a store keeps it, and puts the pieces on a shelf.
  package func shards(on shelf: Shelf) throws -> [StoredDataset.Shard] {
    var cutter = ShardCutter()
    var shards: [StoredDataset.Shard] = []
    var start = 0
    for (index, row) in rows.enumerated() {
      let next = index + 1 < rows.count ? rows[index + 1].id.digest : nil
      guard cutter.ends(after: row.id.digest, byteCount: row.byteRange.count, next: next) else { continue }
      let range = rows[start].byteRange.lowerBound..<row.byteRange.upperBound
      let shard = Data(bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound])
      shards.append(StoredDataset.Shard(recordCount: index + 1 - start, byteCount: shard.count, digest: try shelf.put(shard)))
      start = index + 1
    }
    return shards
  }
}

// MARK: - The index

extension StoredDataset {
  static let schema = "soulpack.dataset/1"

  package var canonical: JSONValue {
    [
      "schema": .string(Self.schema), "records": .integer(Int64(count)), "bytes": .integer(Int64(byteCount)),
      "shards": .array(
        shards.map { ["records": .integer(Int64($0.recordCount)), "bytes": .integer(Int64($0.byteCount)), "digest": .digest($0.digest)] }),
    ]
  }

  /// Reads the index of this digest, which `load` gives as it gives the shards.
  package init(_ index: Digest, load: @escaping Load) throws { try self.init(parsing: try load(index), load: load) }

  /// Reads an index; `load` gives a shard by its digest.
  package init(parsing index: Data, load: @escaping Load) throws(CurationError) {
    // Why the bytes do not parse is of no use to anybody: they are not what soulpack writes.
    guard let value = try? JSONValue(parsingCanonical: index), value["schema"]?.string == Self.schema, let values = value["shards"]?.array else {
      throw .malformedDataset(line: 1, problem: "is not the index of a dataset")
    }
    let shards = values.compactMap { value -> Shard? in
      guard let records = value.natural("records"), let bytes = value.natural("bytes"), let digest = value["digest"]?.digest else { return nil }
      return Shard(recordCount: records, byteCount: bytes, digest: digest)
    }
    self.init(shards: shards, load: load)
    guard shards.count == values.count, value.natural("records") == count, value.natural("bytes") == byteCount else {
      throw .malformedDataset(line: 1, problem: "is not the index of a dataset")
    }
  }
}
