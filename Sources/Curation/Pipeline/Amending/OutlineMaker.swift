internal import Artifacts
internal import Foundation

/// Leaves the result of a run over all records in a form that the next run can amend.
struct OutlineMaker: Sendable {
  /// What is remembered of near duplicates besides.
  struct Comparison: Sendable {
    let near: NearDuplicates
    let candidates: [UInt32]
    let findings: NearDuplicates.Findings
    let sketch: ShingleSketch
  }

  private let records: AssessedRecords
  private let memory: StretchMemory
  private let listing: Listing
  private let desk: RecallDesk
  private let workers: Workers
  /// Of each assessment: the number of its first record.
  private let firstRecords: [Int]

  init(_ records: AssessedRecords, _ memory: StretchMemory, _ listing: Listing, _ desk: RecallDesk, _ workers: Workers) {
    (self.records, self.memory, self.listing, self.desk, self.workers) = (records, memory, listing, desk, workers)
    firstRecords = records.assessments.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rows.count) }
  }

  /// Nothing is left where there are archives, whose members come in an order of their own.
  func keep(
    _ shards: [(first: Digest, shard: StoredDataset.Shard)], _ chunks: [StoredLedger.Chunk], _ tally: LedgerTally, _ comparison: Comparison
  ) async throws {
    let isInOrder = records.runs.allSatisfy { $0.first == firstRecords[$0.assessment] + $0.rows.lowerBound }
    guard isInOrder, records.count < Int(UInt32.max), var outline = sources(comparison.candidates.count) else { return }
    outline.shards = shards.map { CurationOutline.Shard(first: $0.first, shard: $0.shard) }
    outline.chunks = self.chunks(chunks)
    outline.tally = tally
    let contents = try keepIDs(&outline)
    outline.near = nearDuplicates(comparison, contents)
    try await keepKeys(&outline, comparison, contents)
    PageWriter(base: outline.base.name, desk: desk).keep(comparison.sketch.counters, as: "counters", perPage: BaseOutline.countersPerPage)
    notePlaces(&outline)
    // Behind its pages: with those of another run, it is of no use.
    desk.flush()
    desk.keep(CurationOutline.key(desk), outline.bytes)
  }

  // MARK: - Sources

  private func sources(_ contentCount: Int) -> CurationOutline? {
    let numbers = Dictionary(grouping: records.assessments.indices) { records.assessments[$0].number >> 32 }
    var outline = CurationOutline(
      base: BaseOutline(name: desk.key("base") { writer in for key in memory.keys.compactMap({ $0 }) { writer.digest(key) } }),
      nextHandle: UInt32(records.count), nextContent: 0, contentCount: contentCount)
    for (number, stretch) in memory.stretches.enumerated() {
      guard let key = memory.keys[number] else { return nil }
      let blocks = numbers[number, default: []]
      outline.spans.append(CurationOutline.Span(key: key, fileCount: UInt32(stretch.files.count), blockCount: UInt32(blocks.count)))
      for place in stretch.files {
        guard let kind = listing.kind(of: listing.readable[place].0), let index = FileKind.allCases.firstIndex(of: kind) else { return nil }
        outline.kinds.append(UInt8(index))
      }
      let places = Dictionary(stretch.files.map { (listing.readable[$0].0, $0 - stretch.files.lowerBound) }) { first, _ in first }
      for block in blocks { guard append(block, places, &outline) else { return nil } }
    }
    return outline
  }

  private func append(_ number: Int, _ places: [Int: Int], _ outline: inout CurationOutline) -> Bool {
    let assessment = records.assessments[number]
    guard let key = assessment.key, assessment.terms.expressions.isEmpty else { return false }
    let count = UInt32(assessment.rows.count)
    outline.blocks.append(CurationOutline.Block(key: key, partCount: UInt32(assessment.parts.count), rowCount: count, runCount: count == 0 ? 0 : 1))
    if count > 0 { outline.runs.append(CurationOutline.Run(first: UInt32(firstRecords[number]), count: count)) }
    for part in assessment.parts {
      guard let place = places[part.file] else { return false }
      outline.parts.append(Assessment.Part(file: place, offset: part.offset, line: part.line, recordCount: part.recordCount))
    }
    return true
  }

  private func chunks(_ chunks: [StoredLedger.Chunk]) -> [CurationOutline.Chunk] {
    var start = 0
    return chunks.map { chunk in
      let range = start..<start + chunk.recordCount
      start = range.upperBound
      let merged = range.first(where: records.isMerged)
      let dropped = range.first { !records.isMerged($0) && records.row($0).ending != .none }
      return CurationOutline.Chunk(
        chunk: chunk, firstDropped: dropped.map { $0 - range.lowerBound }, firstMerged: merged.map { $0 - range.lowerBound })
    }
  }

  // MARK: - Pages

  /// Gives the content number of each record that is compared.
  private func keepIDs(_ outline: inout CurationOutline) throws -> [UInt32] {
    let compared = (0..<records.count).filter(records.isCompared)
    let order = IDOrder.sorted(compared.count) { records.row(compared[$0]).id }
    var contents = [UInt32](repeating: .max, count: records.count)
    var entries: [IndexedRecord] = []
    entries.reserveCapacity(order.count)
    var content = 0
    for place in order {
      let record = compared[Int(place)]
      let entry = IndexedRecord(
        id: HalfDigest(records.row(record).id), handle: UInt32(record), flags: records.ownConversation(of: record) == nil ? 0 : 1)
      if entries.last?.id != entry.id { content = entries.count }
      contents[record] = UInt32(content)
      entries.append(entry)
    }
    outline.base.recordCount = entries.count
    outline.nextContent = UInt32(entries.count)
    outline.base.idDirectory = stride(from: 0, to: entries.count, by: BaseOutline.idsPerPage).map { entries[$0].id.x }
    PageWriter(base: outline.base.name, desk: desk).keep(entries, as: "ids", perPage: BaseOutline.idsPerPage)
    return contents
  }

  private func keepKeys(_ outline: inout CurationOutline, _ comparison: Comparison, _ contents: [UInt32]) async throws {
    let near = comparison.near
    let keys = KeyColumns(ComparableRecords(records, comparison.candidates, near.lines), comparison.findings.overrides, bands: near.bands)
    let numbers = comparison.candidates.map { contents[Int($0)] }
    (outline.base.bands, outline.base.keyedCount) = (near.bands, keys.count)
    let pages = PageWriter(base: outline.base.name, desk: desk)
    let perBand = outline.base.keyPagesInBand
    let directories = try await workers.slices(of: near.bands, widestAt: 1) { range in
      range.flatMap { band -> [UInt32] in
        let sorted = keys.sorted(inBand: band, numbers)
        pages.keep(sorted, as: "keys", perPage: BaseOutline.keysPerPage, firstPage: band * perBand)
        return stride(from: 0, to: sorted.count, by: BaseOutline.keysPerPage).map { UInt32(truncatingIfNeeded: sorted[$0] >> 32) }
      }
    }
    outline.base.keyDirectory = directories.flatMap { $0 }
  }

  // MARK: - Near duplicates

  private func nearDuplicates(_ comparison: Comparison, _ contents: [UInt32]) -> NearOutline {
    var near = NearOutline()
    near.limit = comparison.findings.limit
    near.suspects = comparison.findings.suspects.slots
    let counts = comparison.findings.counts.sorted { $0.key < $1.key }
    (near.shingles, near.counts) = (counts.map(\.key), counts.map { UInt32(clamping: $0.value) })
    for (record, merge) in records.merges.enumerated() {
      guard let merge, let similarityPPM = merge.similarityPPM else { continue }
      near.merges.append(
        NearOutline.Merge(
          member: contents[record], keeper: contents[merge.keeper], memberHandle: UInt32(record), keeperHandle: UInt32(merge.keeper),
          similarityPPM: UInt32(similarityPPM)))
    }
    near.merges.sort { $0.member < $1.member }
    return near
  }

  /// Those that the summary names.
  private func notePlaces(_ outline: inout CurationOutline) {
    let firsts = outline.firsts
    var places: [UInt32: RecordPlace] = [:]
    func place(of record: Int) -> RecordPlace {
      let place = records.place(of: record)
      places[UInt32(record)] = place
      return place
    }
    for record in [firsts.dropped, firsts.merged].compactMap({ $0 }) { _ = place(of: record) }
    _ = outline.near.groups(order: { Int($0) }, place: { place(of: Int($0)) })
    outline.places = places
  }
}
