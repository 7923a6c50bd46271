package import Artifacts
package import Foundation

/// How a training ended.
package enum TrainingOutcome: Sendable {
  case trained(TrainedCandidate)
  case diverged(Divergence)
}

/// What a trainer proposes: files in their canonical bytes, and an account of how they came about.
package struct TrainedCandidate: Sendable {
  package let files: [String: Data]
  /// The `trace` of the action: commitments that anybody can check, or parameters with the label `opaque`.
  package let account: JSONValue

  init(files: [String: Data], account: JSONValue) {
    self.files = files
    self.account = account
  }
}

/// Numbers that ran away. The candidate is out of the choice, and the build goes on.
package struct Divergence: Hashable, Sendable {
  package static let schema = "soulpack.divergence/1"

  /// How many steps were sound.
  package let step: Int64
  /// In our own words: what a foreign program says is not kept.
  package let reason: String

  init(step: Int64, reason: String) {
    self.step = step
    self.reason = reason
  }

  package var document: JSONValue { ["schema": .string(Self.schema), "step": .integer(step), "reason": .string(reason)] }
}
