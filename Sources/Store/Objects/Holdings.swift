internal import Artifacts
internal import Foundation
internal import GRDB

/// Which objects hold which: snapshots and indices, and what they name. Few members are rows of `member`; many are an object that lists
/// them, since rows for a hundred thousand files would be written anew for each version of a folder.
enum Holdings {
  static let rowLimit = 1000

  /// Of digests that are sorted and each there once.
  static func bytes(listing members: [Digest]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: members.count * Digest.byteCount) { bytes, count in
      for member in members {
        member.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[count...]).copyMemory(from: $0) }
        count += Digest.byteCount
      }
    }
  }

  /// Digests by their order, each once. Their first bits are spread evenly: where there are many, most are in place once they are dealt out by these.
  static func sorted(_ digests: [Digest]) -> [Digest] {
    var sorted = digests.count < 4096 ? digests.sorted() : dealtOut(digests)
    var last: Digest?
    sorted.removeAll { digest in
      defer { last = digest }
      return digest == last
    }
    return sorted
  }

  private static func dealtOut(_ digests: [Digest]) -> [Digest] {
    let shift: UInt64 = 64 - 16
    var starts = [Int](repeating: 0, count: (1 << 16) + 1)
    for digest in digests { starts[Int(digest.words.x >> shift) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var (next, dealt) = (starts, digests)
    for digest in digests {
      let bits = Int(digest.words.x >> shift)
      dealt[next[bits]] = digest
      next[bits] += 1
    }
    for index in 1..<starts.count where starts[index] - starts[index - 1] > 1 { dealt[starts[index - 1]..<starts[index]].sort() }
    return dealt
  }

  private static func members(listedIn bytes: Data) -> [Digest] {
    bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count - bytes.count % Digest.byteCount, by: Digest.byteCount).compactMap { offset in
        bytes.baseAddress.map { Digest(at: $0 + offset) }
      }
    }
  }

  /// Sorted; none for what holds nothing.
  static func members(of holder: Digest, _ stored: StoredBytes, in database: Database) throws -> [Digest] {
    let listed = try database.cachedStatement(sql: "SELECT list FROM holder WHERE digest = ?")
    if let row = try Row.fetchOne(listed, arguments: [holder.blob]) {
      return members(listedIn: try bytes(of: try Digest(column: row["list"]), stored, in: database))
    }
    let statement = try RawStatement("SELECT digest FROM member WHERE holder = ?1 ORDER BY digest", in: database)
    statement.bind(holder, at: 1)
    var members: [Digest] = []
    while try statement.step() { members += try statement.digest(0).map { [$0] } ?? [] }
    return members
  }

  /// Sorted. Every list is read: who asks this, asks for one object's whole story.
  static func holders(of objects: Set<Digest>, _ stored: StoredBytes, in database: Database) throws -> [Digest] {
    var holders: Set<Digest> = []
    let statement = try RawStatement("SELECT holder FROM member WHERE digest = ?1", in: database)
    for object in objects {
      statement.bind(object, at: 1)
      while try statement.step() { holders.formUnion(try statement.digest(0).map { [$0] } ?? []) }
      statement.reset()
    }
    for (holder, list) in try lists(in: database) where try !stored.isLost(list, in: database) {
      if try members(listedIn: bytes(of: list, stored, in: database)).contains(where: objects.contains) { holders.insert(holder) }
    }
    return holders.sorted()
  }

  /// Every holder that is there and listed, with its list.
  static func lists(in database: Database) throws -> [(holder: Digest, list: Digest)] {
    try Row.fetchAll(database, sql: "SELECT digest, list FROM holder ORDER BY digest").map {
      (try Digest(column: $0["digest"]), try Digest(column: $0["list"]))
    }
  }

  static func insert(_ holding: ObjectBatch.Holding, in database: Database) throws {
    if let list = holding.list {
      try database.cachedStatement(sql: "INSERT OR REPLACE INTO holder (digest, list) VALUES (?, ?)")
        .execute(arguments: [holding.holder.blob, list.blob])
      return
    }
    let statement = try RawStatement("INSERT INTO member (holder, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING", in: database)
    statement.bind(holding.holder, at: 1)
    for member in holding.members {
      statement.bind(member, at: 2)
      try statement.run()
    }
  }

  private static func bytes(of list: Digest, _ stored: StoredBytes, in database: Database) throws -> Data {
    guard let row = try ObjectRow.find(any: list, in: database) else { throw StoreError.objectMissing(list) }
    return try stored.bytes(of: row, in: database)
  }
}
