package import Artifacts

/// A recipe that was read and found in order: every reference in it resolves, every default is filled in.
package struct Recipe: Hashable, Sendable {
  /// The file, as errors name it; relative to the root.
  package let path: String
  package let soul: String
  package let version: String
  package let intent: String
  package let description: String
  package let license: String
  package let contact: String?
  package let limits: [String]
  package let base: Base
  /// In the order of their names, whatever the order in the file.
  package let datasets: [Dataset]
  package let runs: [RunStep]
  package let train: TrainTarget
  package let selection: Selection
  package let permissions: Permissions
  /// The longest a build may take. Not in `normalised`, since it changes no output.
  package let wallBudget: Period?
  /// What `--set` changed, in the order given.
  package let overrides: [String]
  /// The recipe with every default filled in and every quantity in one spelling. Read as a recipe, it gives itself again.
  package let normalised: JSONValue

  package func dataset(_ name: String) -> Dataset? { datasets.first { $0.name == name } }
  package func run(_ name: String) -> RunStep? { runs.first { $0.name == name } }
}

/// The model that training starts from.
package enum Base: Hashable, Sendable {
  /// A folder in Hugging Face's format.
  case path(String)
  /// What another recipe makes, relative to the root; the place is for errors.
  case recipe(String, Place)
  case new(NewModel)
}

/// A compact model of the llama family, to be trained from nothing.
package struct NewModel: Hashable, Sendable {
  package let architecture: String
  package let hidden: Int64
  package let layers: Int64
  package let heads: Int64
  package let keyValueHeads: Int64
  package let intermediate: Int64
  /// The most positions, in tokens.
  package let context: Int64
  package let ropeTheta: DecimalNumber
  /// Number of tokens of the byte-level BPE tokenizer that is trained on the train split.
  package let vocabulary: Int64
}

/// A dataset: where it comes from, how it is curated and parted.
package struct Dataset: Hashable, Sendable {
  package enum Origin: Hashable, Sendable {
    /// A folder or a file.
    case path(String)
    case run(String)
  }

  package let name: String
  package let origin: Origin
  /// Patterns relative to the origin, sorted, each once; nil: every file.
  package let files: [String]?
  package let license: String
  package let contributor: String?
  package let stages: [CurationStage]
  package let split: SplitRule
}

package enum CurationStage: Hashable, Sendable {
  case normalize(unicode: String)
  case deduplicate(exact: Bool)
  case length(minCharacters: Int64, maxCharacters: Int64)
}

package struct SplitRule: Hashable, Sendable {
  package let by: String
  package let validation: Percentage
  package let holdout: Percentage
  package let salt: String
}

/// A foreign command.
package struct RunStep: Hashable, Sendable {
  package enum Input: Hashable, Sendable {
    case file(String)
    /// Written with a `/` at its end.
    case folder(String)
    case run(String)
  }

  package let name: String
  /// Program and arguments, with `{input.NAME}` and `{output}` still in them.
  package let command: [String]
  package let inputs: [String: Input]
}

package struct TrainTarget: Hashable, Sendable {
  package enum Method: Hashable, Sendable {
    case adapter(LoRA)
    /// Every weight.
    case full
  }

  package let name: String
  package let dataset: String
  package let method: Method
  package let optimizer: Optimizer
  package let epochs: Int64
  package let batch: Int64
  package let context: Int64
  package let substrate: String
  package let candidates: [CandidateSetting]
}

package struct LoRA: Hashable, Sendable {
  package enum Targets: Hashable, Sendable {
    case allLinear
    /// Sorted, each once.
    case modules([String])
  }

  package var rank: Int64
  package var alpha: DecimalNumber
  package let targets: Targets
}

package struct Optimizer: Hashable, Sendable {
  package enum Schedule: String, Hashable, Sendable { case cosine, constant }

  package var learningRate: DecimalNumber
  package let schedule: Schedule
  /// Share of the steps.
  package let warmup: DecimalNumber
  package let weightDecay: DecimalNumber
  /// Decay of the first and of the second moment.
  package let betas: [DecimalNumber]
  package let epsilon: DecimalNumber
  package let clip: DecimalNumber
}

/// What one candidate changes.
package struct CandidateSetting: Hashable, Sendable {
  package let seed: Int64
  package let learningRate: DecimalNumber?
  package let rank: Int64?
  package let alpha: DecimalNumber?
}

package struct Selection: Hashable, Sendable {
  package let `protocol`: String
  package let rounds: Int64
  package let committee: String
  /// Nats a token that a winner must gain over the incumbent.
  package let improvement: Ratio
}

package struct Permissions: Hashable, Sendable {
  package let runAllow: [String]
  package let derive: Bool
  package let promptLogging: String
  package let lease: Period
}
