import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("The overview of a curation")
struct OverviewTests {
  @Test("lengths fall into bins that reach from the shortest to the longest and leave none out", arguments: [
    ([], "0 0 0: "), ([0], "0 0 0: 0-0=1"), ([7], "7 7 7: 1-9=1"), ([9, 10, 19, 20], "9 10 20: 1-9=1 10-14=1 15-19=1 20-29=1"),
    ([85, 30, 40, 160], "30 40 160: 30-49=2 50-69=0 70-99=1 100-149=0 150-199=1"),
  ] as [([Int], String)])
  func lengths(of lengths: [Int], expected: String) {
    let found = LengthDistribution(lengths)
    let bins = found.bins.map { "\($0.range.lowerBound)-\($0.range.upperBound)=\($0.count)" }.joined(separator: " ")
    #expect("\(found.shortest) \(found.median) \(found.longest): \(bins)" == expected)
  }

  @Test("the longest length there can be has a bin")
  func longest() { #expect(LengthDistribution([Int.max]).bins.map(\.count) == [1]) }

  @Test("counts come from the ledger: files by kind, changes by stage, exact copies")
  func counts() async throws {
    let curation = try await curate([
      "a.jsonl": [textLine("one  \nand more  "), textLine("two"), textLine("two"), "{", ""].joined(separator: "\n"), "b.md": "Prose.\r\n", "c.md": "Other.",
      "d.csv2": "x", "e": "x",
    ])
    let summary = curation.ledger.summary
    let overview = CurationOverview(files: curation.ledger.files, summary)
    #expect(overview.read.map { "\($0.kind) \($0.files) \($0.records)" } == ["jsonl 1 4", "markdown 2 2"])
    #expect(overview.unread.map { "\($0.suffix) \($0.files)" } == [" 1", "csv2 1"])
    #expect(overview.changes.contains { $0.stage == "normalize" && $0.kind == "trailing-space" && $0.records == 1 })
    #expect(summary.mergedExactly == 1 && summary.mergedNearly == 0 && summary.nearDuplicates.count == 0)
    #expect(summary.lengths.bins.reduce(0) { $0 + $1.count } == curation.dataset.count)
    #expect(summary.examples == [RecordPlace(file: "a.jsonl", line: 4), RecordPlace(file: "a.jsonl", line: 3)])
  }

  @Test("an exported line is canonical, and is the dataset's but for its source")
  func export() async throws {
    let curation = try await curate([
      "b.jsonl": [goodLine, textLine("a \"quoted\" text", conversation: "k"), textLine("plain")].joined(separator: "\n"), "a \"b\".md": "Prose.",
    ])
    let export = CurationExport(StoredDataset(curation.dataset), try LedgerQuery(curation.ledger.bytes))
    var bytes = Data()
    try export.write(.records) { bytes.append(contentsOf: $0) }
    #expect(bytes.last == UInt8(ascii: "\n"))
    let lines = bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Data($0) }
    let places = try lines.map { line in
      var members = try #require(try JSONValue(parsingCanonical: line).object)
      let removed = members.removeValue(forKey: "source")
      let source = try #require(removed)
      let record = try #require(DatasetRecord(line: .object(members)))
      let place = RecordPlace(file: try #require(source["file"]?.string), line: Int(try #require(source["line"]?.integer)))
      #expect(curation.entry(place.file, place.line)?.id?.digest == Digest(hashing: record.canonicalContent))
      return place
    }
    #expect(Set(places).count == curation.dataset.count)
  }

  @Test("without deduplication each copy has a source of its own")
  func copies() async throws {
    let curation = try await curate(["a.jsonl": Array(repeating: textLine("same"), count: 3).joined(separator: "\n")], stages: [.repair])
    var bytes: [UInt8] = []
    try CurationExport(StoredDataset(curation.dataset), try LedgerQuery(curation.ledger.bytes)).write(.records) { bytes += $0 }
    let lines = try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Data($0))["source"]?["line"]?.integer }
    #expect(lines == [1, 2, 3])
  }

  @Test("a dataset and a ledger of two curations do not go together")
  func strangers() async throws {
    let one = try await curate(["a.jsonl": textLine("one")])
    let two = try await curate(["a.jsonl": textLine("two")])
    let export = CurationExport(StoredDataset(one.dataset), try LedgerQuery(two.ledger.bytes))
    #expect(throws: UnknownSource.self) { try export.write(.records) { _ in } }
  }
}
