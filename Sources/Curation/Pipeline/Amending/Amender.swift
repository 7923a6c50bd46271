internal import Archiving
internal import Artifacts
internal import Foundation

/// Makes dataset and ledger from those of the last run by what came and went, where that is little: what did not change is not looked at.
///
/// What comes out is, byte for byte, what a run over all records gives. Whatever is not sure to be is a `RecallMiss`: then all records are gone through.
struct Amender {
  let parameters: CurationParameters
  let rule: NearDuplicateRule
  let assessor: Assessor
  let lines: LineStore
  let shelf: Shelf
  let load: Curator.Load
  let get: StoredDataset.Load
  let partByteCount: Int
  let limits: ArchiveLimits
  let desk: RecallDesk

  struct Result {
    let dataset: StoredDataset
    let ledger: StoredLedger
    let report: CurationMemo.Report
  }

  /// How near duplicates are told, where changes can be followed: terms that records take on from others are not, nor are copies that stay.
  static func rule(_ parameters: CurationParameters, _ deduplication: DeduplicationRule?) -> NearDuplicateRule? {
    guard parameters.terms == nil, let deduplication, deduplication.exact else { return nil }
    return deduplication.near
  }

  func amend(_ listing: Listing) throws -> Result {
    guard let value = desk.values([CurationOutline.key(desk)])[0] else { throw RecallMiss() }
    let index = try OutlineIndex(try CurationOutline(value))
    // More records than these after the base, and it is time for another one.
    guard index.outline.added.count <= max(1_024, index.outline.base.recordCount / 64) else { throw RecallMiss() }
    let memory = StretchMemory(listing, around: partByteCount, desk)
    let blocks = BlockShelf(desk)
    var edit = try SourceEdit(index, listing, memory, blocks, desk)
    try edit.read(assessor, partByteCount: partByteCount, limits, load)
    let pages = Pages<IndexedRecord>("ids", perPage: BaseOutline.idsPerPage, base: index.outline.base.name, desk)
    let before = CurationView(index, ContentIndex(index.outline, pages), blocks, path: { try edit.lastEntry($0, $1).path })
    return try amend(before, edit, pages, blocks)
  }

  private func amend(_ before: CurationView, _ edit: SourceEdit, _ pages: Pages<IndexedRecord>, _ blocks: BlockShelf) throws -> Result {
    var outline = edit.outline
    let new = try addRecords(edit, before, pages, &outline)
    let after = CurationView(try OutlineIndex(outline), ContentIndex(outline, pages), blocks, path: { try edit.entry($0, $1).path })
    var change = try ContentChange(edit, before, after)
    let reader = RecordReader(
      parameters: parameters, assessor: assessor, partByteCount: partByteCount, limits: limits, load: load, blocks: blocks)
    let near = NearAmendment(
      rule: rule, minhash: MinHash(thresholdPPM: rule.thresholdPPM), lines: lines, desk: desk, before: before, after: after,
      rowBefore: { try reader.row(at: try before.place(of: $0), in: before, entry: edit.lastEntry) },
      rowAfter: { try reader.row(at: try after.place(of: $0), in: after, entry: edit.entry) })
    outline.contentCount += change.came.count - change.went.count
    change.rename(&outline.near.merges)
    try near.amend(&outline, came: change.came, went: change.went, isNew: new.contains)
    after.near = outline.near
    try change.follow(before.near, after)
    outline.shards = try shards(change, before, after, near.rowAfter)
    outline.chunks = try LedgerAmendment(shelf, get, before: before, after: after, dirty: change.dirty).chunks { try edit.entry($0, $1).path }
    try requirePieces(outline, besides: before.index.outline)
    try recount(&outline.tally, change, edit, before, after)
    return try finish(&outline, change, edit, after)
  }

  /// Gives the contents of which nothing was known.
  private func addRecords(
    _ edit: SourceEdit, _ before: CurationView, _ pages: Pages<IndexedRecord>, _ outline: inout CurationOutline
  ) throws -> Set<UInt32> {
    let known = ContentIndex(before.index.outline, pages)
    let index = try OutlineIndex(outline)
    var added = zip(outline.added, outline.addedContents).filter { index.isThere($0.0.handle) }.map { (record: $0, content: $1) }
    var (numbers, new): ([HalfDigest: UInt32], Set<UInt32>) = ([:], [])
    for record in edit.came {
      guard let id = record.id else { continue }
      if numbers[id] == nil { numbers[id] = try known.find(id).content }
      if numbers[id] == nil {
        guard outline.nextContent < .max else { throw RecallMiss() }
        numbers[id] = outline.nextContent
        new.insert(outline.nextContent)
        outline.nextContent += 1
      }
      added.append((IndexedRecord(id: id, handle: record.handle, flags: record.hasConversation ? 1 : 0), numbers[id] ?? 0))
    }
    added.sort { $0.record.id == $1.record.id ? $0.record.handle < $1.record.handle : $0.record.id < $1.record.id }
    (outline.added, outline.addedContents) = (added.map(\.record), added.map(\.content))
    return new
  }

  private func shards(
    _ change: ContentChange, _ before: CurationView, _ after: CurationView, _ row: @escaping (UInt32) throws -> AssessedRow
  ) throws -> [CurationOutline.Shard] {
    var (removing, adding): ([CurationView.DatasetLine], [DatasetAmendment.Addition]) = ([], [])
    for id in change.affected.sorted() {
      let (old, new) = (try before.datasetLine(id), try after.datasetLine(id))
      guard old != new else { continue }
      if let old { removing.append(old) }
      guard let new, let first = try after.group(id)?.handles.first else { continue }
      adding.append(
        DatasetAmendment.Addition(line: new) {
          var text: [UInt8] = []
          let span = try row(first).finalLine
          guard !span.isNowhere else { throw RecallMiss() }
          try lines.read(span.start, count: Int(span.count), into: &text)
          return text
        })
    }
    return try DatasetAmendment(shelf: shelf, load: get).amend(before.index.outline.shards, removing: removing, adding: adding)
  }

  /// What is taken over has to be there still.
  private func requirePieces(_ outline: CurationOutline, besides old: CurationOutline) throws {
    let known = Set(old.shards.map(\.shard.digest)).union(old.chunks.map(\.chunk.digest))
    let taken = Set(outline.shards.map(\.shard.digest)).union(outline.chunks.map(\.chunk.digest)).intersection(known)
    guard desk.areStored(Array(taken)) else { throw RecallMiss() }
  }

  private func recount(
    _ tally: inout LedgerTally, _ change: ContentChange, _ edit: SourceEdit, _ before: CurationView, _ after: CurationView
  ) throws {
    var gone = LedgerTally()
    for handle in change.dirty {
      tally.add(try after.entry(of: handle))
      if before.index.isThere(handle) { gone.add(try before.entry(of: handle)) }
    }
    for record in edit.went { gone.add(try before.entry(of: record.handle)) }
    tally.subtract(gone)
  }

  // MARK: - What it comes to

  private func finish(_ outline: inout CurationOutline, _ change: ContentChange, _ edit: SourceEdit, _ after: CurationView) throws -> Result {
    var listing = edit.listing
    for block in outline.blocks.indices {
      let span = after.index.spanOfBlock[block]
      for part in after.index.parts(of: block) {
        listing.count(part.recordCount, of: listing.readable[after.index.firstFiles[span] + part.file].0)
      }
    }
    let known = outline.places.filter { !change.moved.contains($0.key) }
    outline.places = [:]
    func place(of handle: UInt32) throws -> RecordPlace {
      let place = try known[handle] ?? outline.places[handle] ?? after.source(of: handle).place
      outline.places[handle] = place
      return place
    }
    let first = outline.firsts
    outline.tally.setFirsts(
      dropped: try first.dropped.map { try place(of: after.index.handle(of: $0)) },
      merged: try first.merged.map { try place(of: after.index.handle(of: $0)) })
    let near = outline.near
    let groups = try near.groups(
      order: { handle in
        guard let number = after.index.number(of: handle) else { throw RecallMiss() }
        return number
      }, place: { try place(of: $0) })
    let dataset = StoredDataset(shards: outline.shards.map(\.shard), load: get)
    // What does not add up was not amended rightly, and is computed from nothing.
    guard let summary = try? LedgerSummary(outline.tally, groups, recordsRead: listing.recordsRead, recordsKept: dataset.count), dataset.count > 0
    else { throw RecallMiss() }
    // By themselves, since the next run replaces both and nothing else.
    desk.flush()
    desk.keep(CurationOutline.key(desk), outline.bytes)
    OldShards.keep(outline.shards.map { ($0.first, $0.shard) }, desk)
    desk.flush()
    listing.sort()
    let ledger = StoredLedger(files: listing.files, parameters: parameters, summary: summary, chunks: outline.chunks.map(\.chunk), load: get)
    let report = CurationMemo.Report(
      assessedErrands: edit.assessedBlocks, recalledErrands: outline.blocks.count - edit.assessedBlocks, startedOver: false, amended: true)
    return Result(dataset: dataset, ledger: ledger, report: report)
  }
}

extension CurationOutline {
  /// The numbers of the first records that were dropped and merged.
  var firsts: (dropped: Int?, merged: Int?) {
    var (dropped, merged): (Int?, Int?)
    var start = 0
    for chunk in chunks {
      dropped = dropped ?? chunk.firstDropped.map { start + $0 }
      merged = merged ?? chunk.firstMerged.map { start + $0 }
      start += chunk.chunk.recordCount
    }
    return (dropped, merged)
  }
}

extension NearOutline {
  /// `order` gives where a record stands, by its handle, and `place` what the summary calls it.
  func groups(order: (UInt32) throws -> Int, place: (UInt32) throws -> RecordPlace) rethrows -> NearDuplicateGroups {
    try NearDuplicateGroups(merges.map { (member: $0.memberHandle, keeper: $0.keeperHandle) }, order: order, place: place)
  }
}
