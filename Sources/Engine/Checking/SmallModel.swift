internal import Artifacts
internal import Foundation
internal import Hashing

/// A model small enough to train in an instant, with sizes that fit no tile: every kernel meets its ragged edges.
enum SmallModel {
  static let maximumTokens = 40

  private static func configuration(_ subject: SelfCheck.Subject) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: 131, hiddenSize: 44, intermediateSize: 75, layerCount: 2, headCount: 6, keyValueHeadCount: 2, headDimension: 10,
      tiesEmbeddings: subject != .headNorms, maximumPositionCount: 64, initializerRange: 0.08, family: subject == .headNorms ? .qwen3 : .llama,
      biases: subject == .biased ? Set(Projection.allCases) : [], ropeStretch: subject == .biased ? stretch : nil)
  }

  /// Of five frequencies one stays, two are mixed and two are divided.
  private static let stretch = RotaryStretch(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 16, originalPositionCount: 256)

  static func base(_ subject: SelfCheck.Subject) throws(ModelError) -> ModelFolder {
    let fresh = try ModelFolder.fresh(configuration(subject), seed: 20)
    guard subject != .plain else { return fresh }
    return try ModelFolder(configuration: fresh.configuration, tensors: fresh.tensors.map { $0.shape.count == 1 ? uneven($0) : $0 })
  }

  /// A new model's norms are one and its biases zero: nothing would show in a product with one, or a sum with zero.
  private static func uneven(_ tensor: Tensor) -> Tensor {
    Tensor(name: tensor.name, shape: tensor.shape, values: tensor.values.enumerated().map { $1 + Float($0 * 7 % 11 - 5) / 16 })
  }

  static func adapter(_ subject: SelfCheck.Subject) -> TrainingParameters.Method {
    .lora(
      rank: 3, alpha: 6, targets: TrainingParameters.allLinear, isRankStabilized: subject == .headNorms,
      dropout: subject == .headNorms ? 0.25 : 0)
  }

  /// Of unequal lengths; some learnt whole, some from the middle on.
  static var examples: [EncodedExample] {
    [5, 23, 2, 17, 40, 9, 31].enumerated().map { ordinal, length in
      let tokens = (0..<length).map { Int32((ordinal * 37 + $0 * $0 * 11 + $0 * 5 + 3) % 131) }
      let first = ordinal.isMultiple(of: 2) ? 0 : length / 2
      return EncodedExample(
        recordID: RecordID(Digest(hashing: Data([UInt8(ordinal)]))), tokens: tokens, supervised: tokens.indices.map { $0 >= first })
    }
  }

  static func parameters(_ method: TrainingParameters.Method) -> TrainingParameters {
    TrainingParameters(
      method: method, length: .steps(3), learningRate: 1e-2, schedule: .cosine, warmupFraction: 0.4, clip: 0.5, examplesPerBatch: 5,
      maximumTokens: maximumTokens, seed: 11)
  }
}
