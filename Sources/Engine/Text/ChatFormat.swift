package import Artifacts
package import Foundation

/// How a conversation becomes tokens: ChatML, `<|im_start|>role⏎content<|im_end|>⏎` for each message.
///
/// What a person wrote is encoded as ordinary text: only this type puts special tokens between, so that no message can end its own turn or
/// begin another's.
package struct ChatFormat: Sendable {
  /// The first three ids of a vocabulary that we train, in this order.
  package static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

  /// The same format for other programs, in Jinja. On one line, so that settings about white space around blocks do not matter.
  package static let template =
    #"{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"#
    + #"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"#

  package let tokenizer: Tokenizer
  package let endOfText: Int32
  package let startOfTurn: Int32
  package let endOfTurn: Int32

  /// Refuses a tokenizer without the three special tokens.
  package init(tokenizer: Tokenizer) throws(TokenizerError) {
    func special(_ index: Int) throws(TokenizerError) -> Int32 {
      let content = Self.specialTokens[index]
      guard let id = tokenizer.id(ofSpecialToken: content) else { throw .missingSpecialToken(content) }
      return id
    }
    self.tokenizer = tokenizer
    endOfText = try special(0)
    startOfTurn = try special(1)
    endOfTurn = try special(2)
  }

  /// For a base model: the bytes of its `tokenizer_config.json` and `chat_template.jinja`, as far as it has them. The second counts where
  /// both have a template, as in `transformers`. Any template but ours is refused: it would be another format.
  package init(tokenizer: Tokenizer, tokenizerConfig: Data?, templateFile: Data?) throws(TokenizerError) {
    var template = templateFile.map { String(decoding: $0, as: UTF8.self) }
    if template == nil, let tokenizerConfig {
      do {
        template = try JSONValue(parsing: tokenizerConfig)["chat_template"]?.string
      } catch {
        throw .malformed(place: "tokenizer_config.json", reason: error.reason)
      }
    }
    guard let template, template.utf8.elementsEqual(Self.template.utf8) else { throw .unknownChatTemplate }
    try self.init(tokenizer: tokenizer)
  }

  /// A model that gives one of these has finished.
  package var stopTokens: [Int32] { [endOfTurn, endOfText] }
}

// MARK: - Encoding

extension ChatFormat {
  /// The tokens of a conversation, and which are learnt: what the assistant says and the `<|im_end|>` after it; no header, nobody else.
  package func encode(_ messages: [Message], cache: inout PieceCache) -> (tokens: [Int32], supervised: [Bool]) {
    var tokens: [Int32] = []
    var supervised: [Bool] = []
    func append(_ ids: [Int32], learnt: Bool = false) {
      tokens += ids
      supervised += repeatElement(learnt, count: ids.count)
    }
    let lineEnd = tokenizer.encodeOrdinary("\n", cache: &cache)
    for message in messages {
      append([startOfTurn])
      if message.role == .assistant {
        // The header by itself, since a model that answers is given the header by itself.
        append(tokenizer.encodeOrdinary("assistant\n", cache: &cache))
        append(tokenizer.encodeOrdinary(message.content, cache: &cache) + [endOfTurn], learnt: true)
      } else {
        // In one go, as a program does that renders the template to text first.
        append(tokenizer.encodeOrdinary(message.role.rawValue + "\n" + message.content, cache: &cache) + [endOfTurn])
      }
      append(lineEnd)
    }
    return (tokens, supervised)
  }

  /// The tokens of a conversation that the assistant is to continue.
  package func prompt(for messages: [Message]) -> [Int32] {
    var cache = PieceCache()
    let tokens = encode(messages, cache: &cache).tokens
    return tokens + [startOfTurn] + tokenizer.encodeOrdinary("assistant\n", cache: &cache)
  }
}

// MARK: - For other programs

extension ChatFormat {
  /// `tokenizer_config.json`. A turn's end is the end token and something else the padding: with one token for both, trainers that mask the
  /// padding teach a model never to stop.
  package static func tokenizerConfig(contextLength: Int) -> JSONValue {
    [
      "tokenizer_class": "PreTrainedTokenizerFast",
      "chat_template": .string(template),
      "bos_token": "<|endoftext|>",
      "eos_token": "<|im_end|>",
      "pad_token": "<|endoftext|>",
      "unk_token": .null,
      "add_bos_token": false,
      "add_eos_token": false,
      "clean_up_tokenization_spaces": false,
      "model_max_length": .integer(Int64(contextLength)),
    ]
  }

  /// `chat_template.jinja`.
  package static var templateFile: Data { Data(template.utf8) }
}
