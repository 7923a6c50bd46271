internal import Artifacts

/// Why a tokenizer or a chat template cannot be used.
package enum TokenizerError: ExplainedError, Hashable {
  /// The file is not what it should be. `place` is a path of member names, such as `model.merges[17]`.
  case malformed(place: String, reason: String)
  /// The file is right, and asks for something that this version does not do.
  case unsupported(place: String, value: String)
  /// The tokenizer has no special token of this name, which the chat format needs.
  case missingSpecialToken(String)
  /// The base's chat template is not the one this version knows.
  case unknownChatTemplate
  /// A vocabulary to be trained must hold the special tokens and 256 bytes (`least`), and at most 2²⁴ tokens.
  case vocabularySize(Int, least: Int)
  /// A special token that is empty, given twice, or a single character that stands for a byte.
  case badSpecialToken(String)

  package var message: String {
    switch self {
    case .malformed(let place, let reason): "tokenizer: \(place): \(reason)"
    case .unsupported(let place, let value): "tokenizer: \(place): \(value) is not supported"
    case .missingSpecialToken(let token): "tokenizer: no special token \"\(token)\""
    case .unknownChatTemplate: "the base's chat template is not one that this version knows"
    case .vocabularySize(let size, _): "a vocabulary of \(size) tokens is too small or too large"
    case .badSpecialToken(let token): "special token \"\(token)\" is empty, given twice or a single byte"
    }
  }

  package var hint: String? {
    switch self {
    case .malformed, .badSpecialToken: nil
    case .unsupported: "byte-level BPE with the splits of GPT-2, Qwen2, Llama 3 or SmolLM2 is supported"
    case .missingSpecialToken, .unknownChatTemplate: "choose a base with soulpack's own ChatML template"
    case .vocabularySize(_, let least): "ask for at least \(least), which bytes and special tokens alone are"
    }
  }
}
