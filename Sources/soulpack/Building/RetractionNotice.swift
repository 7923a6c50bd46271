internal import Artifacts
internal import Curation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// Says after a build what stayed out of it because it was retracted, whether it was curated now or long ago.
struct RetractionNotice {
  let lines: [String]

  init(_ project: Project, _ result: ActionRun.Result) throws {
    guard let retractions = project.consent.retractions, !retractions.isEmpty else {
      lines = []
      return
    }
    let whole = project.recipe.datasets.filter { $0.contributor.map(retractions.hold(contributor:)) ?? false }
    lines = whole.map { "dataset \"\($0.name)\" stays out: its contributor has retracted it" }
      + (try result.report.rows.filter { $0.action.kind == .curate }.compactMap { try Self.line($0, result) })
  }

  private static func line(_ row: BuildReport.Row, _ result: ActionRun.Result) throws -> String? {
    guard let ledger = row.outputs["ledger"] else { return nil }
    let count = try StoredLedger(ledger) { try result.store.objects.get($0) }.summary.dropped.filter { $0.reason == .retracted }.reduce(0) { $0 + $1.count }
    return count == 0 ? nil : "\(row.action.id.name): \(count) \(count == 1 ? "record stays" : "records stay") out: retracted"
  }
}
