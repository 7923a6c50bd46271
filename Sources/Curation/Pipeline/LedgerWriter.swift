internal import Artifacts
internal import Foundation

/// Writes what became of every record, in the order of the sources, and puts it on a shelf, some thousand records at a time.
struct LedgerWriter: Sendable {
  /// A chunk ends after a part of a file, when it has so many records, or as many as at most; which of the parts, their place says.
  private static let leastRecords = 512
  private static let mostRecords = 4_096

  private let records: AssessedRecords
  private let workers: Workers
  private let shelf: Shelf

  init(_ records: AssessedRecords, _ workers: Workers, _ shelf: Shelf) {
    (self.records, self.workers, self.shelf) = (records, workers, shelf)
  }

  /// The chunks, and what they come to.
  func write() async throws -> (chunks: [StoredLedger.Chunk], tally: LedgerTally) {
    let ranges = ranges()
    let written = try await workers.slices(of: ranges.count, widestAt: 2) { numbers in
      var tally = LedgerTally()
      let chunks = try numbers.map { try chunk(ranges[$0], &tally) }
      return (chunks, tally)
    }
    return (written.flatMap(\.0), written.reduce(into: LedgerTally()) { $0.add($1.1) })
  }

  private func ranges() -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    for run in records.runs {
      let end = run.first + run.rows.count
      // A part with more records than a chunk holds is cut by their number in it.
      while end - start > Self.mostRecords {
        ranges.append(start..<start + Self.mostRecords)
        start += Self.mostRecords
      }
      if end - start >= Self.leastRecords, ends(after: run.part) {
        ranges.append(start..<end)
        start = end
      }
    }
    if start < records.count { ranges.append(start..<records.count) }
    return ranges
  }

  /// One part in four, so that a file more moves the ends of few chunks after it.
  private func ends(after part: Assessment.Part) -> Bool {
    if part.line > 0 { return true }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in records.files[part.file].path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return (hash >> 24) & 3 == 0
  }

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
    if let merge = merges[record] {
      let fate = Fate.merged(keeper: finalID(of: merge.keeper), at: place(of: merge.keeper), similarityPPM: merge.similarityPPM)
      return LedgerEntry(source: source, id: RecordID(row.id), fate: fate, passages: details.passages)
    }
    let passages = details.passages + adoption(of: record) + details.laterPassages
    let id = row.hasID ? finalID(of: record) : nil
    if let drop = details.drop { return LedgerEntry(source: source, id: id, fate: .dropped(drop), passages: passages) }
    return LedgerEntry(source: source, id: id, fate: .kept, passages: passages, characters: Int(row.finalCharacters))
  }

  /// What a keeper took from the records that were merged into it.
  private func adoption(of record: Int) -> [Passage] {
    var changes: [Change] = []
    if adopted[record] != nil { changes.append(Change(kind: .conversation, count: 1)) }
    if adoptedTerms[record] != nil { changes.append(Change(kind: .terms, count: 1)) }
    return changes.isEmpty ? [] : [Passage(stage: .deduplicate, changes: changes)]
  }

  /// Of the content as it was when the record's story ended.
  private func finalID(of record: Int) -> RecordID {
    let row = row(record)
    return RecordID(row.ending == .before ? row.id : row.finalID)
  }
}
