internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Foundation
internal import Planning
internal import Recipes
internal import Running
internal import Store

/// `soulpack why FILE:LINE` and `soulpack why RECORD`: what became of a record, stage by stage. Reads; runs nothing.
struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what became of a record, stage by stage.",
    discussion: """
      The data must be curated. FILE is relative to where you are, to the folder that was curated, or to the root.

      Without --recipe the last curation answers that read FILE, of a folder or of a recipe.
      """)

  @Argument(help: "FILE:LINE, or the id of a record or its first digits.") var subject: String
  @Option(help: "The recipe.") var recipe: String?
  @OptionGroup var common: CommonArguments

  func run() throws {
    var failures: [any ExplainedError] = []
    for curation in try curations() {
      do {
        if let report = try report(of: curation, &failures) { return common.terminal.show(report) }
      } catch let error as NotCurated {
        failures.append(error)
      } catch let error as SourceProblem {
        failures.append(error)  // A folder that is gone can have been curated once.
      }
    }
    throw mostTelling(failures)
  }

  /// Nil where none of the curation's ledgers has an answer.
  private func report(of curation: CurationToAsk, _ failures: inout [any ExplainedError]) throws -> WhyReport? {
    for asked in try curation.ledgers() {
      do {
        return WhyReport(dataset: asked.dataset, explanations: try answer(asked))
      } catch let error as LedgerQueryError {
        failures.append(error)
      }
    }
    return nil
  }

  /// That a file is in none of the other ledgers says less than what the one says that holds it.
  private func mostTelling(_ failures: [any ExplainedError]) -> any Error {
    let telling = failures.first { failure in
      switch failure as? LedgerQueryError {
      case .unknownFile, .unknownRecord: false
      default: true
      }
    }
    return telling ?? failures.first ?? NothingCurated()
  }

  private func answer(_ asked: AskedLedger) throws -> [Explanation] {
    guard let (file, line) = place else { return try asked.query.why(record: subject) }
    return [try asked.query.why(file: asked.name(of: file, from: common.folder), line: line)]
  }

  /// Nil for an id.
  private var place: (file: String, line: Int)? {
    guard let colon = subject.lastIndex(of: ":"), let line = Int(subject[subject.index(after: colon)...]) else { return nil }
    return (String(subject[..<colon]), line)
  }

  private func curations() throws -> [CurationToAsk] {
    guard recipe == nil else { return [.recipe(try Project(option: recipe, common))] }
    let found = Swift.Result { try Project(option: nil, common) }
    let curations = try CurationToAsk.newestFirst(common, recipe: try? found.get())  // What failed is told below, where nobody else can answer.
    guard curations.isEmpty, case .failure(let error) = found else { return curations }
    throw (error as? LocationError) == LocationError.none ? NothingCurated() : error
  }
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
    return ["\(explanation.entry.source.place)\(id)  (\(dataset))"] + table.lines + merged(into: explanation)
  }

  private func outcome(_ step: Explanation.Step) -> String {
    switch step.outcome {
    case .passed: step.changes.isEmpty ? "passed" : "changed"
    case .dropped(let reason, _): "dropped: \(reason.rawValue)"
    case .merged(let keeper, let place, nil): "merged into \(keeper.digest.short) (\(place))"
    case .merged(let keeper, let place, let similarityPPM?): "near duplicate of \(keeper.digest.short) (\(place)), \(percent(similarityPPM)) alike"
    case .notReached: "not reached"
    }
  }

  /// A line for each thing that there is to say.
  private func details(_ step: Explanation.Step) -> [String] {
    var lines = [(step.changes.map { "\($0.kind.rawValue) ×\($0.count)" } + step.found.map { "found \($0.kind.rawValue) ×\($0.count)" } + measured(step))
      .joined(separator: ", ")].filter { !$0.isEmpty }
    if let detail = step.detail { lines.append(words(detail)) }
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

  private func words(_ detail: Passage.Detail) -> String {
    switch detail {
    case .language(let reading): "language \(reading.code), \(reading.percent)% of the letters\(reading.isReliable ? "" : ", not certain")"
    case .overlap(let overlap): "shares \(overlap.sharedRuns) of \(overlap.runs) word runs with the evaluation record \(overlap.place)"
    }
  }

  private func words(_ bound: QualityRule.Bound) -> String {
    switch bound {
    case .atLeast(let limit): "at least \(number(limit))"
    case .atMost(let limit): "at most \(number(limit))"
    case .above(let limit): "above \(number(limit))"
    case .below(let limit): "below \(number(limit))"
    }
  }

  private func merged(into explanation: Explanation) -> [String] {
    let most = 10
    let members = explanation.members
    guard !members.isEmpty else { return [] }
    let lines = members.prefix(most).map { member in
      guard case .merged(_, _, let similarityPPM?) = member.fate else { return "    \(member.source.place)" }
      return "    \(member.source.place), \(percent(similarityPPM)) alike"
    }
    let rest = members.count > most ? ["    and \(members.count - most) more"] : []
    return ["  stands for \(members.count) merged into it:"] + lines + rest
  }

  private func number(_ value: Double) -> String { String(format: "%g", value) }

  /// Rounded down: what is not alike in all is not 100 %.
  private func percent(_ ppm: Int) -> String { "\(ppm / 10_000).\(ppm / 1_000 % 10)%" }
}
