internal import Archiving
internal import Artifacts
internal import Foundation

/// What is different in the sources since the last run, record by record: only files that changed, and those read with them, are opened.
struct SourceEdit {
  /// A record; `id` is that of its content, where it is compared.
  struct Record {
    let handle: UInt32
    let id: HalfDigest?
    var hasConversation = false
  }

  /// The last one's, with what is read now; what it makes of it is still the last run's.
  private(set) var outline: CurationOutline
  private(set) var listing: Listing
  /// Records that are not where they were, and are nowhere else in their file.
  private(set) var went: [Record] = []
  private(set) var came: [Record] = []
  /// Records that are still there and have another place, or came to be what they are in another way.
  private(set) var moved: [Record] = []
  private(set) var assessedBlocks = 0

  private let memory: StretchMemory
  private let last: OutlineIndex
  private let blocks: BlockShelf
  private let desk: RecallDesk
  /// Of each stretch of the last run, its number now, if it is the same; of the others what is remembered of it.
  private var numberNow: [Int?]
  private var gone: [Int: StretchRecord] = [:]

  init(_ last: OutlineIndex, _ listing: Listing, _ memory: StretchMemory, _ blocks: BlockShelf, _ desk: RecallDesk) throws {
    (self.last, self.listing, self.memory, self.blocks, self.desk) = (last, listing, memory, blocks, desk)
    outline = last.outline
    let old = Dictionary(last.outline.spans.enumerated().map { ($1.key, $0) }) { first, _ in first }
    numberNow = Array(repeating: nil, count: last.outline.spans.count)
    for (number, key) in memory.keys.enumerated() {
      guard let key else { throw RecallMiss() }
      if let span = old[key] { numberNow[span] = number }
    }
    let goneSpans = numberNow.indices.filter { numberNow[$0] == nil }
    let changes = memory.keys.count - (numberNow.count - goneSpans.count) + goneSpans.count
    // With many of them, it is as well to go through all.
    guard changes * 8 <= memory.keys.count + 16 else { throw RecallMiss() }
    for (span, value) in zip(goneSpans, desk.values(goneSpans.map { last.outline.spans[$0].key })) {
      guard let value else { throw RecallMiss() }
      gone[span] = try StretchRecord(value)
    }
  }

  // MARK: - Where files are

  /// Of a file by its stretch and its place there, in the last run.
  func lastEntry(_ span: Int, _ file: Int) throws -> Snapshot.Entry {
    if let number = numberNow[span] { return try entry(number, file) }
    guard let entries = gone[span]?.entries, entries.indices.contains(file) else { throw RecallMiss() }
    return entries[file]
  }

  /// In this run.
  func entry(_ span: Int, _ file: Int) throws -> Snapshot.Entry {
    let files = memory.stretches[span].files
    guard files.indices.contains(files.lowerBound + file) else { throw RecallMiss() }
    return listing.readable[files.lowerBound + file].1.entry
  }

  // MARK: - Reading

  /// What one errand came to: a block that was there, or one that was assessed now.
  private struct Found {
    let key: Digest
    /// With places in the stretch for files.
    var parts: [Assessment.Part]
    var lastBlock: Int?
    var assessment: Assessment?
  }

  mutating func read(_ assessor: Assessor, partByteCount: Int, _ limits: ArchiveLimits, _ load: @escaping Curator.Load) throws {
    for (span, number) in numberNow.enumerated() {
      guard let number else { continue }
      for (place, kind) in zip(memory.stretches[number].files, outline.kinds[last.firstFiles[span]..<last.firstFiles[span + 1]]) {
        guard FileKind.allCases.indices.contains(Int(kind)) else { throw RecallMiss() }
        listing.settle(as: FileKind.allCases[Int(kind)], of: listing.readable[place].0)
      }
    }
    let known = Set(numberNow.compactMap { $0 })
    let unknown = memory.stretches.indices.filter { !known.contains($0) }
    var waiting = lastBlocks()
    var found: [Int: [Found]] = [:]
    var reader = SourceReader(
      listing, stretches: unknown.map { ($0, memory.stretches[$0]) }, partByteCount: partByteCount, limits: limits, load: load)
    var bench = assessor.bench(counting: false)
    while let errand = try reader.next() {
      try Task.checkCancellation()
      found[errand.number >> 32, default: []].append(try self.found(errand, assessor, &bench, &waiting))
    }
    listing = reader.listing(counting: [:])
    try assemble(found, unread: waiting.values.flatMap { $0 })
    for number in unknown { keep(number, found[number, default: []]) }
  }

  /// The blocks of stretches that are gone, by their keys.
  private func lastBlocks() -> [Digest: [Int]] {
    var blocks: [Digest: [Int]] = [:]
    for span in gone.keys.sorted() {
      for block in last.firstBlocks[span]..<last.firstBlocks[span + 1] { blocks[outline.blocks[block].key, default: []].append(block) }
    }
    return blocks
  }

  private mutating func found(
    _ errand: SourceReader.Errand, _ assessor: Assessor, _ bench: inout Assessor.Bench, _ waiting: inout [Digest: [Int]]
  ) throws -> Found {
    guard let key = memory.blockKey(of: errand) else { throw RecallMiss() }
    let files = memory.stretches[errand.number >> 32].files
    let places = Dictionary(files.map { (listing.readable[$0].0, $0 - files.lowerBound) }) { first, _ in first }
    var found = Found(key: key, parts: [])
    for part in errand.parts {
      guard let place = places[part.file] else { throw RecallMiss() }
      found.parts.append(Assessment.Part(file: place, offset: part.offset, line: part.line))
    }
    if let block = waiting[key]?.first {
      waiting[key]?.removeFirst()
      found.lastBlock = block
      for (number, part) in last.parts(of: block).enumerated() { found.parts[number].recordCount = part.recordCount }
      return found
    }
    var assessment = try assessor.assess(errand, &bench)
    assessment.key = key
    guard assessment.terms.expressions.isEmpty else { throw RecallMiss() }
    memory.keep(assessment)
    for (number, part) in assessment.parts.enumerated() { found.parts[number].recordCount = part.recordCount }
    blocks.put(assessment, key)
    found.assessment = assessment
    assessedBlocks += 1
    return found
  }

  private func keep(_ number: Int, _ found: [Found]) {
    memory.keep(
      number,
      found.map { found in
        StretchRecord.Block(key: found.key, parts: found.parts.map { Assessment.Part(file: $0.file, offset: $0.offset, line: $0.line) })
      }, listing)
  }

  // MARK: - Putting together

  private struct PairKey: Hashable {
    /// In bytes: Swift's own comparison of strings takes canonically equivalent paths for one, and the ledger names the file as it is now.
    let path: [UInt8]
    let id: Digest
  }

  private mutating func assemble(_ found: [Int: [Found]], unread: [Int]) throws {
    let spanThen = Dictionary(numberNow.enumerated().compactMap { span, number in number.map { ($0, span) } }) { first, _ in first }
    var partners = try partners(in: unread.sorted())
    var next = outline
    (next.spans, next.kinds, next.blocks, next.parts, next.runs) = ([], [], [], [], [])
    for (number, stretch) in memory.stretches.enumerated() {
      if let span = spanThen[number] {
        next.spans.append(outline.spans[span])
        next.kinds += outline.kinds[last.firstFiles[span]..<last.firstFiles[span + 1]]
        let blocks = last.firstBlocks[span]..<last.firstBlocks[span + 1]
        next.blocks += outline.blocks[blocks]
        for block in blocks {
          next.parts += last.parts(of: block)
          next.runs += last.runs(of: block)
        }
        continue
      }
      guard let key = memory.keys[number] else { throw RecallMiss() }
      let own = found[number, default: []]
      next.spans.append(CurationOutline.Span(key: key, fileCount: UInt32(stretch.files.count), blockCount: UInt32(own.count)))
      for place in stretch.files {
        guard let kind = listing.kind(of: listing.readable[place].0), let index = FileKind.allCases.firstIndex(of: kind) else { throw RecallMiss() }
        next.kinds.append(UInt8(index))
      }
      for block in own { try append(block, number, &next, &partners) }
    }
    for partner in partners.values.joined() { went.append(Record(handle: partner.handle, id: partner.id)) }
    outline = next
  }

  private struct Partner {
    let handle: UInt32
    let id: HalfDigest
    let block: Int
    let row: Int
  }

  /// The records of blocks that are gone, to be met again in the order in which they stood.
  private mutating func partners(in blocks: [Int]) throws -> [PairKey: ArraySlice<Partner>] {
    var partners: [PairKey: [Partner]] = [:]
    for block in blocks {
      let parts = last.parts(of: block)
      let assessment = try self.blocks.block(outline.blocks[block].key, parts)
      let paths = try parts.map { Array(try lastEntry(last.spanOfBlock[block], $0.file).path.utf8) }
      guard assessment.rows.count == Int(outline.blocks[block].rowCount) else { throw RecallMiss() }
      for (number, row) in assessment.rows.enumerated() {
        let handle = last.handle(at: OutlineIndex.Place(block: block, row: number))
        guard row.ending != .before else {
          went.append(Record(handle: handle, id: nil))
          continue
        }
        guard paths.indices.contains(Int(row.part)) else { throw RecallMiss() }
        let partner = Partner(handle: handle, id: HalfDigest(row.id), block: block, row: number)
        partners[PairKey(path: paths[Int(row.part)], id: row.id), default: []].append(partner)
      }
    }
    return partners.mapValues { $0[...] }
  }

  private mutating func append(
    _ found: Found, _ number: Int, _ next: inout CurationOutline, _ partners: inout [PairKey: ArraySlice<Partner>]
  ) throws {
    var runs: [CurationOutline.Run] = []
    if let block = found.lastBlock {
      runs = Array(last.runs(of: block))
      if !zip(last.parts(of: block), found.parts).allSatisfy({ $0.offset == $1.offset && $0.line == $1.line }) { try noteMoved(block) }
    } else if let assessment = found.assessment {
      let paths = try found.parts.map { Array(try entry(number, $0.file).path.utf8) }
      for row in assessment.rows {
        let handle = try handle(of: row, assessment, paths, &next, &partners)
        if let run = runs.last, run.first + run.count == handle {
          runs[runs.count - 1] = CurationOutline.Run(first: run.first, count: run.count + 1)
        } else {
          runs.append(CurationOutline.Run(first: handle, count: 1))
        }
      }
    }
    let rowCount = runs.reduce(0) { $0 + $1.count }
    next.blocks.append(CurationOutline.Block(key: found.key, partCount: UInt32(found.parts.count), rowCount: rowCount, runCount: UInt32(runs.count)))
    next.parts += found.parts
    next.runs += runs
  }

  /// All records of a block that stands elsewhere in its file.
  private mutating func noteMoved(_ block: Int) throws {
    let rows = try blocks.block(outline.blocks[block].key, last.parts(of: block)).rows
    for (number, row) in rows.enumerated() {
      let handle = last.handle(at: OutlineIndex.Place(block: block, row: number))
      moved.append(Record(handle: handle, id: row.ending == .before ? nil : HalfDigest(row.id)))
    }
  }

  /// A record keeps its handle where its file had one of its content before.
  private mutating func handle(
    of row: AssessedRow, _ assessment: Assessment, _ paths: [[UInt8]], _ next: inout CurationOutline,
    _ partners: inout [PairKey: ArraySlice<Partner>]
  ) throws -> UInt32 {
    let id = row.ending == .before ? nil : HalfDigest(row.id)
    if id != nil, let partner = partners[PairKey(path: paths[Int(row.part)], id: row.id)]?.first {
      let old = try blocks.block(outline.blocks[partner.block].key, last.parts(of: partner.block))
      let was = old.rows[partner.row]
      if was.finalID == row.finalID, was.ending == row.ending, old.conversationKey(of: was) == assessment.conversationKey(of: row) {
        partners[PairKey(path: paths[Int(row.part)], id: row.id)]?.removeFirst()
        if !isSame(was, old, last.parts(of: partner.block), row, assessment) { moved.append(Record(handle: partner.handle, id: id)) }
        return partner.handle
      }
    }
    let handle = next.nextHandle
    guard handle < .max else { throw RecallMiss() }
    next.nextHandle += 1
    came.append(Record(handle: handle, id: id, hasConversation: assessment.conversation(of: row) != nil))
    return handle
  }

  private func isSame(
    _ was: AssessedRow, _ old: Assessment, _ parts: ArraySlice<Assessment.Part>, _ row: AssessedRow, _ new: Assessment
  ) -> Bool {
    let (from, to) = (parts[parts.startIndex + Int(was.part)], new.parts[Int(row.part)])
    guard from.offset + was.offset == to.offset + row.offset, from.line + Int(was.line) == to.line + Int(row.line), was.byteCount == row.byteCount else {
      return false
    }
    return old.details(of: was) == new.details(of: row)
  }
}
