internal import Artifacts
internal import Foundation
internal import Hashing

/// A model small enough to train in an instant, with sizes that fit no tile: every kernel meets its ragged edges.
enum SmallModel {
  static let maximumTokens = 40

  static func configuration(tiesEmbeddings: Bool = true) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: 131, hiddenSize: 44, intermediateSize: 75, layerCount: 2, headCount: 6, keyValueHeadCount: 2, headDimension: 10,
      tiesEmbeddings: tiesEmbeddings, maximumPositionCount: 64, initializerRange: 0.08)
  }

  static func base(tiesEmbeddings: Bool = true) throws(ModelError) -> ModelFolder {
    try ModelFolder.fresh(configuration(tiesEmbeddings: tiesEmbeddings), seed: 20)
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
