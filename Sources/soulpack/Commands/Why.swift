internal import ArgumentParser
internal import Artifacts
internal import Curation
internal import Explaining
internal import Foundation
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
    do {
      let answer = try RecordQuestion(subject: subject, recipe: recipe, common: common).answer()
      common.terminal.show(WhyReport(dataset: answer.dataset, explanations: answer.explanations))
    } catch let error as LedgerQueryError {
      guard case .unknownRecord = error, let retracted = try retracted() else { throw error }
      throw retracted
    }
  }

  /// A record that was retracted may have had this id in a dataset of before, and have none of it in the ledger of now.
  private func retracted() throws -> RetractedRecord? {
    guard let retractions = try ProjectConsent(in: Project.rootFolder(common)).retractions else { return nil }
    let store = try ReadableStore.openIfThere(common)
    let ids = try Digest(subject).map { [RecordID($0)] } ?? store.map { try RecordTrace.ids(startingWith: subject, in: $0) } ?? []
    guard ids.count == 1, let id = ids.first, retractions.hold(id) else { return nil }
    return RetractedRecord(id: id, place: try store.flatMap { try RecordTrace.places(of: id, in: $0).first })
  }
}

/// The record that was asked for stays out of every dataset.
struct RetractedRecord: ExplainedError {
  let id: RecordID
  let place: RecordPlace?

  var message: String { "record \(id.digest.short)\(place.map { " (\($0))" } ?? "") is retracted, and stays out of every dataset" }
  var hint: String? { place.map { "soulpack why \("\($0)".asShellWord)" } }
}

struct WhyReport: Report {
  let dataset: String
  /// One for each place that the record was read from.
  let explanations: [RecordExplanation]

  let schema = "soulpack.why/2"

  var members: [String: JSONValue] { ["dataset": .string(dataset), "records": .array(explanations.map(\.canonical))] }

  var lines: [String] { explanations.flatMap(lines) }

  private func lines(_ explanation: RecordExplanation) -> [String] {
    let id = explanation.entry.id.map { "  record \($0.digest.short)" } ?? ""
    var table = Table()
    for step in explanation.steps {
      let details = details(step)
      table.add("  " + step.stage.rawValue, outcome(step), details.first ?? "")
      for detail in details.dropFirst() { table.add("", "", detail) }
    }
    return ["\(explanation.entry.source.place)\(id)  (\(dataset))"] + table.lines + merged(into: explanation)
  }

  private func outcome(_ step: RecordExplanation.Step) -> String {
    switch step.outcome {
    case .passed: step.changes.isEmpty ? "passed" : "changed"
    case .dropped(let reason, _): "dropped: \(reason.rawValue)"
    case .merged(let keeper, let place, nil): "merged into \(keeper.digest.short) (\(place))"
    case .merged(let keeper, let place, let similarityPPM?): "near duplicate of \(keeper.digest.short) (\(place)), \(percent(similarityPPM)) alike"
    case .notReached: "not reached"
    }
  }

  /// A line for each thing that there is to say.
  private func details(_ step: RecordExplanation.Step) -> [String] {
    var lines = [(step.changes.map { "\($0.kind.rawValue) ×\($0.count)" } + step.found.map { "found \($0.kind.rawValue) ×\($0.count)" } + measured(step))
      .joined(separator: ", ")].filter { !$0.isEmpty }
    if let detail = step.detail { lines.append(words(detail)) }
    if case .dropped(.unknownLicense, _) = step.outcome { lines += ["name it as SPDX does, or declare it", "under \"licenses\" in the recipe"] }
    if case .merged(_, _, .some) = step.outcome, let threshold = step.nearThresholdPPM { lines.append("nearly the same from \(percent(threshold)) on") }
    lines += step.signals.map { signal in
      "\(signal.reading.signal.rawValue) \(number(signal.reading.value))"
        + (signal.bounds.isEmpty ? "" : " (\(signal.bounds.map(words).joined(separator: ", ")))")
    }
    return lines
  }

  private func measured(_ step: RecordExplanation.Step) -> [String] {
    var words = step.measured.map { ["measured \(number($0))"] } ?? []
    if case .dropped(_, let threshold?) = step.outcome { words.append("allowed \(number(threshold))") }
    if let bounds = step.bounds { words = words.filter { !$0.hasPrefix("allowed") } + ["allowed \(bounds.lowerBound) to \(bounds.upperBound)"] }
    return words
  }

  private func words(_ detail: Passage.Detail) -> String {
    switch detail {
    case .language(let reading): "language \(reading.code), \(reading.percent)% of the letters\(reading.isReliable ? "" : ", not certain")"
    case .overlap(let overlap): "shares \(overlap.sharedRuns) of \(overlap.runs) word runs with the evaluation record \(overlap.place)"
    case .forbidden(let use): use.words
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

  private func merged(into explanation: RecordExplanation) -> [String] {
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
