// swift run -c release curation-bench CORPUS.jsonl KEPT.txt
// swift run -c release curation-bench CORPUS.jsonl --stages
//
// What near-duplicate removal costs and finds, on a corpus that tools of others can read too; bench/curation/run.py drives it. Writes the
// numbers of the lines that were not merged, counted from 0 and spelled as corpus.py spells ids (what cannot be read is dropped by the
// reader, which is not what is measured), and prints seconds of CPU, each the best of three runs, as one JSON object. With --stages it prints instead what each step
// costs, in microseconds of CPU a record, each alone and the best of three, on one thread.
import Artifacts
import Curation
import Foundation
import Hashing

@main
struct CurationBench {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { throw Usage() }
    let corpus = try Data(contentsOf: URL(filePath: arguments[1]))
    if arguments[2] == "--stages" { return try printStages(corpus) }
    let near = CurationParameters.Stage.deduplicate(DeduplicationRule(exact: true, near: NearDuplicateRule()))
    let plain = try await measure(corpus, [])
    let result = try await measure(corpus, [near])
    let exact = try await measure(corpus, [.deduplicate(DeduplicationRule(exact: true, near: nil))])
    let whole = try await measure(
      corpus,
      [.normalize(repairsMojibake: true), .quality(.chat), near, .pii(.redact, kinds: Set(PersonalData.allCases)), .length(minimumInCharacters: 1, maximumInCharacters: 20_000)])
    let ids = try result.ledger.whole().entries.filter { !$0.isMerged }.map { String(format: "r%07d\n", $0.source.place.line - 1) }
    try Data(ids.joined().utf8).write(to: URL(filePath: arguments[2]))
    let summary = result.ledger.summary
    print(
      """
      {"records":\(summary.recordsRead),"merged-exactly":\(summary.mergedExactly),"merged-nearly":\(summary.mergedNearly),\
      "read-cpu-s":\(plain.seconds),"exact-cpu-s":\(exact.seconds),"near-cpu-s":\(result.seconds),"near-wall-s":\(result.wallSeconds),\
      "all-stages-cpu-s":\(whole.seconds),"all-stages-wall-s":\(whole.wallSeconds)}
      """)
  }

  private static func printStages(_ corpus: Data) throws {
    let table = try StageCosts(corpus) { cpuSeconds }
    print("step                        µs a record   witness")
    for cost in table.costs {
      let name = cost.step.padding(toLength: 28, withPad: " ", startingAt: 0)
      print(name + String(format: "%11.2f   %016llx", cost.cost / Double(max(table.records, 1)) * 1_000_000, cost.witness))
    }
  }

  private struct Measurement {
    var ledger: StoredLedger
    var seconds: Double
    var wallSeconds: Double
  }

  /// From the bytes of the corpus to dataset and ledger, piece by piece as in a build; the pieces stay in memory.
  private static func measure(_ corpus: Data, _ stages: [CurationParameters.Stage]) async throws -> Measurement {
    let entry = Snapshot.Entry(path: "corpus.jsonl", byteCount: Int64(corpus.count), digest: Digest(hashing: Data()))
    let curator = Curator(parameters: CurationParameters(stages: stages))
    var best: Measurement?
    for _ in 0..<3 {
      let start = (cpuSeconds, Date())
      let (_, ledger) = try await curator.curateInMemory(Snapshot(entries: [entry])) { _ in corpus }
      let measured = Measurement(ledger: ledger, seconds: cpuSeconds - start.0, wallSeconds: -start.1.timeIntervalSinceNow)
      if measured.seconds < best?.seconds ?? .infinity { best = measured }
    }
    guard let best else { throw Usage() }
    return best
  }

  /// Of all threads of this process.
  private static var cpuSeconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}

extension LedgerEntry {
  var isMerged: Bool {
    guard case .merged = fate else { return false }
    return true
  }
}

struct Usage: Error, CustomStringConvertible {
  let description = "usage: curation-bench CORPUS.jsonl KEPT.txt, or CORPUS.jsonl --stages"
}
