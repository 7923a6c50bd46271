internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Packaging
internal import Planning
internal import Steps

/// `soulpack engine handout FOLDER`: a build's base, candidates, holdout tokens and scores, for another program to measure again.
struct HandoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handout", abstract: "Lay out what a build measured, for another program to measure again.",
    discussion: """
      Writes base/, candidates/, accounts/ (of their training), holdout.jsonl (tokens and labels) and handout.json (the scores) into FOLDER. It holds the holdout in the clear: it \
      is for whoever checks a choice, not for a trainer.
      """)

  @Argument(help: "A folder that does not exist yet.") var folder: String
  @Option(help: "The recipe.") var recipe: String?
  @Option(help: ArgumentHelp("Set a value of the recipe, as for build.", valueName: "key=value")) var set: [String] = []
  @OptionGroup var common: CommonArguments

  func run() throws {
    let destination = common.place(folder).standardizedFileURL
    guard !FileManager.default.fileExists(atPath: destination.path) else { throw HandoutExists(folder: folder) }
    let survey = try Survey(try Project(option: recipe, set: set, common), goal: .train)
    guard let store = survey.store else { throw NothingBuilt() }
    let rows = try NewFolder(destination).make { try Handout(store: store).write(survey.forecast, to: $0) }
    common.terminal.show(HandoutReport(folder: folder, rows: rows))
  }
}

struct HandoutExists: ExplainedError {
  let folder: String

  var message: String { "\"\(folder)\" is there already" }
  var hint: String? { "name a folder that does not exist yet" }
}

struct NothingBuilt: ExplainedError {
  var message: String { "there is no store here, so nothing has been measured" }
  var hint: String? { "build the recipe first" }
}

struct HandoutReport: Report {
  let folder: String
  let rows: [Handout.Row]

  let schema = "soulpack.handout-report/1"
  var members: [String: JSONValue] { ["folder": .string(folder), "scores": .array(rows.map(\.document))] }

  var lines: [String] {
    var table = Table()
    for row in rows { table.add(row.action.name, String(format: "%.6f nats/token", row.lossNatsPerToken), row.folder ?? "base") }
    return table.lines
  }
}
