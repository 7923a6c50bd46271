internal import Artifacts

/// Why a text cannot be generated.
package enum GenerationError: ExplainedError, Hashable {
  case emptyPrompt
  case promptTooLong(tokenCount: Int, positions: Int)
  case tokenOutsideVocabulary(Int32, vocabularySize: Int)
  case impossibleSampling(String)
  case notFinite(tokenCount: Int)

  package var message: String {
    switch self {
    case .emptyPrompt: "the prompt has no token"
    case .promptTooLong(let count, let positions): "the prompt's \(count) tokens leave no room in the base's \(positions) positions"
    case .tokenOutsideVocabulary(let token, let size): "token \(token) is outside the base's vocabulary of \(size)"
    case .impossibleSampling(let name): "tokens cannot be drawn with this value of \"\(name)\""
    case .notFinite(let count): "the logits after \(count) tokens are not finite numbers"
    }
  }

  package var hint: String? {
    switch self {
    case .emptyPrompt: "write something that is to be answered"
    case .promptTooLong(_, let positions): "ask in fewer words, or leave out the oldest turns: prompt and answer together have \(positions) tokens"
    case .tokenOutsideVocabulary: "take the tokenizer.json that was published with the model"
    case .impossibleSampling("temperature"): "a temperature is 0 or more"
    case .impossibleSampling: "\"top-p\" is above 0, and at most 1"
    case .notFinite: "the model's numbers run away on this text: its weights may be damaged, or were trained with too high a learning rate"
    }
  }
}
