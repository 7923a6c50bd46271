package import Artifacts
internal import Signing

extension SoulManifest {
  /// One training of the recipe, by its number among all: what it tried, and what came of it.
  package struct Candidate: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
      /// Measured on the holdout. The errors are standard errors in the unit of the total; nil where one record is all there is.
      case scored(total: Int64, standardError: Int64?, gainStandardError: Int64?)
      /// Training or measuring came to no finite number: out of the choice.
      case diverged(step: Int64?, reason: String)
    }

    /// What the trainer itself said of its loss, and what the measurement says to that.
    package struct Claim: Hashable, Sendable {
      package enum Verdict: String, Hashable, Sendable, CaseIterable {
        case refuted
        case notRefuted = "not-refuted"
      }

      package let lossNatsPerToken: String
      package let verdict: Verdict

      package init(lossNatsPerToken: String, verdict: Verdict) {
        self.lossNatsPerToken = lossNatsPerToken
        self.verdict = verdict
      }
    }

    /// From 1.
    package let number: Int64
    /// The train target's name in the recipe.
    package let target: String
    /// What it has of its own beside the target's parameters: an object, names as in the recipe.
    package let parameters: JSONValue
    /// The digest of the listing of its files, by which the selection knows it. Nil where the training left none.
    package let files: Digest?
    package let trace: Digest
    package let outcome: Outcome
    package let claim: Claim?

    package init(
      number: Int64, target: String, parameters: JSONValue, files: Digest?, trace: Digest, outcome: Outcome, claim: Claim?
    ) {
      self.number = number
      self.target = target
      self.parameters = parameters
      self.files = files
      self.trace = trace
      self.outcome = outcome
      self.claim = claim
    }
  }
}

// MARK: - Document

extension SoulManifest.Candidate {
  package var document: JSONValue {
    var members: [String: JSONValue] = [
      "number": .integer(number), "target": .string(target), "parameters": parameters, "trace": .digest(trace),
    ]
    members["files"] = files.map { .digest($0) }
    members["claim"] = claim.map { ["lossNatsPerToken": .string($0.lossNatsPerToken), "verdict": .string($0.verdict.rawValue)] }
    switch outcome {
    case .scored(let total, let standardError, let gainStandardError):
      members["total"] = .integer(total)
      members["standardError"] = standardError.map { .integer($0) }
      members["gainStandardError"] = gainStandardError.map { .integer($0) }
    case .diverged(let step, let reason):
      var facts: [String: JSONValue] = ["reason": .string(reason)]
      facts["step"] = step.map { .integer($0) }
      members["diverged"] = .object(facts)
    }
    return .object(members)
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    let isScored = reader.optional("diverged") == nil
    try reader.object(
      Set(["number", "target", "parameters", "trace", "files", "claim"]).union(isScored ? ["total", "standardError", "gainStandardError"] : ["diverged"]))
    let parameters = try reader.member("parameters")
    guard parameters.value.object != nil else { throw parameters.failure("not an object") }
    let files = isScored ? try reader.member("files").digest() : try reader.optional("files")?.digest()
    self.init(
      number: try reader.member("number").integer(1...JSONValue.largestExactInteger), target: try reader.member("target").nonEmptyString(),
      parameters: parameters.value, files: files, trace: try reader.member("trace").digest(),
      outcome: isScored ? try Self.scored(reader) : try Self.diverged(reader.member("diverged")),
      claim: try reader.optional("claim").map { (claim) throws(DocumentError) in try Claim(claim) })
  }

  private static func scored(_ reader: DocumentReader) throws(DocumentError) -> Outcome {
    .scored(
      total: try reader.member("total").count(), standardError: try reader.optional("standardError")?.count(),
      gainStandardError: try reader.optional("gainStandardError")?.count())
  }

  private static func diverged(_ reader: DocumentReader) throws(DocumentError) -> Outcome {
    try reader.object(["step", "reason"])
    return .diverged(step: try reader.optional("step")?.count(), reason: try reader.member("reason").nonEmptyString())
  }
}

extension SoulManifest.Candidate.Claim {
  fileprivate init(_ reader: DocumentReader) throws(DocumentError) {
    try reader.object(["lossNatsPerToken", "verdict"])
    self.init(
      lossNatsPerToken: try reader.member("lossNatsPerToken").nonEmptyString(), verdict: try reader.member("verdict").choice(Verdict.self))
  }
}

// MARK: - Beside the selection

extension SoulManifest.Candidate {
  fileprivate var isScored: Bool {
    if case .scored = outcome { true } else { false }
  }
}

extension SoulManifest {
  /// Candidates are numbered from 1 without a gap, and what they came to is what the selection says of the same files; without a selection nobody was
  /// measured. A candidate that is the incumbent itself is in no table.
  func checkCandidates(_ reader: DocumentReader) throws(DocumentError) {
    guard candidates.enumerated().allSatisfy({ $1.number == Int64($0) + 1 }) else {
      throw reader.failure("the candidates are not numbered from 1")
    }
    guard let selection else {
      if let scored = candidates.first(where: \.isScored) { throw reader.failure("candidate \(scored.number) has a score, and there is no selection") }
      return
    }
    var known: Set<Digest> = []
    for candidate in candidates {
      guard let files = candidate.files else { continue }
      known.insert(files)
      let isTold =
        switch candidate.outcome {
        case .scored(let total, _, _): ([selection.incumbent] + selection.scores).contains { $0.candidate == files && $0.total == total }
        case .diverged: selection.diverged.contains(files)
        }
      guard isTold else { throw reader.failure("candidate \(candidate.number) is not what the selection says of it") }
    }
    guard Set(selection.scores.map(\.candidate)).union(selection.diverged).isSubset(of: known) else {
      throw reader.failure("the selection has a candidate that is not among the candidates")
    }
  }
}
