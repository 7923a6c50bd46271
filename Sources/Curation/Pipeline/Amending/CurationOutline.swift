internal import Artifacts
internal import Foundation

/// The last run's result in a form that can be amended: what was read, in its order, and what dataset and ledger are made of. With the pages of its
/// base it says of every record what became of it; it holds no record itself.
///
/// Every record has a **handle**, a number that stays its own while its file is edited around it; every content that is compared a **content
/// number**. Those of the base are counted, handles in the order of the sources and contents in that of ids; later ones go on from there.
struct CurationOutline: Sendable {
  /// Of a stretch of files: how many files and blocks are its own.
  struct Span: Sendable {
    let key: Digest
    var fileCount: UInt32
    var blockCount: UInt32
  }

  /// What was found in one errand.
  struct Block: Sendable {
    let key: Digest
    var partCount: UInt32
    var rowCount: UInt32
    var runCount: UInt32
  }

  /// Handles that follow upon each other, of rows that do.
  struct Run: Sendable {
    let first: UInt32
    let count: UInt32
  }

  struct Chunk: Sendable {
    var chunk: StoredLedger.Chunk
    /// Its first records of these fates, by their numbers in it.
    var firstDropped: Int?
    var firstMerged: Int?
  }

  struct Shard: Sendable {
    let first: Digest
    let shard: StoredDataset.Shard
  }

  /// The pages that all of it stands on.
  var base: BaseOutline
  var nextHandle: UInt32
  var nextContent: UInt32
  /// How many contents are compared.
  var contentCount: Int
  var spans: [Span] = []
  /// Of each file that is read, in their order: the number of its kind among all kinds.
  var kinds: [UInt8] = []
  var blocks: [Block] = []
  /// Of each block, one after the other; a part's file by its place in its stretch.
  var parts: [Assessment.Part] = []
  /// Of each block, one after the other.
  var runs: [Run] = []
  var chunks: [Chunk] = []
  var shards: [Shard] = []
  var tally = LedgerTally()
  var near = NearOutline()
  /// Records that came after the base, by id.
  var added: [IndexedRecord] = []
  /// Their content numbers.
  var addedContents: [UInt32] = []
  /// The keys of contents that came after the base, each above its content number, sorted within each band, one band after the other.
  var addedKeys: [UInt64] = []
  /// Places that the summary names, by handle, so that nobody has to look them up again.
  var places: [UInt32: RecordPlace] = [:]

  /// To be raised when an outline, its pages or anything else that is remembered is spelt otherwise, even where no size changes: what earlier releases
  /// left is then not asked for.
  static let layoutVersion = 1

  /// Where the last run of a curation left its own.
  static func key(_ desk: RecallDesk) -> Digest { desk.latest("outline") }
}

/// How the pages of a base are laid out.
struct BaseOutline: Sendable {
  /// What the base is of.
  var name: Digest
  var recordCount = 0
  /// Of each page of the index of contents: the first half of its first id.
  var idDirectory: [UInt64] = []
  /// The number of bands, and of contents that have keys.
  var bands = 0
  var keyedCount = 0
  /// Of each page of each band: its first key.
  var keyDirectory: [UInt32] = []

  static let idsPerPage = 2_048
  static let keysPerPage = 4_096
  static let countersPerPage = 8_192

  var keyPagesInBand: Int { (keyedCount + Self.keysPerPage - 1) / Self.keysPerPage }
}

/// One record among those that are compared, to be found by its content.
struct IndexedRecord: Sendable {
  let id: HalfDigest
  let handle: UInt32
  /// 1 where it has a conversation key.
  let flags: UInt32

  var hasConversation: Bool { flags & 1 != 0 }
}

/// What is known of near duplicates.
struct NearOutline: Sendable {
  /// A content that gave way to another, with the records that stand for both.
  struct Merge: Hashable, Sendable {
    var member: UInt32
    var keeper: UInt32
    var memberHandle: UInt32
    var keeperHandle: UInt32
    var similarityPPM: UInt32
  }

  var limit = 0
  /// Counters that reach the limit, ascending.
  var suspects: [UInt32] = []
  /// In how many contents each of their shingles stands, ascending by shingle.
  var shingles: [UInt64] = []
  var counts: [UInt32] = []
  /// What is to be added to counters of the base.
  var slots: [UInt32] = []
  var steps: [Int32] = []
  /// By member.
  var merges: [Merge] = []

  func merge(of content: UInt32) -> Merge? {
    let place = merges.partitionPoint { $0.member >= content }
    return place < merges.count && merges[place].member == content ? merges[place] : nil
  }

  func count(of shingle: UInt64) -> Int {
    let place = shingles.partitionPoint { $0 >= shingle }
    return place < shingles.count && shingles[place] == shingle ? Int(counts[place]) : 0
  }

  func isSuspect(_ slot: UInt32) -> Bool {
    let place = suspects.partitionPoint { $0 >= slot }
    return place < suspects.count && suspects[place] == slot
  }

  func isTemplate(_ shingle: UInt64) -> Bool { isSuspect(ShingleSketch.slot(of: shingle)) && count(of: shingle) >= limit }
}

// MARK: - Spelling

extension CurationOutline {
  var bytes: [UInt8] {
    var writer = RecallWriter()
    writer.digest(base.name)
    for number in [base.recordCount, base.bands, base.keyedCount, Int(nextHandle), Int(nextContent), contentCount] { writer.number(number) }
    writer.array(base.idDirectory)
    writer.array(base.keyDirectory)
    writer.array(spans)
    writer.array(kinds)
    writer.array(blocks)
    writer.array(parts)
    writer.array(runs)
    writer.number(chunks.count)
    for chunk in chunks {
      writer.text(chunk.chunk.first.file)
      for number in [chunk.chunk.first.line, chunk.chunk.recordCount, chunk.chunk.byteCount] { writer.number(number) }
      for number in [chunk.firstDropped, chunk.firstMerged] { writer.number(number ?? -1) }
      writer.digest(chunk.chunk.digest)
    }
    writer.number(shards.count)
    for shard in shards {
      writer.digest(shard.first)
      writer.shard(shard.shard)
    }
    tally.write(to: &writer)
    writer.array(Array(tally.lengths.keys))
    writer.array(Array(tally.lengths.values))
    near.write(to: &writer)
    writer.array(added)
    writer.array(addedContents)
    writer.array(addedKeys)
    writer.number(places.count)
    for (handle, place) in places {
      writer.number(Int(handle))
      writer.text(place.file)
      writer.number(place.line)
    }
    return writer.bytes
  }

  init(_ data: Data) throws(RecallMiss) {
    var reader = RecallReader(data)
    base = BaseOutline(name: try reader.digest())
    (base.recordCount, base.bands, base.keyedCount) = (try reader.number(), try reader.number(), try reader.number())
    (nextHandle, nextContent, contentCount) = (UInt32(clamping: try reader.number()), UInt32(clamping: try reader.number()), try reader.number())
    base.idDirectory = try reader.array(of: UInt64.self)
    base.keyDirectory = try reader.array(of: UInt32.self)
    spans = try reader.array(of: Span.self)
    kinds = try reader.array(of: UInt8.self)
    blocks = try reader.array(of: Block.self)
    parts = try reader.array(of: Assessment.Part.self)
    runs = try reader.array(of: Run.self)
    for _ in 0..<max(0, try reader.number()) { chunks.append(try reader.outlinedChunk()) }
    for _ in 0..<max(0, try reader.number()) { shards.append(Shard(first: try reader.digest(), shard: try reader.shard())) }
    tally = try LedgerTally(&reader)
    let lengths = try reader.array(of: Int.self)
    tally.setLengths(Dictionary(zip(lengths, try reader.array(of: Int.self))) { first, _ in first })
    near = try NearOutline(&reader)
    added = try reader.array(of: IndexedRecord.self)
    addedContents = try reader.array(of: UInt32.self)
    addedKeys = try reader.array(of: UInt64.self)
    for _ in 0..<max(0, try reader.number()) {
      let handle = UInt32(clamping: try reader.number())
      places[handle] = RecordPlace(file: try reader.text(), line: try reader.number())
    }
    guard added.count == addedContents.count, blocks.reduce(0, { $0 + Int($1.partCount) }) == parts.count,
      blocks.reduce(0, { $0 + Int($1.runCount) }) == runs.count, spans.reduce(0, { $0 + Int($1.blockCount) }) == blocks.count,
      spans.reduce(0, { $0 + Int($1.fileCount) }) == kinds.count
    else { throw RecallMiss() }
  }
}

extension RecallReader {
  fileprivate mutating func outlinedChunk() throws(RecallMiss) -> CurationOutline.Chunk {
    let file = try text()
    var numbers: [Int] = []
    for _ in 0..<5 { numbers.append(try number()) }
    let chunk = StoredLedger.Chunk(
      first: RecordPlace(file: file, line: numbers[0]), recordCount: numbers[1], byteCount: numbers[2], digest: try digest())
    return CurationOutline.Chunk(
      chunk: chunk, firstDropped: numbers[3] < 0 ? nil : numbers[3], firstMerged: numbers[4] < 0 ? nil : numbers[4])
  }
}

extension NearOutline {
  fileprivate func write(to writer: inout RecallWriter) {
    writer.number(limit)
    writer.array(suspects)
    writer.array(shingles)
    writer.array(counts)
    writer.array(slots)
    writer.array(steps)
    writer.array(merges)
  }

  fileprivate init(_ reader: inout RecallReader) throws(RecallMiss) {
    limit = try reader.number()
    suspects = try reader.array(of: UInt32.self)
    shingles = try reader.array(of: UInt64.self)
    counts = try reader.array(of: UInt32.self)
    slots = try reader.array(of: UInt32.self)
    steps = try reader.array(of: Int32.self)
    merges = try reader.array(of: Merge.self)
    guard shingles.count == counts.count, slots.count == steps.count else { throw RecallMiss() }
  }
}
