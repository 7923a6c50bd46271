package import Artifacts
package import Foundation
internal import GRDB
internal import Glibc
internal import Hashing

/// Objects on their way into the store: written one after another into packs, and named by rows all at once. For one thread; several
/// batches may be under way at a time.
///
/// What is there already, byte for byte, is not written again, and a damaged copy is replaced. Memory holds a few MiB of bytes, and about
/// a hundred bytes for each object.
package final class ObjectBatch {
  /// Items that come to no more than this, and none of them large, need no pack.
  private static let inlineTotalLimit = 64 << 10
  private static let slabByteCount = 4 << 20
  private static let slabItemLimit = 2048

  /// A piece that waits in the slab.
  struct Item {
    let digest: Digest
    let start: Int
    let byteCount: Int
    let isNamed: Bool
  }

  /// A row to be.
  struct NewRow {
    let digest: Digest
    let byteCount: Int64
    let place: ObjectRow.Place
    let isNamed: Bool
    /// The row that is there must go: its bytes are damaged.
    let replaces: Bool
  }

  /// An object that holds others.
  struct Holding {
    let holder: Digest
    let members: [Digest]
    /// Of many members: the object that lists them.
    let list: Digest?
    /// They were seen to be there.
    let areKnown: Bool
  }

  private(set) var packs: [PackWriter] = []
  private(set) var rows: [NewRow] = []
  private(set) var inline: [(row: NewRow, bytes: Data)] = []
  private(set) var holdings: [Holding] = []
  /// What is in the store as a part of something, and is now asked for by name.
  private(set) var names: [Digest] = []
  /// What this batch has taken.
  private(set) var taken: Set<Digest> = []

  private let stored: StoredBytes
  private let calls: DiskCalls
  private let isReadSoon: Bool
  private let slab: UnsafeMutableRawBufferPointer
  private var filled = 0
  private var items: [Item] = []

  /// Without `isReadSoon`, much is written past the page cache.
  init(_ stored: StoredBytes, calls: DiskCalls, isReadSoon: Bool = true) {
    self.stored = stored
    self.calls = calls
    self.isReadSoon = isReadSoon
    slab = .allocate(byteCount: Self.slabByteCount, alignment: 4096)
  }

  deinit { slab.deallocate() }

  /// Takes an object. It can be read from the store once the whole batch is committed.
  package func add(_ bytes: Data) throws -> Digest {
    try bytes.withUnsafeBytes { bytes in
      guard bytes.count > ChunkCutter.wholeByteLimit else { return try keep(bytes, isNamed: true) }
      var large = LargeObject()
      _ = try large.take(bytes, isLast: true, into: self)
      return try large.finish(into: self)
    }
  }

  /// Takes an object that holds `members`, which must be there, or come in this batch before it ends: lineage, collection and `fsck` then go
  /// through it, and what gave it counts as done only while every one of them is there.
  package func add(_ bytes: Data, holding members: [Digest]) throws -> Digest {
    let holder = try add(bytes)
    try hold(holder, members)
    return holder
  }

  func hold(_ holder: Digest, _ members: [Digest], areKnown: Bool = false) throws {
    let members = Holdings.sorted(members)
    let isLong = members.count > Holdings.rowLimit
    let list = isLong ? try Holdings.bytes(listing: members).withUnsafeBytes { try keep($0, isNamed: false) } : nil
    holdings.append(Holding(holder: holder, members: members, list: list, areKnown: areKnown))
  }

  /// Takes bytes as one piece, whatever their size.
  func keep(_ bytes: UnsafeRawBufferPointer, isNamed: Bool) throws -> Digest {
    let digest = Digest(hashing: bytes)
    guard taken.insert(digest).inserted else {
      if isNamed { names.append(digest) }
      return digest
    }
    if filled + bytes.count > slab.count || items.count == Self.slabItemLimit { try flush() }
    guard bytes.count <= slab.count else {
      try write([Item(digest: digest, start: 0, byteCount: bytes.count, isNamed: isNamed)], from: bytes)
      return digest
    }
    UnsafeMutableRawBufferPointer(rebasing: slab[filled...]).copyMemory(from: bytes)
    append(digest, bytes.count, isNamed)
    return digest
  }

  /// Takes pieces of `bytes` that were hashed, and writes them from where they are.
  func keep(_ pieces: [Item], from bytes: UnsafeRawBufferPointer) throws {
    try write(pieces.filter { taken.insert($0.digest).inserted }, from: bytes)
  }

  /// Lets `fill` read a small object into memory, `byteLimit` bytes at most, and takes what it read.
  func keepSmall(_ byteLimit: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> (digest: Digest, byteCount: Int) {
    if filled + byteLimit > slab.count || items.count == Self.slabItemLimit { try flush() }
    let space = UnsafeMutableRawBufferPointer(rebasing: slab[filled..<(filled + byteLimit)])
    let count = try fill(space)
    let digest = Digest(hashing: UnsafeRawBufferPointer(rebasing: space[..<count]))
    if taken.insert(digest).inserted { append(digest, count, true) } else { names.append(digest) }
    return (digest, count)
  }

  private func append(_ digest: Digest, _ byteCount: Int, _ isNamed: Bool) {
    items.append(Item(digest: digest, start: filled, byteCount: byteCount, isNamed: isNamed))
    filled += byteCount
  }

  /// The row of an object that lies in chunks.
  func add(chunked digest: Digest, byteCount: Int64, list: Digest) {
    taken.insert(digest)
    rows.append(NewRow(digest: digest, byteCount: byteCount, place: .chunked(list: list), isNamed: true, replaces: true))
  }

  func name(_ digest: Digest) { names.append(digest) }

  // MARK: - Writing

  /// Nothing waits any more after this.
  func finish() throws {
    let isSmall = packs.isEmpty && filled <= Self.inlineTotalLimit && items.allSatisfy { $0.byteCount <= inlineByteLimit }
    guard isSmall else { return try flush() }
    for (item, replaces) in try unstored(items, in: UnsafeRawBufferPointer(slab)) {
      let row = NewRow(digest: item.digest, byteCount: Int64(item.byteCount), place: .inline, isNamed: item.isNamed, replaces: replaces)
      inline.append((row, Data(slab[item.start..<(item.start + item.byteCount)])))
    }
    forgetItems()
  }

  private func flush() throws {
    try write(items, from: UnsafeRawBufferPointer(slab))
    forgetItems()
  }

  private func forgetItems() {
    items.removeAll(keepingCapacity: true)
    filled = 0
  }

  /// Writes what the store does not have, neighbours together.
  private func write(_ items: [Item], from bytes: UnsafeRawBufferPointer) throws {
    let new = try unstored(items, in: bytes)
    var index = 0
    while index < new.count {
      let first = index
      while index + 1 < new.count, new[index].item.start + new[index].item.byteCount == new[index + 1].item.start { index += 1 }
      let run = bytes[new[first].item.start..<(new[index].item.start + new[index].item.byteCount)]
      let pack = try openPack()
      let offset = try pack.append(UnsafeRawBufferPointer(rebasing: run)) - Int64(new[first].item.start)
      for (item, replaces) in new[first...index] {
        let place = ObjectRow.Place.packed(pack: pack.id, offset: offset + Int64(item.start))
        rows.append(NewRow(digest: item.digest, byteCount: Int64(item.byteCount), place: place, isNamed: item.isNamed, replaces: replaces))
      }
      index += 1
    }
  }

  private func openPack() throws -> PackWriter {
    if let last = packs.last, last.byteCount < PackWriter.byteLimit { return last }
    let pack = try PackWriter(in: stored.layout.packs, layout: stored.layout, calls: calls, isReadSoon: isReadSoon)
    packs.append(pack)
    return pack
  }

  /// What is not in the store, or only as a damaged copy.
  private func unstored(_ items: [Item], in bytes: UnsafeRawBufferPointer) throws -> [(item: Item, replaces: Bool)] {
    guard !items.isEmpty else { return [] }
    return try stored.database.read { database in
      try zip(items, try ObjectRow.find(any: items.map(\.digest), in: database)).compactMap { item, row in
        guard let row else { return (item, false) }
        guard try stored.isIntact(row, bytes[item.start..<(item.start + item.byteCount)], in: database) else { return (item, true) }
        if item.isNamed && !row.isNamed { names.append(item.digest) }
        return nil
      }
    }
  }
}

/// An object that is cut into chunks while it is hashed.
struct LargeObject: ~Copyable {
  /// As much as is read at once: chunks are cut where a whole one of any length is in memory.
  static let windowByteCount = 4 << 20

  private var hasher = PiecewiseSHA256()
  private var list = ChunkList()

  /// Takes chunks from the front of `bytes`, all of it where nothing follows; gives how many bytes that were. What it did not take comes again,
  /// at the front. However long `bytes` is, it is handed on in windows: a pack is closed between two of them.
  mutating func take(_ bytes: UnsafeRawBufferPointer, isLast: Bool, into batch: ObjectBatch) throws -> Int {
    var pieces: [ObjectBatch.Item] = []
    var (taken, kept) = (0, 0)
    while isLast ? taken < bytes.count : bytes.count - taken >= ChunkCutter.maximum {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
      let count = ChunkCutter.firstLength(of: rest)
      let digest = hasher.take(UnsafeRawBufferPointer(rebasing: rest[..<count]))
      pieces.append(ObjectBatch.Item(digest: digest, start: taken, byteCount: count, isNamed: false))
      list.append(digest, byteCount: count)
      taken += count
      guard taken - kept >= Self.windowByteCount else { continue }
      try batch.keep(pieces, from: bytes)
      pieces.removeAll(keepingCapacity: true)
      kept = taken
    }
    if !pieces.isEmpty { try batch.keep(pieces, from: bytes) }
    return taken
  }

  var byteCount: Int64 { list.byteCount }

  /// An object of one chunk is that chunk.
  consuming func finish(into batch: ObjectBatch) throws -> Digest {
    let list = self.list
    let digest = hasher.finalize()
    guard list.chunks.count > 1 else {
      batch.name(digest)
      return digest
    }
    let listDigest = try list.bytes.withUnsafeBytes { try batch.keep($0, isNamed: false) }
    batch.add(chunked: digest, byteCount: list.byteCount, list: listDigest)
    return digest
  }
}
