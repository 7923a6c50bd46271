internal import ArgumentParser
internal import Artifacts
internal import Explaining
internal import Foundation
internal import Store

/// `soulpack list`: the runs of this project's store. Reads; waits for nobody.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the runs of this project: what was tried, what it measured, what came of it.",
    discussion: "Of a candidate's parameters, those are shown in which the listed runs of its recipe differ.")

  @Option(help: ArgumentHelp("Only runs of this recipe.", valueName: "recipe")) var recipe: String?
  @Option(name: [.customShort("n", allowingJoined: true), .long], help: ArgumentHelp("The most runs to list.", valueName: "n")) var limit: Int = 20
  @OptionGroup var common: CommonArguments

  func validate() throws {
    guard limit >= 1 else { throw ValidationError("--limit must be 1 or more") }
  }

  func run() throws {
    let recipe = recipe.map(pathInHistory)
    let history = try ReadableStore.openIfThere(common).map { try RunHistory($0, recipe: recipe, limit: limit) }
    common.terminal.show(ListReport(history: history, recipe: recipe))
  }

  /// A person names a file from where they are; the history names it from the root.
  private func pathInHistory(_ name: String) -> String {
    let place = common.place(name).standardizedFileURL
    return place.path(below: Project.rootFolder(common)) ?? place.path
  }
}

struct ListReport: Report {
  /// Nil where there is no store yet.
  let history: RunHistory?
  let recipe: String?
  var width = Wrapping.outputWidth

  let schema = "soulpack.list/1"

  // MARK: - Text

  var lines: [String] {
    guard let history, !history.runs.isEmpty else { return [nothing] }
    return Array(history.runs.map { lines($0, history) }.joined(separator: [""]))
  }

  private var nothing: String {
    guard let recipe else { return "no run in this project's store yet: `soulpack build RECIPE` makes one" }
    return "no run of \(recipe) in this project's store: `soulpack list` without --recipe shows which recipes have some"
  }

  private func lines(_ run: RunHistory.Run, _ history: RunHistory) -> [String] {
    let what = [run.name, run.version].compactMap { $0 }.joined(separator: " ")
    let goal = run.build.goal + (run.build.isTrial ? " (trial)" : "")
    let heading = [run.build.started, goal, what, run.build.recipe ?? ""].filter { !$0.isEmpty }
    var lines = Wrapping.lines("", heading, mark: "", gap: "  ", width: width)
    let candidates = run.candidates
    let showsTarget = Set(candidates.map(\.target)).count > 1
    if let incumbent = run.incumbent { lines.append("    before  \(Quantity.loss(incumbent.natsPerToken)) nats/token over \(Quantity.count(incumbent.tokens)) tokens") }
    for candidate in candidates { lines += self.lines(candidate, run, history, showsTarget) }
    if let soul = run.soul { lines.append("  Soul \(soul)") }
    if run.ranCount == 0 { lines.append("  no action ran to its end: all was up to date, or the build was stopped") }
    return lines
  }

  private func lines(_ candidate: RunHistory.Candidate, _ run: RunHistory.Run, _ history: RunHistory, _ showsTarget: Bool) -> [String] {
    let places = history.differingPlaces(ofTarget: candidate.target, recipe: run.build.recipe)
    let name = candidate.target + "." + candidate.number
    let loss = candidate.loss.map { Quantity.loss($0.natsPerToken) } ?? "not measured"
    let lead = "  \(candidate.isWinner ? "*" : " ") \(name)  \(loss)  "
    return Wrapping.lines(lead, places.map { "\($0) \(candidate.parameters[$0].map(words) ?? "(none)")" }, width: width).map(\.trimmed)
  }

  private func words(_ value: JSONValue) -> String { value.string ?? value.canonicalText }

  // MARK: - JSON

  var members: [String: JSONValue] { ["runs": .array((history?.runs ?? []).map(json))] }

  private func json(_ run: RunHistory.Run) -> JSONValue {
    [
      "run": .integer(run.build.id.number), "started": .string(run.build.started), "goal": .string(run.build.goal),
      "recipe": run.build.recipe.map { .string($0) } ?? .null, "trial": .bool(run.build.isTrial), "name": run.name.map { .string($0) } ?? .null,
      "version": run.version.map { .string($0) } ?? .null, "soul": run.soul.map { .digest($0) } ?? .null,
      "actionsRun": .integer(Int64(run.ranCount)), "actionsReused": .integer(Int64(run.reusedCount)), "seconds": .number(run.seconds),
      "incumbent": json(run.incumbent), "candidates": .array(run.candidates.map(json)),
    ]
  }

  private func json(_ candidate: RunHistory.Candidate) -> JSONValue {
    [
      "target": .string(candidate.target), "number": .string(candidate.number), "parameters": .object(candidate.parameters),
      "loss": json(candidate.loss), "winner": .bool(candidate.isWinner),
    ]
  }

  private func json(_ loss: RunHistory.Loss?) -> JSONValue {
    guard let loss else { return .null }
    return ["total": .integer(loss.total), "tokens": .integer(loss.tokens), "natsPerToken": .number(loss.natsPerToken)]
  }
}

extension String {
  fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
