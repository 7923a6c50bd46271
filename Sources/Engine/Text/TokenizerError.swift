internal import Artifacts

/// Why a tokenizer or a chat template cannot be used.
package enum TokenizerError: ExplainedError, Hashable {
  /// The file is not what it should be. `place` is a path of member names, such as `model.merges[17]`.
  case malformed(place: String, reason: String)
  /// The file is right, and asks for something that this version does not do.
  case unsupported(place: String, value: String)
  /// The tokenizer has no special token of this name, which the chat format needs.
  case missingSpecialToken(String)
  /// The model has fewer rows than the tokenizer has tokens: the greatest token has none.
  case noRow(token: Int32, spelling: String, rows: Int)
  /// The base has no chat template.
  case noChatTemplate
  /// The base's chat template cannot be used, or not for a conversation.
  case template(TemplateError)
  /// A vocabulary to be trained must hold the special tokens and 256 bytes (`least`), and at most 2²⁴ tokens.
  case vocabularySize(Int, least: Int)
  /// A special token that is empty, given twice, or a single character that stands for a byte.
  case badSpecialToken(String)

  package var message: String {
    switch self {
    case .malformed(let place, let reason): "tokenizer: \(place): \(reason)"
    case .unsupported(let place, let value): "tokenizer: \(place): \(value) is not supported"
    case .missingSpecialToken(let token): "tokenizer: no special token \"\(token)\""
    case .noRow(let token, let spelling, let rows): "tokenizer: token \(token), \(spelling), has no row in a model of \(rows) tokens"
    case .noChatTemplate: "the base has no chat template: no chat_template.jinja, and no \"chat_template\" in tokenizer_config.json"
    case .template(let error): error.message
    case .vocabularySize(let size, _): "a vocabulary of \(size) tokens is too small or too large"
    case .badSpecialToken(let token): "special token \"\(token)\" is empty, given twice or a single byte"
    }
  }

  package var hint: String? {
    switch self {
    case .malformed: "take the tokenizer's files that were published with the model, or save them anew"
    case .badSpecialToken: "give each special token a spelling of its own, of more than one byte"
    case .noRow: "take the tokenizer.json that was published with the model, or a base whose \"vocab_size\" counts all its tokens"
    case .unsupported: "byte-level BPE with the splits of GPT-2, Qwen2, Llama 3 or SmolLM2 is supported, and BPE with byte_fallback as Llama 2 has it"
    case .missingSpecialToken: "take the tokenizer.json and tokenizer_config.json that were published with the model"
    case .noChatTemplate: "choose the model's variant for conversations, or put the template that you mean into its folder as chat_template.jinja"
    case .template(let error): error.hint
    case .vocabularySize(_, let least): "ask for at least \(least), which bytes and special tokens alone are"
    }
  }
}
