internal import Artifacts
internal import Foundation

/// Writes what became of every record, in the order of the sources, and puts it on a shelf, some thousand records at a time.
struct LedgerWriter: Sendable {
  private let records: AssessedRecords
  private let workers: Workers
  private let shelf: Shelf
  private let desk: RecallDesk
  private let adopters: [Int]

  init(_ records: AssessedRecords, _ workers: Workers, _ shelf: Shelf, _ desk: RecallDesk) {
    (self.records, self.workers, self.shelf, self.desk) = (records, workers, shelf, desk)
    adopters = desk.remembers ? records.adopters : []
  }

  /// The chunks, and what they come to.
  func write() async throws -> (chunks: [StoredLedger.Chunk], tally: LedgerTally) {
    let ranges = ranges()
    let written = try await workers.slices(of: ranges.count, widestAt: 8) { numbers in try chunks(Array(ranges[numbers])) }
    return (written.flatMap(\.0), written.reduce(into: LedgerTally()) { $0.add($1.1) })
  }

  private func ranges() -> [Range<Int>] {
    var cutter = LedgerCutter()
    for run in records.runs { cutter.add(run.part, run.rows.count, path: records.files[run.part.file].path) }
    return cutter.ranges
  }

  private func chunks(_ ranges: [Range<Int>]) throws -> ([StoredLedger.Chunk], LedgerTally) {
    var tally = LedgerTally()
    let keys = ranges.map { desk.remembers ? key(of: $0) : nil }
    var known = desk.values(keys.compactMap { $0 })[...]
    let chunks = try zip(ranges, keys).map { range, key in
      guard let key else { return try chunk(range, &tally) }
      if let value = known.popFirst() ?? nil, let chunk = recalled(value, range, &tally) { return chunk }
      var own = LedgerTally()
      let chunk = try chunk(range, &own)
      tally.add(own)
      desk.keep(key, own.bytes(with: chunk))
      return chunk
    }
    return (chunks, tally)
  }

  // MARK: - What is remembered

  private func recalled(_ value: Data, _ range: Range<Int>, _ tally: inout LedgerTally) -> StoredLedger.Chunk? {
    // A damaged value is none, and the chunk is written again.
    guard let (found, chunk) = try? LedgerTally.recalled(value, first: records.place(of: range.lowerBound), recordCount: range.count),
      desk.isStored(chunk.digest)
    else { return nil }
    var own = found
    for record in range { own.add(record, of: records) }
    tally.add(own)
    return chunk
  }

  /// Of all that the lines of a chunk follow from; nil where that has no name.
  private func key(of range: Range<Int>) -> Digest? {
    var isNamed = true
    let key = desk.key("chunk") { writer in
      for run in runs(in: range) {
        guard let block = records.assessments[run.assessment].key else {
          isNamed = false
          return
        }
        let rows = range.clamped(to: run.first..<run.first + run.rows.count)
        writer.digest(block)
        writer.text(records.files[run.part.file].path)
        for number in [run.part.offset, run.part.line, run.rows.lowerBound + rows.lowerBound - run.first, rows.count] { writer.number(number) }
      }
      for record in range { if let merge = records.merges[record] { spell(merge, of: record - range.lowerBound, &writer) } }
      for record in adopters[adopters.partitionPoint { $0 >= range.lowerBound }...].prefix(while: { $0 < range.upperBound }) {
        writer.number(record - range.lowerBound)
        writer.number((records.adopted[record] == nil ? 0 : 1) + (records.hasAdoptedTerms(record) ? 2 : 0))
      }
    }
    return isNamed ? key : nil
  }

  private func spell(_ merge: AssessedRecords.Merge, of number: Int, _ writer: inout RecallWriter) {
    let place = records.place(of: merge.keeper)
    writer.number(number)
    writer.digest(records.finalID(of: merge.keeper).digest)
    writer.text(place.file)
    writer.number(place.line)
    writer.number(merge.similarityPPM ?? -1)
  }

  private func runs(in range: Range<Int>) -> ArraySlice<AssessedRecords.Run> {
    let first = records.runs.partitionPoint { $0.first + $0.rows.count > range.lowerBound }
    return records.runs[first...].prefix { $0.first < range.upperBound }
  }

  // MARK: - Writing

  private func chunk(_ range: Range<Int>, _ tally: inout LedgerTally) throws -> StoredLedger.Chunk {
    var writer = CanonicalWriter()
    for record in range {
      let entry = records.entry(of: record)
      tally.add(entry)
      writer.entry(entry)
      writer.raw("\n")
    }
    let digest = try shelf.put(Data(writer.bytes))
    return StoredLedger.Chunk(first: records.place(of: range.lowerBound), recordCount: range.count, byteCount: writer.bytes.count, digest: digest)
  }
}

extension AssessedRecords {
  /// The story of one record.
  func entry(of record: Int) -> LedgerEntry {
    let (row, details, source) = (row(record), details(of: record), source(of: record))
    guard let merge = merges[record] else { return LedgerEntry(row, details, source, adoption: adoption(of: record)) }
    let fate = Fate.merged(keeper: finalID(of: merge.keeper), at: place(of: merge.keeper), similarityPPM: merge.similarityPPM)
    return LedgerEntry(row, details, source, mergedInto: fate)
  }

  /// What a keeper took from the records that were merged into it.
  private func adoption(of record: Int) -> [Passage] {
    var changes: [Change] = []
    if adopted[record] != nil { changes.append(Change(kind: .conversation, count: 1)) }
    if hasAdoptedTerms(record) { changes.append(Change(kind: .terms, count: 1)) }
    return changes.isEmpty ? [] : [Passage(stage: .deduplicate, changes: changes)]
  }

  /// Of the content as it was when the record's story ended.
  func finalID(of record: Int) -> RecordID { RecordID(row(record).lastID) }
}
