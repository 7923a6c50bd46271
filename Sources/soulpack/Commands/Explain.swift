internal import ArgumentParser
internal import Artifacts
internal import Explaining
internal import Foundation
internal import Planning
internal import Running

/// `soulpack explain ACTION`: which part of an action's key differs from the one before. Reads; runs nothing.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say why an action ran again, or would.")

  @Argument(help: "An action as `soulpack plan` names it; several, or none for all.")
  var actions: [String] = []

  @Option(help: "The recipe.") var recipe: String?
  @Option(help: ArgumentHelp("Set a value of the recipe, as for build.", valueName: "key=value")) var set: [String] = []
  @OptionGroup var common: CommonArguments

  func run() throws {
    let project = try Project(option: recipe, set: set, common)
    for name in actions where project.plan[ActionID(name)] == nil { throw UnknownAction(name: name, recipe: project.recipePath) }
    let survey = try Survey(project, goal: .build)
    let rows = survey.forecast.rows.filter { actions.isEmpty || actions.contains($0.action.id.name) }
    let explained = try rows.map { row in
      try ExplainReport.Row(
        forecast: row,
        explanation: row.key.map { key in
          try Explanation(
            action: row.action.id.name, key: key.digest, preimage: key.preimage, recipe: project.recipePath, store: survey.store)
        })
    }
    common.terminal.show(ExplainReport(rows: explained))
  }
}

struct UnknownAction: ExplainedError {
  let name: String
  let recipe: String

  var message: String { "\(recipe): there is no action \"\(name)\"" }
  var hint: String? {
    name.hasSuffix(".yaml") ? "a recipe goes behind --recipe; without the name of an action, all are explained" : "`soulpack plan \(recipe)` lists them"
  }
}

struct ExplainReport: Report {
  struct Row {
    let forecast: Forecast.Row
    /// Nil while the key is not known.
    let explanation: Explanation?
  }

  let rows: [Row]
  let schema = "soulpack.explain/1"

  var members: [String: JSONValue] { ["actions": .array(rows.map(json))] }

  private func json(_ row: Row) -> JSONValue {
    var members: [String: JSONValue] = ["id": .string(row.forecast.action.id.name), "key": row.forecast.key.map { .digest($0.digest) } ?? .null]
    guard let explanation = row.explanation else {
      members["verdict"] = "waits"
      return .object(members)
    }
    switch explanation.verdict {
    case .neverRun: members["verdict"] = "never-run"
    case .unchanged: members["verdict"] = "unchanged"
    case .changed(let differences):
      members["verdict"] = "changed"
      members["differences"] = .array(
        differences.map { ["place": .string($0.place), "earlier": $0.earlier ?? .null, "later": $0.later ?? .null] })
    }
    return .object(members)
  }

  var lines: [String] { rows.flatMap(lines) }

  private func lines(_ row: Row) -> [String] {
    let name = row.forecast.action.id.name
    guard let explanation = row.explanation else { return ["\(name): its inputs are not known until what stands before it has run"] }
    switch explanation.verdict {
    case .neverRun: return ["\(name): no build of this recipe has had it"]
    case .unchanged: return ["\(name): its key has never been another"]
    case .changed(let differences):
      let standing = row.forecast.standing == .upToDate ? "is up to date; it last differed by" : "would run, because of"
      return ["\(name): \(standing)"] + differences.map { "  \($0.place): \(words($0.earlier)) → \(words($0.later))" }
    }
  }

  private func words(_ value: JSONValue?) -> String {
    guard let value else { return "(absent)" }
    return value.digest?.short ?? value.string ?? value.canonicalText
  }
}
