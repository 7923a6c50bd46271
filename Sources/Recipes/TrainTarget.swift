/// What is trained, on what, and how.
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
  package let substrate: SubstrateChoice
  package let candidates: [CandidateSetting]
  /// Nil where the engine looks at nothing but what it learns from.
  package let validation: Validation?
}

/// How a training is measured on the validation part while it goes on.
package struct Validation: Hashable, Sendable {
  /// When it ends early.
  package struct Stopping: Hashable, Sendable {
    /// Validations in a row without progress.
    package let patience: Int64
    /// Nats a token.
    package let minimumChange: DecimalNumber
  }

  /// Between two validations. Nil: an epoch.
  package let steps: Int64?
  /// Nil where it goes to its end.
  package let stopping: Stopping?
}

/// Where a target is trained.
package enum SubstrateChoice: Hashable, Sendable {
  case embedded
  /// A program, with `{input.NAME}` still in its arguments.
  case command([String], inputs: [String: RunStep.Input])
}

/// The shape of an adapter.
package struct LoRA: Hashable, Sendable {
  package enum Targets: Hashable, Sendable {
    case allLinear
    /// Sorted, each once.
    case modules([String])
  }

  package var rank: Int64
  package var alpha: DecimalNumber
  package let targets: Targets
  /// Nil, and not 0, where nothing is left out.
  package let dropout: DecimalNumber?
  package let isRankStabilized: Bool
}

/// AdamW and its schedule.
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
