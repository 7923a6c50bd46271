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
  mutating func isThere(_ row: ObjectRow) throws -> Bool { try areThere([row])[0] }

  /// Of each row. Rows are looked up for all of them at once, and not for each one's chunks.
  mutating func areThere(_ rows: [ObjectRow?]) throws -> [Bool] {
    let lists = try chunkLists(of: rows)
    var chunks = try ObjectRow.find(any: lists.values.lazy.flatMap { $0.chunks.lazy.map(\.digest) }, in: database)[...]
    var isWhole: [Digest: Bool] = [:]
    for (digest, list) in lists {
      isWhole[digest] = chunks.prefix(list.chunks.count).allSatisfy { $0.map { isPieceThere($0) } ?? false }
      chunks = chunks.dropFirst(list.chunks.count)
    }
    return rows.map { row in
      guard let row else { return false }
      guard case .chunked(let list) = row.place else { return isPieceThere(row) }
      // Without its list, the object is not there.
      return lists[list]?.byteCount == row.byteCount && isWhole[list] == true
    }
  }

  /// By their digests; one that is gone or damaged is not among them, whatever the reason.
  private func chunkLists(of rows: [ObjectRow?]) throws -> [Digest: ChunkList] {
    let digests = Set(rows.compactMap { row -> Digest? in if case .chunked(let list)? = row?.place { list } else { nil } })
    var lists: [Digest: ChunkList] = [:]
    for case let row? in try ObjectRow.find(any: digests, in: database) {
      if let bytes = try? store.bytes(of: row, in: database), let list = ChunkList(parsing: bytes) { lists[row.digest] = list }
    }
    return lists
  }

  /// What lies in one piece.
  private mutating func isPieceThere(_ row: ObjectRow) -> Bool {
    switch row.place {
    case .inline: return true
    case .loose:
      let status = FileStatus(at: store.layout.loose(row.digest), followingLinks: false)
      return status?.kind == .regular && status?.byteCount == row.byteCount
    case .packed(let pack, let offset):
      return byteCount(ofPack: pack).map { $0 >= offset + row.byteCount } ?? false
    case .chunked: return (try? areThere([row]))?.first == true  // A chunk that is in chunks itself: the answer is all that is asked.
    }
  }

  /// Nil where all are there and have a name.
  mutating func firstMissing(of digests: [Digest]) throws -> Digest? {
    let rows = try ObjectRow.find(any: digests, in: database)
    return zip(digests, zip(rows, try areThere(rows))).first { !$0.1.1 || $0.1.0?.isNamed != true }?.0
  }

  private mutating func byteCount(ofPack id: Int64) -> Int64? {
    if let known = packs[id] { return known }
    let found = store.shelf.byteCount(ofPack: id)
    packs[id] = .some(found)
    return found
  }
}
