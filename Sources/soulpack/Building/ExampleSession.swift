internal import Artifacts
internal import Engine
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Steps
internal import Store

/// What of a recipe comes before its first training, and then one example of what that would learn from.
struct ExampleSession {
  private let session: BuildSession

  init(_ session: BuildSession) { self.session = session }

  /// On standard output, and nowhere else: it is the text of a record.
  func show() async throws {
    let terminal = session.arguments.common.terminal
    let plan = session.project.plan
    let id = ActionID("train.\(try session.project.recipe.target(named: nil).name).1")
    guard let training = plan[id] else { preconditionFailure("every target has a first candidate") }
    let before = Plan(actions: plan.actions, goals: [.train: [id]]).actions(for: .train).filter { $0.id != id }
    try await requireBase(before)
    guard let result = try await session.run(before, reading: session.project.plan.sources(for: before + [training])) else { return }
    let context = StepContext(
      lookingAt: training, inputs: try inputs(of: training, result), store: result.store, threads: 1, folder: session.project.storeFolder)
    let report: ExampleReport
    do { report = ExampleReport(action: id.name, example: try ShownExample(context)) } catch { throw FailedAction(action: id.name, error: error) }
    guard terminal.outputHasColour, !terminal.isJSON else { return terminal.show(report) }
    try terminal.put(Array((report.colouredLines.joined(separator: "\n") + "\n").utf8))
  }

  /// Nothing is trained to look at an example: a base that another recipe makes must be there. Which it is, what comes before its training says.
  private func requireBase(_ actions: [Action]) async throws {
    guard let first = actions.firstIndex(where: { $0.kind == .train }), !session.arguments.dryRun else { return }
    _ = try await session.run(Array(actions[..<first]))
    let missing = try Survey(session.project, actions: actions).forecast.rows.first { $0.action.kind == .train && $0.standing != .upToDate }
    if let missing { throw BaseNotTrained(action: missing.action.id.name, recipe: session.project.recipe.base, isSmoke: session.arguments.smoke) }
  }

  private func inputs(of action: Action, _ result: ActionRun.Result) throws -> [String: Digest] {
    try Dictionary(
      uniqueKeysWithValues: action.inputs.map { name, reference in
        let digest: Digest? =
          switch reference {
          case .source(let source): result.sources[source]
          case .output(let id, let output): result.report.output(output, of: id)
          }
        guard let digest else { throw MissingInput(action: action.id, input: name) }
        return (name, digest)
      })
  }
}

/// The base whose tokenizer and template an example is written by is yet to be trained.
struct BaseNotTrained: ExplainedError {
  let action: String
  let recipe: Base
  let isSmoke: Bool

  var message: String { "\(action) has not been run: the base is yet to be trained, and nothing is trained to show an example" }
  var hint: String? {
    guard case .recipe(let path, _) = recipe else { return nil }
    return "train it first: soulpack train \(path.asShellWord)\(isSmoke ? " --smoke" : ""); or name a model folder under \"base\" meanwhile"
  }
}

struct ExampleReport: Report {
  let action: String
  let example: ShownExample

  let schema = "soulpack.example/1"

  var members: [String: JSONValue] {
    [
      "action": .string(action), "record": .string(example.record.description), "number": .integer(Int64(example.number)),
      "examples": .integer(Int64(example.count)), "runs": .array(example.runs.map(json)),
    ]
  }

  private func json(_ run: ExampleRun) -> JSONValue {
    ["learnt": .bool(run.isLearnt), "text": .string(run.text), "tokens": .array(run.tokens.map { .integer(Int64($0)) })]
  }

  var lines: [String] { heading + example.runs.map(\.line) + ending }

  /// Each line begins with the word that the colour says once more.
  var colouredLines: [String] { heading + example.runs.map { "\u{1B}[\($0.isLearnt ? "32" : "2")m\($0.line)\u{1B}[0m" } + ending }

  private var heading: [String] {
    let which = example.isMasked ? "the first of which some tokens are only read" : "the first; in every one all tokens are learnt"
    return ["\(action), example \(Quantity.count(example.number)) of \(Quantity.count(example.count)), \(which)", "record \(example.record)", ""]
  }

  private var ending: [String] {
    let all = example.runs.reduce(0) { $0 + $1.tokens.count }
    let learnt = example.runs.reduce(0) { $0 + ($1.isLearnt ? $1.tokens.count : 0) }
    return ["", "\(Quantity.counted(all, "token")), of which \(Quantity.count(learnt)) are learnt (the first of an example never is)"]
  }
}
