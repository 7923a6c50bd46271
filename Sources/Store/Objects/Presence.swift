internal import Artifacts
internal import Foundation
internal import GRDB

/// Whether objects are there in their full size, for one question about any number of them: each pack is looked at once.
struct Presence {
  private let store: StoredBytes
  private let database: Database
  private var packs: [Int64: Int64?] = [:]

  init(_ store: StoredBytes, _ database: Database) {
    self.store = store
    self.database = database
  }

  /// Sizes are looked at, and lists of chunks are read; other bytes are not.
  mutating func isThere(_ row: ObjectRow) throws -> Bool {
    switch row.place {
    case .inline: return true
    case .loose:
      let status = FileStatus(at: store.layout.loose(row.digest), followingLinks: false)
      return status?.kind == .regular && status?.byteCount == row.byteCount
    case .packed(let pack, let offset):
      return byteCount(ofPack: pack).map { $0 >= offset + row.byteCount } ?? false
    case .chunked(let list):
      guard let list = try? store.chunkList(list, in: database), list.byteCount == row.byteCount else {
        return false  // A list that is gone or damaged: without it the object is not there, whatever the reason.
      }
      return try areThere(list.chunks.map(\.digest))
    }
  }

  mutating func areThere(_ digests: [Digest]) throws -> Bool { try firstMissing(of: digests, mustBeNamed: false) == nil }

  /// Nil where all are there.
  mutating func firstMissing(of digests: [Digest], mustBeNamed: Bool = true) throws -> Digest? {
    for (digest, row) in zip(digests, try ObjectRow.find(any: digests, in: database)) {
      guard let row, row.isNamed || !mustBeNamed, try isThere(row) else { return digest }
    }
    return nil
  }

  private mutating func byteCount(ofPack id: Int64) -> Int64? {
    if let known = packs[id] { return known }
    let found = store.shelf.byteCount(ofPack: id)
    packs[id] = .some(found)
    return found
  }
}
