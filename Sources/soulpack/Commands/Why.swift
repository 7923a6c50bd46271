internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Foundation
internal import Planning
internal import Running
internal import Store

/// `soulpack why FILE:LINE` and `soulpack why RECORD`: what became of a record, stage by stage. Reads; runs nothing.
struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what became of a record, stage by stage.",
    discussion: "The datasets must be curated. FILE is relative to the dataset's source folder, or to the root.")

  @Argument(help: "FILE:LINE, or the id of a record or its first digits.") var subject: String
  @Option(help: "The recipe.") var recipe: String?
  @OptionGroup var common: CommonArguments

  func run() throws {
    var chosen = RecipeArguments()
    chosen.recipe = recipe
    chosen.set = []
    let project = try Project(chosen, common)
    let ledgers = try ledgers(of: project)
    var failure: (any Error)?
    for (dataset, source, ledger) in ledgers {
      do {
        common.terminal.show(WhyReport(dataset: dataset, explanations: try answer(ledger, source: source)))
        return
      } catch let error as LedgerQueryError {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  private func answer(_ ledger: LedgerQuery, source: String?) throws -> [Explanation] {
    guard let colon = subject.lastIndex(of: ":"), let line = Int(subject[subject.index(after: colon)...]) else {
      return try ledger.why(record: subject)
    }
    var file = String(subject[..<colon])
    if let source, file.hasPrefix(source + "/") { file.removeFirst(source.count + 1) }
    return [try ledger.why(file: file, line: line)]
  }

  /// The ledger of each curated dataset, with the source's path where it is a folder of the project.
  private func ledgers(of project: Project) throws -> [(String, String?, LedgerQuery)] {
    let survey = try Survey(project, goal: .curate)
    return try survey.forecast.rows.filter { $0.action.kind == .curate }.map { row in
      guard let store = survey.store, let key = row.key, let ledger = try store.actions.lookup(key.digest)?.outputs["ledger"] else {
        throw NotCurated(action: row.action.id.name, recipe: project.recipePath)
      }
      let path: String? = if case .source(let source)? = row.action.inputs["source"] { source.path } else { nil }
      return (row.action.id.name, path, try LedgerQuery(try store.objects.get(ledger)))
    }
  }
}

struct NotCurated: ExplainedError {
  let action: String
  let recipe: String

  var message: String { "\(action): not curated yet, or its source has changed since" }
  var hint: String? { "soulpack curate \(recipe)" }
}

struct WhyReport: Report {
  let dataset: String
  /// One for each place that the record was read from.
  let explanations: [Explanation]

  let schema = "soulpack.why/2"

  var members: [String: JSONValue] { ["dataset": .string(dataset), "records": .array(explanations.map(\.canonical))] }

  var lines: [String] { explanations.flatMap(lines) }

  private func lines(_ explanation: Explanation) -> [String] {
    let id = explanation.entry.id.map { "  record \($0.digest.short)" } ?? ""
    var table = Table()
    for step in explanation.steps {
      let details = details(step)
      table.add("  " + step.stage.rawValue, outcome(step), details.first ?? "")
      for detail in details.dropFirst() { table.add("", "", detail) }
    }
    return ["\(words(explanation.entry.source.place))\(id)  (\(dataset))"] + table.lines + merged(into: explanation)
  }

  private func words(_ place: RecordPlace) -> String { "\(place.file):\(place.line)" }

  private func outcome(_ step: Explanation.Step) -> String {
    switch step.outcome {
    case .passed: step.changes.isEmpty ? "passed" : "changed"
    case .dropped(let reason, _): "dropped: \(reason.rawValue)"
    case .merged(let keeper, let place, nil): "merged into \(keeper.digest.short) (\(words(place)))"
    case .merged(let keeper, let place, let similarityPPM?): "near duplicate of \(keeper.digest.short) (\(words(place))), \(percent(similarityPPM)) alike"
    case .notReached: "not reached"
    }
  }

  /// A line for each thing that there is to say.
  private func details(_ step: Explanation.Step) -> [String] {
    var lines = [(step.changes.map { "\($0.kind.rawValue) ×\($0.count)" } + step.found.map { "found \($0.kind.rawValue) ×\($0.count)" } + measured(step))
      .joined(separator: ", ")].filter { !$0.isEmpty }
    lines += step.signals.map { signal in
      "\(signal.reading.signal.rawValue) \(number(signal.reading.value))"
        + (signal.bounds.isEmpty ? "" : " (\(signal.bounds.map(words).joined(separator: ", ")))")
    }
    return lines
  }

  private func measured(_ step: Explanation.Step) -> [String] {
    var words = step.measured.map { ["measured \(number($0))"] } ?? []
    if case .dropped(_, let threshold?) = step.outcome { words.append("allowed \(number(threshold))") }
    if let bounds = step.bounds { words = words.filter { !$0.hasPrefix("allowed") } + ["allowed \(bounds.lowerBound) to \(bounds.upperBound)"] }
    return words
  }

  private func words(_ bound: QualityRule.Bound) -> String {
    switch bound {
    case .atLeast(let limit): "at least \(number(limit))"
    case .atMost(let limit): "at most \(number(limit))"
    }
  }

  private func merged(into explanation: Explanation) -> [String] {
    let most = 10
    let members = explanation.members
    guard !members.isEmpty else { return [] }
    let lines = members.prefix(most).map { member in
      guard case .merged(_, _, let similarityPPM?) = member.fate else { return "    \(words(member.source.place))" }
      return "    \(words(member.source.place)), \(percent(similarityPPM)) alike"
    }
    let rest = members.count > most ? ["    and \(members.count - most) more"] : []
    return ["  stands for \(members.count) merged into it:"] + lines + rest
  }

  private func number(_ value: Double) -> String { String(format: "%g", value) }

  /// Rounded down: what is not alike in all is not 100 %.
  private func percent(_ ppm: Int) -> String { "\(ppm / 10_000).\(ppm / 1_000 % 10)%" }
}
