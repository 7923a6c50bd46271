package import Artifacts
package import Licensing

/// A recipe that was read and found in order: every reference in it resolves, every default is filled in.
package struct Recipe: Hashable, Sendable {
  /// The file, as errors name it; relative to the root.
  package let path: String
  package let soul: String
  package let version: String
  package let intent: String
  package let description: String
  package let license: String
  /// What is meant to be done with the Soul, its licence among it: what the licences of the data are held against.
  package let use: DeclaredUse
  /// What it declares under `licenses` and `consents`.
  package let licenses: LicenseBook
  package let contact: String?
  package let limits: [String]
  package let base: Base
  /// In the order of their names, whatever the order in the file.
  package let datasets: [Dataset]
  package let runs: [RunStep]
  /// In the order of their names. All learn from one dataset, and all train adapters or all train models.
  package let targets: [TrainTarget]
  package let selection: Selection
  /// In the order of the file.
  package let gates: [Gate]
  /// The file that says what groups of records did.
  package let contributions: String?
  package let permissions: Permissions
  /// The longest a build may take. Not in `normalised`, since it changes no output.
  package let wallBudget: Period?
  /// The most memory that a training may take. Not in `normalised` either.
  package let memoryBudget: ByteSize?
  /// What `--set` changed, in the order given.
  package let overrides: [String]
  /// The recipe with every default filled in and every quantity in one spelling. Read as a recipe, it gives itself again.
  package let normalised: JSONValue

  package func dataset(_ name: String) -> Dataset? { datasets.first { $0.name == name } }
  package func run(_ name: String) -> RunStep? { runs.first { $0.name == name } }
}

/// How the best candidate is chosen.
package struct Selection: Hashable, Sendable {
  package let `protocol`: String
  package let rounds: Int64
  package let committee: String
  /// Nats a token that a winner must gain over the incumbent.
  package let improvement: Ratio
}

/// What must hold of the winner.
package enum Gate: Hashable, Sendable {
  /// Its loss on the holdout is lower than the incumbent's by at least this share of the incumbent's.
  case holdoutLoss(belowBaseBy: Percentage)
  /// It says neither training records by heart nor secrets that were planted.
  case canaries(CanaryRule)
}

/// What a Soul is listened to for before it is sealed.
package struct CanaryRule: Hashable, Sendable {
  /// Planted secrets, one a line.
  package let file: String?
  package let records: Int64
  /// So many, said in a row, are said by heart.
  package let tokens: Int64
  /// Records that may be said.
  package let allowed: Int64
  package let alternatives: Int64
  /// Bits.
  package let exposure: Int64
  package let seed: Int64
}

/// What the owner declares about the use of the Soul.
package struct Permissions: Hashable, Sendable {
  package let runAllow: [String]
  package let derive: Bool
  package let promptLogging: String
  package let lease: Period
}
