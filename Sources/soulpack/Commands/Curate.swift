internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Foundation
internal import Planning
internal import Running
internal import Store

/// `soulpack curate`: up to the curated datasets, with a table of what became of the records.
struct Curate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Curate a recipe's datasets and say what became of every record.")

  @OptionGroup var arguments: BuildArguments

  func run() async throws {
    try refuseFolder()
    let session = try BuildSession(arguments, goal: .curate)
    guard let result = try await session.run() else { return }
    let curated = try (session.project.plan.goals[.curate] ?? []).map { id in
      guard let ledger = result.report.output("ledger", of: id), let dataset = result.report.output("dataset", of: id) else {
        throw MissingInput(action: id, input: "ledger")
      }
      return CurateReport.Dataset(name: id.name, digest: dataset, ledger: try LedgerQuery(try result.store.objects.get(ledger)))
    }
    arguments.common.terminal.show(CurateReport(datasets: curated, counts: ActionCounts(result.report)))
  }

  private func refuseFolder() throws {
    guard let path = arguments.recipe.recipe else { return }
    var isFolder: ObjCBool = false
    let place = URL(filePath: path, relativeTo: arguments.common.folder).path
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue else { return }
    throw ValidationError("\"\(path)\" is a folder: curating without a recipe is not in this version; name a recipe that has it as a dataset")
  }
}

struct CurateReport: Report {
  struct Dataset {
    let name: String
    let digest: Digest
    let ledger: LedgerQuery
  }

  let datasets: [Dataset]
  let counts: ActionCounts
  let schema = "soulpack.curate/1"

  var members: [String: JSONValue] {
    [
      "datasets": .array(
        datasets.map { ["action": .string($0.name), "dataset": .digest($0.digest), "summary": $0.ledger.summary.canonical] }),
      "actionsRun": .integer(Int64(counts.ran)), "actionsReused": .integer(Int64(counts.reused)),
    ]
  }

  var lines: [String] { datasets.flatMap(lines) + [counts.words] }

  private func lines(_ dataset: Dataset) -> [String] {
    let summary = dataset.ledger.summary
    var table = Table()
    table.add("  records", Quantity.count(summary.recordsRead), "")
    table.add("  kept", Quantity.count(summary.kept), share(summary.kept, summary))
    table.add("  changed", Quantity.count(summary.changed), "by normalisation, of all read")
    table.add("  merged", Quantity.count(summary.merged), "exact duplicates of a kept record")
    for drop in summary.dropped { table.add("  dropped", Quantity.count(drop.count), "\(drop.stage.rawValue): \(drop.reason.rawValue)") }
    return ["\(dataset.name)  \(dataset.digest.short)"] + table.lines
  }

  private func share(_ count: Int, _ summary: LedgerSummary) -> String {
    summary.recordsRead == 0 ? "" : Quantity.percent(Double(count) / Double(summary.recordsRead))
  }
}
