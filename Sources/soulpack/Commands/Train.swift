internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Judging
internal import Planning
internal import Running
internal import Store

/// `soulpack train`: up to the selection of a candidate; no archive.
struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train the candidates and choose among them; make no archive.",
    discussion: "With --show-example nothing is trained: it prepares the data and prints what the model would see of one record, and what of that it learns."
  )

  @Flag(help: "Print one training example, with what of it is learnt and what only read, and train nothing. It shows the text of a record.")
  var showExample = false
  @OptionGroup var arguments: BuildArguments

  func run() async throws {
    let session = try BuildSession(arguments, goal: .train)
    if showExample { return try await ExampleSession(session).show() }
    guard let result = try await session.run() else { return }
    // The goal may be a gate; what there is to tell is what was chosen.
    let id = ActionID("select")
    let decision = try Decision(document: try JSONValue(parsingCanonical: try result.bytes(of: "decision", from: id)))
    let winner = result.report.output("winner", of: id)
    arguments.common.terminal.show(TrainReport(action: id.name, decision: decision, winner: winner, counts: ActionCounts(result.report)))
  }
}

struct TrainReport: Report {
  let action: String
  let decision: Decision
  /// What a build goes on with. In a smoke build it need not have won.
  let winner: Digest?
  let counts: ActionCounts

  let schema = "soulpack.train/1"

  var members: [String: JSONValue] {
    [
      "action": .string(action), "selection": decision.document, "actionsRun": .integer(Int64(counts.ran)),
      "actionsReused": .integer(Int64(counts.reused)),
    ]
  }

  var lines: [String] {
    var table = Table()
    table.add("", "holdout, nats/token", "files")
    table.add("before", Quantity.loss(decision.incumbent.lossNatsPerToken), decision.incumbent.candidate.short)
    for score in decision.scores {
      table.add(score.candidate == winner ? "chosen" : "", Quantity.loss(score.lossNatsPerToken), score.candidate.short)
    }
    return table.lines + [counts.words]
  }
}
