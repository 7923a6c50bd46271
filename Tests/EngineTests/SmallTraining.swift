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
