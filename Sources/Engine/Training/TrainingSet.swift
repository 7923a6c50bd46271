internal import Artifacts

/// Examples made fit for a base: cut to the maximum length, checked against the vocabulary.
struct TrainingSet {
  let examples: [EncodedExample]
  /// The ordinals of those with something to learn: what the plan is drawn over.
  let learnable: [Int]

  init(_ examples: [EncodedExample], maximumTokens: Int, base: ModelConfiguration) throws(TrainingError) {
    guard maximumTokens <= base.maximumPositionCount else {
      throw .tooLong(maximumTokens: maximumTokens, positions: base.maximumPositionCount)
    }
    let cut = examples.map { $0.tokens.count > maximumTokens ? $0.truncated(to: maximumTokens) : $0 }
    for example in cut {
      guard let token = example.tokens.first(where: { !(0..<base.vocabularySize).contains(Int($0)) }) else { continue }
      throw .tokenOutsideVocabulary(example.recordID, token: token, vocabularySize: base.vocabularySize)
    }
    self.examples = cut
    learnable = cut.indices.filter { cut[$0].supervisedTokenCount > 0 }
  }
}
