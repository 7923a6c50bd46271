import Artifacts
import Engine
import Foundation
import Hashing

/// A base and examples that the training tests share: small, with sizes that fit no tile.
enum SmallTraining {
  static let lora = TrainingParameters.Method.lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear)

  static func configuration(tied: Bool = true) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: 37, hiddenSize: 20, intermediateSize: 27, layerCount: 2, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
      tiesEmbeddings: tied, maximumPositionCount: 64, initializerRange: 0.2)
  }

  static func base(tied: Bool = true) throws -> ModelFolder { try ModelFolder.fresh(configuration(tied: tied), seed: 5) }

  /// The same with what the other kinds of model have.
  enum Kind: String, CaseIterable, Sendable {
    case biasedLlama, stretchedLlama, qwen2, qwen3

    var configuration: ModelConfiguration {
      ModelConfiguration(
        vocabularySize: 37, hiddenSize: 20, intermediateSize: 27, layerCount: 2, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
        tiesEmbeddings: self != .qwen3, maximumPositionCount: 64, initializerRange: 0.2, family: family, biases: biases,
        ropeStretch: self == .stretchedLlama
          ? RotaryStretch(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 16, originalPositionCount: 256) : nil)
    }

    private var family: ModelFamily {
      switch self {
      case .biasedLlama, .stretchedLlama: .llama
      case .qwen2: .qwen2
      case .qwen3: .qwen3
      }
    }

    private var biases: Set<Projection> {
      switch self {
      case .biasedLlama: Set(Projection.allCases)
      case .qwen2: [.query, .key, .value]
      case .stretchedLlama, .qwen3: []
      }
    }

    /// Norms and biases away from one and zero, where a factor or a term could be forgotten and nobody would see it.
    func base() throws -> ModelFolder {
      let fresh = try ModelFolder.fresh(configuration, seed: 5)
      return try ModelFolder(
        configuration: configuration,
        tensors: fresh.tensors.map { tensor in
          guard tensor.shape.count == 1 else { return tensor }
          return Tensor(name: tensor.name, shape: tensor.shape, values: tensor.values.enumerated().map { $1 + Float($0 * 7 % 11 - 5) / 16 })
        })
    }
  }

  static func id(_ number: Int) -> RecordID { RecordID(Digest(hashing: Data("record \(number)".utf8))) }

  static func example(_ ordinal: Int, length: Int) -> EncodedExample {
    let tokens = (0..<length).map { Int32((ordinal * 13 + $0 * 7 + $0 * $0 * 3 + 1) % 37) }
    return EncodedExample(recordID: id(ordinal), tokens: tokens, supervised: tokens.indices.map { $0 % 3 != 1 })
  }

  static let examples = [4, 19, 7, 2, 30, 11, 1, 16].enumerated().map { example($0, length: $1) }

  static func parameters(_ method: TrainingParameters.Method = lora, length: TrainingParameters.Length = .epochs(2)) -> TrainingParameters {
    TrainingParameters(method: method, length: length, learningRate: 5e-3, clip: 1, examplesPerBatch: 3, maximumTokens: 64, seed: 2)
  }

  static func trainer(
    _ parameters: TrainingParameters = parameters(), tied: Bool = true, threads: Int = 1, microBatchTokens: Int = 4096
  ) throws -> Trainer {
    try Trainer(base: base(tied: tied), examples: examples, parameters: parameters, threads: threads, microBatchTokens: microBatchTokens)
  }
}
