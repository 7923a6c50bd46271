package import Artifacts
internal import Foundation
internal import Hashing

/// The commitments of a run: with them a stranger who trains again can name the first step that differs.
///
/// Every step has its loss and gradient norm, in full binary64. The Merkle root over parameters and moments is taken of the initial
/// state, after every sixteenth step, and after the last: hashing each step of a large model would cost a tenth of the training, and a
/// difference in the state shows in the next step's norm anyway.
package struct TrainingTrace: Hashable, Sendable {
  package static let stateInterval = 16

  package struct Step: Hashable, Sendable {
    package let lossNatsPerToken: Double
    package let gradientNorm: Double
    /// The root over (parameter, m, v) after the step, where one was taken.
    package let state: Digest?
    /// Σ round(nll·2²⁰) of the validation part after the step, where it was measured.
    package let validation: Int64?

    package init(lossNatsPerToken: Double, gradientNorm: Double, state: Digest?, validation: Int64? = nil) {
      (self.lossNatsPerToken, self.gradientNorm, self.state, self.validation) = (lossNatsPerToken, gradientNorm, state, validation)
    }
  }

  /// What is fixed before the first step.
  package struct Commitments: Hashable, Sendable {
    package let semantics: String
    package let base: Digest
    package let parameters: Digest
    package let tokens: Digest
    /// Of the examples of the validation part. Nil where none are measured.
    package let validation: Digest?
    package let plan: Digest
    package let initialState: Digest
  }

  package let commitments: Commitments
  package internal(set) var steps: [Step]

  /// The one digest of the run: over the commitments and the Merkle root of its steps.
  package var root: Digest {
    Digest(hashing: ["schema": "soulpack.trace-root/1", "commitments": commitments.canonical, "steps": .digest(stepRoot)])
  }

  private var stepRoot: Digest {
    MerkleTree.root(of: steps.enumerated().map { Digest(hashing: $1.canonical(number: $0)) })
  }

  package var canonical: JSONValue {
    [
      "schema": "soulpack.trace/1", "commitments": commitments.canonical, "root": .digest(root),
      "steps": .array(steps.enumerated().map { $1.canonical(number: $0) }),
    ]
  }

  /// Nil where the document is not a trace of this schema, or its root is not the root of its parts.
  package init?(canonical value: JSONValue) {
    guard value["schema"]?.string == "soulpack.trace/1", let commitments = value["commitments"].flatMap(Commitments.init(canonical:)),
      let steps = value["steps"]?.array
    else { return nil }
    self.init(commitments: commitments, steps: steps.compactMap(Step.init(canonical:)))
    guard self.steps.count == steps.count, value["root"]?.digest == root else { return nil }
  }

  package init(commitments: Commitments, steps: [Step] = []) {
    self.commitments = commitments
    self.steps = steps
  }

  /// The first step, counted from 0, at which two runs with equal commitments part. Nil where they never do.
  package func firstDifference(from other: TrainingTrace) -> Int? {
    zip(steps, other.steps).enumerated().first { $1.0 != $1.1 }?.offset ?? (steps.count == other.steps.count ? nil : min(steps.count, other.steps.count))
  }
}

extension TrainingTrace.Step {
  /// What RFC 8785 can hold.
  static let largestValidation: Int64 = 1 << 53

  func canonical(number: Int) -> JSONValue {
    var members: [String: JSONValue] = ["step": .integer(Int64(number)), "loss": .number(lossNatsPerToken), "norm": .number(gradientNorm)]
    if let state { members["state"] = .digest(state) }
    if let validation { members["validation"] = .integer(validation) }
    return .object(members)
  }

  init?(canonical value: JSONValue) {
    guard let loss = value["loss"]?.number, let norm = value["norm"]?.number else { return nil }
    let validation = value["validation"]?.integer
    // A stranger's number: differences of two such sums must be numbers too.
    guard value["validation"] == nil || validation.map({ (0...Self.largestValidation).contains($0) }) == true else { return nil }
    self.init(lossNatsPerToken: loss, gradientNorm: norm, state: value["state"]?.digest, validation: validation)
  }
}

extension TrainingTrace.Commitments {
  var canonical: JSONValue {
    var members: [String: JSONValue] = [
      "semantics": .string(semantics), "base": .digest(base), "parameters": .digest(parameters), "tokens": .digest(tokens), "plan": .digest(plan),
      "initialState": .digest(initialState),
    ]
    if let validation { members["validation"] = .digest(validation) }
    return .object(members)
  }

  init?(canonical value: JSONValue) {
    guard let semantics = value["semantics"]?.string, let base = value["base"]?.digest, let parameters = value["parameters"]?.digest,
      let tokens = value["tokens"]?.digest, let plan = value["plan"]?.digest, let initialState = value["initialState"]?.digest
    else { return nil }
    let validation = value["validation"]?.digest
    guard (value["validation"] == nil) == (validation == nil) else { return nil }
    self.init(semantics: semantics, base: base, parameters: parameters, tokens: tokens, validation: validation, plan: plan, initialState: initialState)
  }
}
