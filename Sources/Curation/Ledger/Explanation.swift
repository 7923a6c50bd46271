package import Artifacts

/// The story of one record, stage by stage: what `soulpack why` shows.
package struct Explanation: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    case passed
    case dropped(DropReason, threshold: Double?)
    /// `similarityPPM` is there for near duplicates.
    case merged(keeper: RecordID, at: RecordPlace, similarityPPM: Int? = nil)
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
    /// From how much likeness on records are merged, where near duplicates are looked for.
    package let nearThresholdPPM: Int?
    package let signals: [Signal]
    package let found: [PersonalData.Finding]
    package let detail: Passage.Detail?
  }

  /// What was measured for the rules of quality, and the bounds that it keeps.
  package struct Signal: Hashable, Sendable {
    package let reading: QualitySignal.Reading
    package let bounds: [QualityRule.Bound]
  }

  package let entry: LedgerEntry
  /// Every stage of the curation, in the order in which they run, reading first.
  package let steps: [Step]
  /// The records that were merged into this one, exactly or nearly, in the order of their sources.
  package let members: [LedgerEntry]

  init(_ entry: LedgerEntry, _ parameters: CurationParameters, members: [LedgerEntry]) {
    self.entry = entry
    self.members = members
    var steps: [Step] = []
    var hasEnded = false
    for stage in Route(parameters).names {
      let outcome = hasEnded ? Outcome.notReached : Explanation.outcome(of: stage, entry.fate)
      if outcome != .passed { hasEnded = true }
      steps.append(Step(stage, outcome, entry, parameters))
    }
    self.steps = steps
  }

  /// Of a stage that the record reached.
  private static func outcome(of stage: StageName, _ fate: Fate) -> Outcome {
    switch fate {
    case .dropped(let drop) where drop.stage == stage: .dropped(drop.reason, threshold: drop.threshold)
    case .merged(let keeper, let place, let similarityPPM) where stage == .deduplicate:
      .merged(keeper: keeper, at: place, similarityPPM: similarityPPM)
    default: .passed
    }
  }
}

extension Explanation.Step {
  fileprivate init(_ stage: StageName, _ outcome: Explanation.Outcome, _ entry: LedgerEntry, _ parameters: CurationParameters) {
    let passages = entry.passages.filter { $0.stage == stage }
    (self.stage, self.outcome) = (stage, outcome)
    changes = passages.flatMap(\.changes)
    found = passages.flatMap(\.found)
    detail = passages.compactMap(\.detail).first
    let rules = Self.rules(of: stage, parameters)
    signals = passages.flatMap(\.signals).map { reading in
      Explanation.Signal(reading: reading, bounds: rules.filter { $0.signal == reading.signal }.map(\.bound))
    }
    bounds = Self.bounds(of: stage, parameters)
    nearThresholdPPM = Self.nearThreshold(of: stage, parameters)
    if case .dropped(let drop) = entry.fate, drop.stage == stage {
      measured = drop.measured
    } else {
      measured = passages.compactMap(\.measured).first
    }
  }

  private static func rules(of name: StageName, _ parameters: CurationParameters) -> [QualityRule] {
    guard name == .quality else { return [] }
    for case .quality(let profile) in parameters.stages { return profile.rules }
    return []
  }

  private static func nearThreshold(of name: StageName, _ parameters: CurationParameters) -> Int? {
    guard name == .deduplicate else { return nil }
    for case .deduplicate(let rule) in parameters.stages { return rule.near?.thresholdPPM }
    return nil
  }

  private static func bounds(of name: StageName, _ parameters: CurationParameters) -> ClosedRange<Int>? {
    guard name == .length else { return nil }
    for case .length(let least, let most) in parameters.stages { return least...most }
    return nil
  }
}

// MARK: - JSON

extension Explanation {
  /// For `--json`.
  package var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "schema": "soulpack.why/2", "file": .string(entry.source.place.file), "line": .integer(Int64(entry.source.place.line)),
      "offset": .integer(Int64(entry.source.byteRange.lowerBound)), "bytes": .integer(Int64(entry.source.byteRange.count)),
      "steps": .array(steps.map(\.canonical)),
    ]
    if let id = entry.id { members["id"] = .digest(id.digest) }
    if !self.members.isEmpty { members["merged"] = .array(self.members.map(\.member)) }
    return .object(members)
  }
}

extension LedgerEntry {
  fileprivate var member: JSONValue {
    var members: [String: JSONValue] = ["file": .string(source.place.file), "line": .integer(Int64(source.place.line))]
    if case .merged(_, _, let similarityPPM?) = fate { members["similarity-ppm"] = .integer(Int64(similarityPPM)) }
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
    case .merged(let keeper, let place, let similarityPPM):
      members["outcome"] = "merged"
      members["keeper"] = ["id": .digest(keeper.digest), "file": .string(place.file), "line": .integer(Int64(place.line))]
      if let similarityPPM { members["similarity-ppm"] = .integer(Int64(similarityPPM)) }
    }
    if let measured { members["measured"] = .number(measured) }
    if let nearThresholdPPM { members["near-threshold-ppm"] = .integer(Int64(nearThresholdPPM)) }
    if let bounds { members["bounds"] = [.integer(Int64(bounds.lowerBound)), .integer(Int64(bounds.upperBound))] }
    if !changes.isEmpty { members["changes"] = .object(Dictionary(changes.map { ($0.kind.rawValue, .integer(Int64($0.count))) }, uniquingKeysWith: { $1 })) }
    if !found.isEmpty { members["found"] = .object(Dictionary(found.map { ($0.kind.rawValue, .integer(Int64($0.count))) }, uniquingKeysWith: { $1 })) }
    if let member = detail?.member { members[member.name] = member.value }
    if !signals.isEmpty { members["signals"] = .object(Dictionary(signals.map { ($0.reading.signal.rawValue, $0.canonical) }, uniquingKeysWith: { $1 })) }
    return .object(members)
  }
}

extension Explanation.Signal {
  fileprivate var canonical: JSONValue {
    var members: [String: JSONValue] = ["measured": .number(reading.value)]
    for bound in bounds {
      switch bound {
      case .atLeast(let limit): members["at-least"] = .number(limit)
      case .atMost(let limit): members["at-most"] = .number(limit)
      case .above(let limit): members["above"] = .number(limit)
      case .below(let limit): members["below"] = .number(limit)
      }
    }
    return .object(members)
  }
}
