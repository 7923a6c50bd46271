import Artifacts
import Curation
import Foundation
import Hashing
import Testing

@Suite("Records that stand in other files too")
struct ElsewhereTests {
  private func line(_ text: String) -> String { JSONValue.object(["text": .string(text)]).canonicalText + "\n" }

  private func curated(_ files: [String: String], _ stages: JSONValue) async throws -> (dataset: CuratedDataset, ledger: Ledger) {
    let files = files.mapValues { Data($0.utf8) }
    let snapshot = Snapshot(entries: files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) })
    let (dataset, ledger) = try await Curator(parameters: try CurationParameters(["stages": stages])).curateInMemory(snapshot) { try #require(files[$0.path]) }
    return (try dataset.whole(), try ledger.whole())
  }

  private func texts(_ dataset: CuratedDataset) throws -> Set<String> {
    Set(
      try dataset.records().compactMap { record in
        guard case .text(let text) = record.content else { return nil }
        // Which of two near copies is kept is not what this is about.
        return text.hasPrefix(Self.prose) ? "prose" : text
      })
  }

  private static let prose = (0..<60).map { "word\($0)" }.joined(separator: " ")

  @Test("a record goes with its files, unless another file holds it as well, exactly or nearly, by way of another copy or not")
  func merged() async throws {
    let near = Self.prose + " and one more"
    let (dataset, ledger) = try await curated(
      ["anna/1.jsonl": line("hers") + line("both") + line(Self.prose), "ben.jsonl": line("his") + line("both") + line(near), "cleo.jsonl": line(near)],
      [["deduplicate": ["exact": true, "near": ["ngram": 5, "threshold-ppm": 750_000]]]])
    #expect(dataset.count == 4)
    let withoutAnna = try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "anna/**")
    #expect(try texts(withoutAnna.dataset) == ["his", "both", "prose"] && withoutAnna.leftOut == 1)
    let withoutBen = try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "ben.jsonl")
    #expect(try texts(withoutBen.dataset) == ["hers", "both", "prose"] && withoutBen.leftOut == 1)
    let neither = try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "*.jsonl")
    #expect(try texts(neither.dataset) == ["hers", "both", "prose"] && neither.leftOut == 1)
  }

  @Test("copies that no stage merged are refused where they stand in both, and go together where they stand in the group alone")
  func copies() async throws {
    let (dataset, ledger) = try await curated(["a.jsonl": line("x") + line("x") + line("z"), "b.jsonl": line("z") + line("y")], [])
    #expect(throws: GroupProblem.copies("a.jsonl", 2)) { try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "a.jsonl") }
    let rest = dataset.filtered { dataset.rows[$0].id != DatasetRecord(content: .text("z")).id }
    #expect(try RecordsElsewhere(of: rest, ledger: ledger, notIn: "a.jsonl").leftOut == 2)
  }

  @Test("no file, nothing to leave out and nothing left are refused, each in its words")
  func refused() async throws {
    let (dataset, ledger) = try await curated(["a.jsonl": line("x"), "b.jsonl": line("x")], [["deduplicate": ["exact": true]]])
    #expect(throws: GroupProblem.noFile("c*", known: ["a.jsonl", "b.jsonl"])) { try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "c*") }
    #expect(throws: GroupProblem.nothing("a.jsonl")) { try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "a.jsonl") }
    #expect(throws: GroupProblem.everything("*")) { try RecordsElsewhere(of: dataset, ledger: ledger, notIn: "*") }
  }
}
