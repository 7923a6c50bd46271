package import Artifacts
package import Engine
package import Foundation

/// One training, with everything that decides it. Both substrates learn from the same tokens, in the same order, at the same rates.
package struct TrainingJob: Sendable {
  /// What an adapter's configuration calls its base, here and in the folder of a command. The manifest names it by its digest.
  package static let baseName = "base"

  package let base: ModelFolder
  /// The digest of the base's listing. Nil for a model that begins anew.
  package let baseDigest: Digest?
  /// The tokenizer's files, which go wherever a whole model goes.
  package let textFiles: [String: Data]
  package let train: EncodedDataset
  /// What a trainer may look at, and not learn from. Nil where the plan gives none.
  package let validation: EncodedDataset?
  package let parameters: TrainingParameters

  package init(
    base: ModelFolder, baseDigest: Digest?, textFiles: [String: Data], train: EncodedDataset, validation: EncodedDataset?,
    parameters: TrainingParameters
  ) {
    self.base = base
    self.baseDigest = baseDigest
    self.textFiles = textFiles
    self.train = train
    self.validation = validation
    self.parameters = parameters
  }
}
