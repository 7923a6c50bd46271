import Artifacts
import Curation
import Foundation
import Glibc
import Hashing
import Testing

@Suite("Exports on all cores")
struct ConcurrentExportTests {
  private struct Fault: Error, Hashable { let number: Int }

  /// Files of one to nine records, of which some stand in several.
  private static let files: [String: Data] = {
    var files: [String: Data] = [:]
    var number = 0
    for file in 0..<60 {
      let lines = (0...(file * 5 % 9)).map { _ in
        number += 1
        return textLine(number % 4 == 0 ? "copy \(number % 7)" : "record \(number) \"quoted\"", conversation: number % 5 == 0 ? "talk \(number)" : nil)
      }
      files["f\(file) é.jsonl"] = Data(lines.joined(separator: "\n").utf8)
    }
    return files
  }()

  private func bytes(_ part: CurationExport.Part, _ export: CurationExport) throws -> String {
    var bytes: [UInt8] = []
    try export.write(part) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Cut into dozens of shards; copies of one content are never parted.
  private func shards(_ dataset: CuratedDataset) throws -> StoredDataset {
    let memory = MemoryShelf()
    var shards: [StoredDataset.Shard] = []
    var start = 0
    for (index, row) in dataset.rows.enumerated() {
      let isLast = index + 1 == dataset.rows.count
      guard isLast || index - start >= 4 && dataset.rows[index + 1].id != row.id else { continue }
      let shard = dataset.bytes.dropFirst(dataset.rows[start].byteRange.lowerBound).prefix(row.byteRange.upperBound - dataset.rows[start].byteRange.lowerBound)
      shards.append(StoredDataset.Shard(recordCount: index + 1 - start, byteCount: shard.count, digest: try memory.shelf.put(Data(shard))))
      start = index + 1
    }
    return StoredDataset(shards: shards, load: memory.get)
  }

  /// Cut into dozens of chunks of a few lines of several files each.
  private func chunks(_ ledger: Ledger) throws -> StoredLedger {
    let memory = MemoryShelf()
    let lines = ledger.bytes.split(separator: UInt8(ascii: "\n")).dropFirst().map { Data($0) + Data("\n".utf8) }
    let chunks = try stride(from: 0, to: lines.count, by: 5).map { start -> JSONValue in
      let chunk = Data(lines[start..<min(start + 5, lines.count)].joined())
      let place = ledger.entries[start].source.place
      return [
        "file": .string(place.file), "line": .integer(Int64(place.line)), "records": .integer(Int64(min(5, lines.count - start))),
        "bytes": .integer(Int64(chunk.count)), "digest": .digest(try memory.shelf.put(chunk)),
      ]
    }
    let header = try JSONValue(parsing: Data(ledger.bytes.prefix { $0 != UInt8(ascii: "\n") }))
    var members = try #require(header.object)
    members["schema"] = "soulpack.ledger-index/1"
    members["chunks"] = .array(chunks)
    return try StoredLedger(parsing: JSONValue.object(members).canonical, load: memory.get)
  }

  @Test("of dozens of shards and chunks, whose paths change within, it is the bytes that one after the other gives", arguments: [[.repair], standardStages])
  func export(stages: [CurationParameters.Stage]) async throws {
    let curation = try await curate(Self.files, stages: stages)
    let (dataset, ledger) = (try shards(curation.dataset), try chunks(curation.ledger))
    #expect(dataset.shards.count > 24 && ledger.chunks.count > 24)
    let serial = CurationExport(StoredDataset(curation.dataset), try LedgerQuery(curation.ledger.bytes))
    let concurrent = CurationExport(dataset, LedgerQuery(ledger))
    for part in [CurationExport.Part.records, .fates] {
      let expected = try bytes(part, serial)
      #expect(try bytes(part, concurrent) == expected)
      #expect(expected.count { $0 == "\n" } == (part == .records ? curation.dataset.count : curation.ledger.entries.count))
    }
  }

  @Test("values come in their order, and of several errors the one of the least number, though a later one was met sooner")
  func order() {
    var seen: [Int] = []
    #expect(throws: Fault(number: 5)) {
      try concurrentForEach(40, { number in
        if number == 5 { usleep(50_000) }
        if number >= 5 { throw Fault(number: number) }
        return number
      }, { seen.append($0) })
    }
    #expect(seen == Array(0..<5))
    #expect(throws: Fault(number: 5)) {
      try concurrentMap(40) { number in
        if number == 5 { usleep(50_000) }
        if number >= 5 { throw Fault(number: number) }
      }
    }
  }
}
