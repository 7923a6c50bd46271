package import Artifacts

/// The story of one record, stage by stage: what `soulpack why` shows.
package struct Explanation: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    case passed
    case dropped(DropReason, threshold: Double?)
    case merged(keeper: RecordID, at: RecordPlace)
    /// The story had ended before.
    case notReached
  }

  package struct Step: Hashable, Sendable {
    package let stage: StageName
    package let outcome: Outcome
    package let changes: [Change]
    package let measured: Double?
    /// What the measure was held against, where the stage has bounds.
    package let bounds: ClosedRange<Int>?
  }

  package let entry: LedgerEntry
  /// Every stage of the curation, in the order in which they run, reading first.
  package let steps: [Step]

  init(_ entry: LedgerEntry, _ parameters: CurationParameters) {
    self.entry = entry
    var steps: [Step] = []
    var hasEnded = false
    for stage in Route(parameters).names {
      let outcome = hasEnded ? Outcome.notReached : Explanation.outcome(of: stage, entry.fate)
      if outcome != .passed { hasEnded = true }
      steps.append(Step(stage, outcome, entry, bounds: Explanation.bounds(of: stage, parameters)))
    }
    self.steps = steps
  }

  /// Of a stage that the record reached.
  private static func outcome(of stage: StageName, _ fate: Fate) -> Outcome {
    switch fate {
    case .dropped(let drop) where drop.stage == stage: .dropped(drop.reason, threshold: drop.threshold)
    case .merged(let keeper, let place) where stage == .deduplicate: .merged(keeper: keeper, at: place)
    default: .passed
    }
  }

  private static func bounds(of name: StageName, _ parameters: CurationParameters) -> ClosedRange<Int>? {
    guard name == .length else { return nil }
    for case .length(let least, let most) in parameters.stages { return least...most }
    return nil
  }
}

extension Explanation.Step {
  fileprivate init(_ stage: StageName, _ outcome: Explanation.Outcome, _ entry: LedgerEntry, bounds: ClosedRange<Int>?) {
    let passage = entry.passages.first { $0.stage == stage }
    (self.stage, self.outcome, self.bounds) = (stage, outcome, bounds)
    changes = passage?.changes ?? []
    if case .dropped(let drop) = entry.fate, drop.stage == stage {
      measured = drop.measured
    } else {
      measured = passage?.measured
    }
  }
}

extension Explanation {
  /// For `--json`.
  package var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "schema": "soulpack.why/1", "file": .string(entry.source.place.file), "line": .integer(Int64(entry.source.place.line)),
      "offset": .integer(Int64(entry.source.byteRange.lowerBound)), "bytes": .integer(Int64(entry.source.byteRange.count)),
      "steps": .array(steps.map(\.canonical)),
    ]
    if let id = entry.id { members["id"] = .digest(id.digest) }
    return .object(members)
  }
}

extension Explanation.Step {
  fileprivate var canonical: JSONValue {
    var members: [String: JSONValue] = ["stage": .string(stage.rawValue)]
    switch outcome {
    case .passed: members["outcome"] = "passed"
    case .notReached: members["outcome"] = "not reached"
    case .dropped(let reason, let threshold):
      members["outcome"] = "dropped"
      members["reason"] = .string(reason.rawValue)
      if let threshold { members["threshold"] = .number(threshold) }
    case .merged(let keeper, let place):
      members["outcome"] = "merged"
      members["keeper"] = ["id": .digest(keeper.digest), "file": .string(place.file), "line": .integer(Int64(place.line))]
    }
    if let measured { members["measured"] = .number(measured) }
    if let bounds { members["bounds"] = [.integer(Int64(bounds.lowerBound)), .integer(Int64(bounds.upperBound))] }
    if !changes.isEmpty {
      members["changes"] = .object(Dictionary(changes.map { ($0.kind.rawValue, .integer(Int64($0.count))) }, uniquingKeysWith: { $1 }))
    }
    return .object(members)
  }
}
