package import Artifacts
package import Foundation
internal import GRDB
internal import Synchronization

/// Parts of one object, each verified before it is given. Of a large object only the chunks that hold the part are read; memory holds one of
/// them. May be used by several threads.
package final class ObjectReader: Sendable {
  package let byteCount: Int64
  private let row: ObjectRow
  private let stored: StoredBytes
  private let list: ChunkList
  /// The chunk that was read last: parts mostly follow each other.
  private let last = Mutex<(index: Int, bytes: Data)?>(nil)

  fileprivate init(_ row: ObjectRow, _ stored: StoredBytes) throws {
    byteCount = row.byteCount
    self.row = row
    self.stored = stored
    switch row.place {
    case .chunked(let digest): list = try stored.naming(row.digest) { try stored.database.read { try stored.chunkList(digest, in: $0) } }
    case .inline, .packed:
      var whole = ChunkList()
      if row.byteCount > 0 { whole.append(row.digest, byteCount: Int(row.byteCount)) }
      list = whole
    case .loose:
      list = ChunkList()
      try stored.stream(row) { _ in }  // Older stores knew no chunks: all of it is hashed once, and parts are then taken from the file.
    }
    guard row.place == .loose || list.byteCount == row.byteCount else { throw StoreError.objectChanged(row.digest, place: stored.layout.database) }
  }

  /// The bytes of `range`, which must lie within the object.
  package func read(_ range: Range<Int64>) throws -> Data {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside of the object")
    guard !range.isEmpty else { return Data() }
    guard row.place != .loose else { return try loose(range) }
    var index = list.index(at: range.lowerBound)
    var result = try part(index, range)
    while list.starts[index + 1] < range.upperBound {
      index += 1
      result.append(try part(index, range))
    }
    return result
  }

  /// What of `range` lies in one chunk.
  private func part(_ index: Int, _ range: Range<Int64>) throws -> Data {
    let bytes = try chunk(index)
    let start = list.starts[index]
    let low = max(0, Int(range.lowerBound - start))
    let high = min(bytes.count, Int(range.upperBound - start))
    return low == 0 && high == bytes.count ? bytes : bytes.subdata(in: low..<high)
  }

  private func chunk(_ index: Int) throws -> Data {
    if let bytes = last.withLock({ $0?.index == index ? $0?.bytes : nil }) { return bytes }
    let bytes: Data = try stored.naming(row.digest) {
      try stored.database.read { database in
        try stored.rows(of: [list.chunks[index]], in: database).map { try stored.bytes(of: $0, in: database) }[0]
      }
    }
    last.withLock { $0 = (index, bytes) }
    return bytes
  }

  private func loose(_ range: Range<Int64>) throws -> Data {
    let file = try stored.openLoose(row.digest)
    var bytes = Data(count: range.count)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: range.lowerBound) }
    guard count == range.count else { throw StoreError.objectChanged(row.digest, place: file.path) }
    return bytes
  }
}

extension ObjectStore {
  /// Parts of an object. Throws `StoreError.objectMissing` where it is not there.
  package func open(_ digest: Digest) throws -> ObjectReader { try ObjectReader(try row(digest), stored) }
}
