internal import Artifacts
internal import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// Reading what rows name, each piece hashed again before anybody sees it.
struct StoredBytes: Sendable {
  let layout: StoreLayout
  let database: StoreDatabase
  let shelf: PackShelf

  /// A whole object of any size that fits in memory.
  func bytes(of row: ObjectRow, in database: Database) throws -> Data {
    switch row.place {
    case .inline:
      guard let bytes = try ObjectRow.inlineBytes(of: row.digest, in: database) else { throw StoreError.objectMissing(row.digest) }
      return try verified(bytes, row.digest, place: layout.database)
    case .loose: return try verified(try openLoose(row.digest).read(atMost: Int(row.byteCount)), row.digest, place: layout.loose(row.digest))
    case .packed(let pack, let offset): return try packed(row.digest, Int(row.byteCount), pack, offset)
    case .chunked(let list):
      return try naming(row.digest) {
        let list = try chunkList(list, in: database)
        var bytes = Data(capacity: Int(row.byteCount))
        for row in try rows(of: list.chunks, in: database) { bytes.append(try self.bytes(of: row, in: database)) }
        guard bytes.count == Int(row.byteCount) else { throw StoreError.objectChanged(row.digest, place: layout.database) }
        return bytes
      }
    }
  }

  func packed(_ digest: Digest, _ byteCount: Int, _ pack: Int64, _ offset: Int64) throws -> Data {
    guard let bytes = try shelf.read(byteCount, at: offset, ofPack: pack) else { throw StoreError.objectMissing(digest) }
    return try verified(bytes, digest, place: layout.pack(pack))
  }

  func chunkList(_ digest: Digest, in database: Database) throws -> ChunkList {
    guard let row = try ObjectRow.find(any: digest, in: database) else { throw StoreError.objectMissing(digest) }
    guard let list = ChunkList(parsing: try bytes(of: row, in: database)) else { throw StoreError.objectChanged(digest, place: layout.database) }
    return list
  }

  /// The rows of chunks, every one of which must be there and of the length that the list says.
  func rows(of chunks: some Collection<ChunkList.Chunk>, in database: Database) throws -> [ObjectRow] {
    try zip(chunks, try ObjectRow.find(any: chunks.map(\.digest), in: database)).map { chunk, row in
      guard let row else { throw StoreError.objectMissing(chunk.digest) }
      guard row.byteCount == Int64(chunk.byteCount) else { throw StoreError.objectChanged(chunk.digest, place: layout.database) }
      return row
    }
  }

  /// Hands the object on in pieces of bounded size, in their order.
  func stream(_ row: ObjectRow, to onward: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch row.place {
    case .inline, .packed: try database.read { try bytes(of: row, in: $0) }.withUnsafeBytes { try onward($0) }
    case .loose:
      let found = try openLoose(row.digest).hash(handing: onward).digest
      guard found == row.digest else { throw StoreError.objectChanged(row.digest, place: layout.loose(row.digest)) }
    case .chunked(let list):
      let chunks: [ChunkList.Chunk] = try naming(row.digest) { try database.read { try chunkList(list, in: $0) }.chunks }
      for start in stride(from: 0, to: chunks.count, by: 64) {
        // Some at a time: an export of minutes does not hold one moment of the database open.
        let parts: [ObjectRow] = try naming(row.digest) { try database.read { try rows(of: chunks[start..<min(start + 64, chunks.count)], in: $0) } }
        for part in parts {
          try naming(row.digest) { try database.read { try bytes(of: part, in: $0) } }.withUnsafeBytes { try onward($0) }
        }
      }
    }
  }

  /// What is wrong with a part is wrong with the object that was asked for.
  func naming<Value>(_ digest: Digest, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch StoreError.objectMissing {
      throw StoreError.objectMissing(digest)
    } catch StoreError.objectChanged(_, let place) {
      throw StoreError.objectChanged(digest, place: place)
    }
  }

  /// Whether what the row names is these bytes.
  func isIntact(_ row: ObjectRow, _ bytes: Slice<UnsafeRawBufferPointer>, in database: Database) throws -> Bool {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes)
    guard row.byteCount == bytes.count else { return false }
    let found: Data?
    switch row.place {
    case .inline: found = try ObjectRow.inlineBytes(of: row.digest, in: database)
    case .packed(let pack, let offset): found = try shelf.read(bytes.count, at: offset, ofPack: pack)
    case .loose, .chunked: found = try? self.bytes(of: row, in: database)  // Whatever is wrong with it, it is written anew.
    }
    return found?.withUnsafeBytes { found in
      guard found.count == bytes.count else { return false }
      guard let left = found.baseAddress, let right = bytes.baseAddress else { return true }
      return memcmp(left, right, found.count) == 0
    } ?? false
  }

  /// True where no row names the object any more.
  func isLost(_ digest: Digest, in database: Database) throws -> Bool { try ObjectRow.find(any: digest, in: database) == nil }

  func openLoose(_ digest: Digest) throws -> OpenFile {
    do {
      return try OpenFile(layout.loose(digest), O_RDONLY | O_NOFOLLOW)
    } catch StoreError.system(_, _, ENOENT) {
      throw StoreError.objectMissing(digest)
    }
  }

  private func verified(_ bytes: Data, _ digest: Digest, place: String) throws -> Data {
    guard Digest(hashing: bytes) == digest else { throw StoreError.objectChanged(digest, place: place) }
    return bytes
  }
}
