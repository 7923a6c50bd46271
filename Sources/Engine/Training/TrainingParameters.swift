package import Artifacts
internal import Foundation
internal import Hashing

/// Everything that decides the bytes of a trained adapter or model, apart from the base and the examples.
///
/// What decides only how fast it goes (threads, the micro-batch) is not here, so that it cannot come into a key by mistake.
package struct TrainingParameters: Hashable, Sendable {
  package enum Method: Hashable, Sendable {
    /// Every tensor of the model is trained.
    case full
    /// Low-rank adapters on some of the linear maps.
    case lora(LoRASettings)

    package static func lora(
      rank: Int, alpha: Double, targets: Set<Projection>, isRankStabilized: Bool = false, dropout: Double = 0
    ) -> Method {
      .lora(LoRASettings(rank: rank, alpha: alpha, targets: targets, isRankStabilized: isRankStabilized, dropout: dropout))
    }
  }

  package enum Schedule: String, Hashable, Sendable {
    case constant, cosine
  }

  package enum Length: Hashable, Sendable {
    /// Every example this many times, each time in another order.
    case epochs(Int)
    /// Every example this many times, each time in so many steps, with as many examples in a step as in the others or one more: another set of examples
    /// at the pace of this one. `examplesPerBatch` does not count.
    case paced(epochs: Int, stepsPerEpoch: Int)
    /// This many steps, over as many epochs as that takes.
    case steps(Int)
  }

  package var method: Method
  package var length: Length
  package var learningRate: Double
  package var schedule: Schedule
  /// The part of the steps, rounded down, over which the rate rises.
  package var warmupFraction: Double
  package var beta1: Double
  package var beta2: Double
  package var epsilon: Double
  package var weightDecay: Double
  /// The largest norm of a step's gradient; 0 clips nothing.
  package var clip: Double
  package var examplesPerBatch: Int
  /// Longer examples are cut to this many tokens.
  package var maximumTokens: Int
  package var seed: UInt64
  /// Nil where a run looks at nothing but what it learns from.
  package var validation: ValidationSettings?

  package init(
    method: Method, length: Length, learningRate: Double = 2e-4, schedule: Schedule = .cosine, warmupFraction: Double = 0,
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01, clip: Double = 1, examplesPerBatch: Int = 8,
    maximumTokens: Int = 1024, seed: UInt64 = 0, validation: ValidationSettings? = nil
  ) {
    self.method = method
    self.length = length
    self.learningRate = learningRate
    self.schedule = schedule
    self.warmupFraction = warmupFraction
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.clip = clip
    self.examplesPerBatch = examplesPerBatch
    self.maximumTokens = maximumTokens
    self.seed = seed
    self.validation = validation
  }

  package static let allLinear = Set(Projection.allCases)
}

extension TrainingParameters.Method {
  /// 0 where nothing is left out.
  var dropout: Double {
    guard case .lora(let settings) = self else { return 0 }
    return settings.dropout
  }
}

extension TrainingParameters {
  /// The first value that cannot be, by its name.
  package var impossibleValue: String? {
    let checks: [(name: String, isPossible: Bool)] = [
      ("learning rate", learningRate > 0 && learningRate.isFinite), ("warm-up", (0...1).contains(warmupFraction)),
      ("beta1", (0..<1).contains(beta1)), ("beta2", (0..<1).contains(beta2)), ("epsilon", epsilon > 0 && epsilon.isFinite),
      ("weight decay", weightDecay >= 0 && weightDecay.isFinite), ("clip", clip >= 0 && clip.isFinite),
      ("examples per batch", examplesPerBatch > 0), ("maximum tokens", maximumTokens > 1), ("length", isLengthPossible), ("method", isMethodPossible),
      ("validation", validation?.isPossible ?? true),
    ]
    return checks.first { !$0.isPossible }?.name
  }

  private var isLengthPossible: Bool {
    switch length {
    case .epochs(let count), .steps(let count): count > 0
    case .paced(let epochs, let steps): epochs > 0 && steps > 0
    }
  }

  private var isMethodPossible: Bool {
    switch method {
    case .full: true
    case .lora(let settings): settings.isPossible
    }
  }

  /// What the parameters' digest is taken over.
  package var canonical: JSONValue {
    guard let validation else { return .object(plainMembers) }
    return .object(plainMembers.merging(["validation": validation.canonical]) { own, _ in own })
  }

  private var plainMembers: [String: JSONValue] {
    [
      "schema": "soulpack.training/1", "method": methodValue, "length": lengthValue, "learningRate": .number(learningRate),
      "schedule": .string(schedule.rawValue), "warmupFraction": .number(warmupFraction), "betas": [.number(beta1), .number(beta2)],
      "epsilon": .number(epsilon), "weightDecay": .number(weightDecay), "clip": .number(clip),
      "examplesPerBatch": .integer(Int64(examplesPerBatch)), "maximumTokens": .integer(Int64(maximumTokens)),
      "seed": .string(String(seed)),  // RFC 8785 holds integers up to 2⁵³.
    ]
  }

  private var lengthValue: JSONValue {
    switch length {
    case .epochs(let count): ["epochs": .integer(Int64(count))]
    case .steps(let count): ["steps": .integer(Int64(count))]
    case .paced(let epochs, let steps): ["epochs": .integer(Int64(epochs)), "stepsPerEpoch": .integer(Int64(steps))]
    }
  }

  private var methodValue: JSONValue {
    switch method {
    case .full: "full"
    case .lora(let settings): .object(settings.canonicalMembers)
    }
  }

  package var digest: Digest { Digest(hashing: canonical) }
}
