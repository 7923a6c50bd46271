internal import Archiving
internal import Artifacts
internal import Foundation

/// Reads single records again, where their texts are wanted: of JSON Lines their own line, of other files what was read with it.
struct RecordReader {
  let parameters: CurationParameters
  let assessor: Assessor
  let partByteCount: Int
  let limits: ArchiveLimits
  let load: Curator.Load
  let blocks: BlockShelf

  /// A record's row, with its texts laid aside. `entry` gives a file of its stretch by its place there.
  func row(at place: OutlineIndex.Place, in view: CurationView, entry: @escaping (_ span: Int, _ file: Int) throws -> Snapshot.Entry) throws -> AssessedRow {
    let row = try view.row(at: place)
    guard row.finalLine.isNowhere || row.comparedLine.isNowhere else { return row }
    let span = view.index.spanOfBlock[place.block]
    let parts = view.index.parts(of: place.block)
    guard Int(row.part) < parts.count else { throw RecallMiss() }
    let file = parts[parts.startIndex + Int(row.part)].file
    let entry = { try entry(span, $0) }
    let kind = FileKind.allCases.firstIndex(of: .jsonLines).map { UInt8($0) }
    let path = try entry(file).path
    let isPlain = view.index.outline.kinds[view.index.firstFiles[span] + file] == kind && ArchiveForm(path: path) == nil
    let fresh = isPlain ? try line(of: try view.source(at: place), try entry(file)) : try errand(place, in: view, entry)
    guard fresh.id == row.id, fresh.finalID == row.finalID, fresh.ending == row.ending else { throw RecallMiss() }
    return fresh
  }

  private func line(of source: RecordSource, _ entry: Snapshot.Entry) throws -> AssessedRow {
    let range = source.byteRange
    let window = try loaded { () throws -> SourceFile in
      let file = try load(entry)
      let bytes = try file.bytes(range)
      return SourceFile(bytes)
    }
    var cutter = try LineCutter(window, sizes: LineCutter.Sizes(around: max(partByteCount, range.count)))
    guard let part = try cutter.next() else { throw RecallMiss() }
    var bench = assessor.bench(counting: false)
    let errand = SourceReader.Errand(number: 0, parts: [FilePart(part, file: 0, path: entry.path, parameters.reading)])
    let rows = try assessor.assess(errand, &bench).rows
    guard rows.count == 1 else { throw RecallMiss() }
    return rows[0]
  }

  /// All of a record's block, which is then there with its texts.
  private func errand(_ place: OutlineIndex.Place, in view: CurationView, _ entry: (Int) throws -> Snapshot.Entry) throws -> AssessedRow {
    let index = view.index
    let entries = try (0..<Int(index.outline.spans[index.spanOfBlock[place.block]].fileCount)).map(entry)
    let listing = try Listing(Snapshot(entries: entries), patterns: parameters.files, parameters.reading)
    let all = Stretch(files: 0..<listing.readable.count, isArchive: false)
    var reader = SourceReader(listing, stretches: [(0, all)], partByteCount: partByteCount, limits: limits, load: load)
    var bench = assessor.bench(counting: false)
    while let errand = try loaded({ try reader.next() }) {
      guard errand.number == index.errandOfBlock[place.block] else { continue }
      let assessment = try assessor.assess(errand, &bench)
      guard assessment.rows.indices.contains(place.row) else { throw RecallMiss() }
      blocks.put(assessment, index.outline.blocks[place.block].key)
      return assessment.rows[place.row]
    }
    throw RecallMiss()
  }

  /// What was there once may be gone from the store.
  private func loaded<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch { throw RecallMiss() }
  }
}
