package import Artifacts
package import Foundation

/// How a conversation becomes tokens: by soulpack's own ChatML, `<|im_start|>role⏎content<|im_end|>⏎` for each message, or by the template
/// that a base was published with.
///
/// What a person wrote is encoded as ordinary text: only the format puts special tokens between, so that no message can end its own turn or
/// begin another's.
package struct ChatFormat: Sendable {
  private enum Kind: Sendable {
    case chatML(start: Int32)
    case template(ChatTemplate)
  }

  /// The first three ids of a vocabulary that we train, in this order.
  package static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

  /// Our own format for other programs, in Jinja. On one line, so that settings about white space around blocks do not matter.
  package static let template =
    #"{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"#
    + #"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"#

  package let tokenizer: Tokenizer
  /// Ends a running text.
  package let endOfText: Int32
  /// Ends what the assistant says; the same as `endOfText` where the template has no token for it.
  package let endOfTurn: Int32
  private let kind: Kind

  /// Our own format. Refuses a tokenizer without the three special tokens.
  package init(tokenizer: Tokenizer) throws(TokenizerError) {
    func special(_ index: Int) throws(TokenizerError) -> Int32 {
      let content = Self.specialTokens[index]
      guard let id = tokenizer.id(ofSpecialToken: content) else { throw .missingSpecialToken(content) }
      return id
    }
    self.tokenizer = tokenizer
    endOfText = try special(0)
    kind = .chatML(start: try special(1))
    endOfTurn = try special(2)
  }

  /// For a base model: the bytes of its `tokenizer_config.json` and `chat_template.jinja`, as far as it has them. The second counts where
  /// both have a template, as in `transformers`. A template is refused, with line and column, where it asks for what we do not have, and
  /// where it cannot be told which of the words it writes are the assistant's.
  package init(tokenizer: Tokenizer, tokenizerConfig: Data?, templateFile: Data?) throws(TokenizerError) {
    let settings = try ChatSettings(tokenizerConfig)
    try settings.check(tokenizer)
    guard let template = templateFile.map({ Array($0) }) ?? settings.template.map({ Array($0.utf8) }) else { throw .noChatTemplate }
    guard !template.elementsEqual(Self.template.utf8) else {
      try self.init(tokenizer: tokenizer)
      return
    }
    try self.init(tokenizer: tokenizer, template: template, settings: settings)
  }

  private init(tokenizer: Tokenizer, template bytes: [UInt8], settings: ChatSettings) throws(TokenizerError) {
    if tokenizer.normalizesToNFC || tokenizer.metaspace?.isNormalizer == true, let token = tokenizer.addedTokens.first(where: { $0.isSpecial && $0.isNormalized }) {
      // Where it stands in what the template wrote could not be told after the text was changed.
      throw .unsupported(place: "added_tokens", value: "under a chat template, the special token \"\(token.content)\" that is normalized")
    }
    try settings.checkNames(in: bytes, tokenizer)
    let template: ChatTemplate
    do throws(TemplateError) {
      template = try ChatTemplate(bytes, specialTokens: settings.specialTokens)
    } catch {
      throw .template(error)
    }
    self.tokenizer = tokenizer
    kind = .template(template)
    endOfText = try Self.endOfText(tokenizer, settings)
    endOfTurn = try Self.lastMark(of: template, tokenizer) ?? endOfText
  }

  /// What models end a running text with has one of these names; the end of sequence of a model for conversations is the end of a turn.
  private static func endOfText(_ tokenizer: Tokenizer, _ settings: ChatSettings) throws(TokenizerError) -> Int32 {
    let names = ["<|endoftext|>", "<|end_of_text|>"] + [settings.specialTokens["eos_token"]].compactMap { $0 }
    for name in names {
      if let id = tokenizer.id(ofSpecialToken: name) { return id }
    }
    throw .missingSpecialToken(names[names.count - 1])
  }

  /// The special token that ends an answer. Renders two short turns, so that a template which cannot be used is refused before any record is read.
  private static func lastMark(of template: ChatTemplate, _ tokenizer: Tokenizer) throws(TokenizerError) -> Int32? {
    let turns = [("a", "b"), ("c", "d")].flatMap { [Message(role: .user, content: $0.0), Message(role: .assistant, content: $0.1)] }
    let rendered = try render(turns, addsGenerationPrompt: false, template, tokenizer)
    let marks = tokenizer.specialTokens(in: rendered.text.bytes, isTemplates: rendered.text.isTemplates)
    guard let answer = rendered.answers.last else { return nil }
    return marks.last { $0.place.upperBound == answer.upperBound && answer.lowerBound <= $0.place.lowerBound }?.id
  }

  /// A model that gives one of these has finished.
  package var stopTokens: [Int32] { endOfTurn == endOfText ? [endOfText] : [endOfTurn, endOfText] }
}

// MARK: - Encoding

extension ChatFormat {
  /// The tokens of a conversation, and which are learnt: what the assistant says and the token that ends it; no header, nobody else.
  ///
  /// Who uses no more than the first `limit` tokens, with the whole of an answer that begins there, says so: what comes after them may then not be told apart.
  package func encode(
    _ messages: [Message], upTo limit: Int = .max, cache: inout PieceCache
  ) throws(TokenizerError) -> (tokens: [Int32], supervised: [Bool]) {
    switch kind {
    case .chatML(let start): encode(messages, startOfTurn: start, cache: &cache)
    case .template(let template): try encode(messages, upTo: limit, addsGenerationPrompt: false, template, cache: &cache)
    }
  }

  /// The tokens of a conversation that the assistant is to continue.
  package func prompt(for messages: [Message]) throws(TokenizerError) -> [Int32] {
    var cache = PieceCache()
    switch kind {
    case .chatML(let start):
      let tokens = encode(messages, startOfTurn: start, cache: &cache).tokens
      return tokens + [start] + tokenizer.encodeOrdinary("assistant\n", from: .afterToken, cache: &cache)
    case .template(let template): return try encode(messages, addsGenerationPrompt: true, template, cache: &cache).tokens
    }
  }

  /// The tokens of a running text, with what the tokenizer puts around it and the token that ends it.
  package func encode(text: String, cache: inout PieceCache) -> [Int32] {
    let tokens = tokenizer.frame.prefix.map(\.id) + tokenizer.encodeOrdinary(text, cache: &cache) + tokenizer.frame.suffix.map(\.id)
    return tokenizer.frame.suffix.last?.id == endOfText ? tokens : tokens + [endOfText]
  }

  private func encode(_ messages: [Message], startOfTurn: Int32, cache: inout PieceCache) -> (tokens: [Int32], supervised: [Bool]) {
    var tokens: [Int32] = []
    var supervised: [Bool] = []
    func append(_ ids: [Int32], learnt: Bool = false) {
      tokens += ids
      supervised += repeatElement(learnt, count: ids.count)
    }
    let lineEnd = tokenizer.encodeOrdinary("\n", from: .afterToken, cache: &cache)
    for message in messages {
      append([startOfTurn])
      if message.role == .assistant {
        // The header by itself, since a model that answers is given the header by itself.
        append(tokenizer.encodeOrdinary("assistant\n", from: .afterToken, cache: &cache))
        append(tokenizer.encodeOrdinary(message.content, from: .continued, cache: &cache) + [endOfTurn], learnt: true)
      } else {
        // In one go, as a program does that renders the template to text first.
        append(tokenizer.encodeOrdinary(message.role.rawValue + "\n" + message.content, from: .afterToken, cache: &cache) + [endOfTurn])
      }
      append(lineEnd)
    }
    return (tokens, supervised)
  }

  /// By the same rule: what the template writes is encoded in one go, but for the borders of answers, which no token reaches over.
  private func encode(
    _ messages: [Message], upTo limit: Int = .max, addsGenerationPrompt: Bool, _ template: ChatTemplate, cache: inout PieceCache
  ) throws(TokenizerError) -> (tokens: [Int32], supervised: [Bool]) {
    let rendered = try Self.render(messages, addsGenerationPrompt: addsGenerationPrompt, template, tokenizer) { text, answers in
      // With few bytes there are few tokens.
      guard let last = answers.last, last.lowerBound >= limit else { return false }
      var count = 0
      // Cut where the last answer begins, so that the tokens before it are those that they will be.
      tokenizer.encode(text.bytes, isTemplates: text.isTemplates, cutAt: Self.cuts(answers), cache: &cache) { place, ids in
        if place < last.lowerBound { count += ids.count }
      }
      return count >= limit
    }
    var tokens: [Int32] = []
    var supervised: [Bool] = []
    var answers = rendered.answers[...]
    tokenizer.encode(
      rendered.text.bytes, isTemplates: rendered.text.isTemplates, cutAt: Self.cuts(rendered.answers), cache: &cache
    ) { place, ids in
      while let answer = answers.first, answer.upperBound <= place { answers.removeFirst() }
      tokens += ids
      supervised += repeatElement(answers.first.map { $0.contains(place) } ?? false, count: ids.count)
    }
    return (tokens, supervised)
  }

  private static func cuts(_ answers: [Range<Int>]) -> [Int] { answers.flatMap { [$0.lowerBound, $0.upperBound] } }

  private static func render(
    _ messages: [Message], addsGenerationPrompt: Bool, _ template: ChatTemplate, _ tokenizer: Tokenizer,
    isEnough: (_ text: TemplateText, _ answers: [Range<Int>]) -> Bool = { _, _ in false }
  ) throws(TokenizerError) -> RenderedConversation {
    func marks(_ text: TemplateText) -> [Range<Int>] { tokenizer.specialTokens(in: text.bytes, isTemplates: text.isTemplates).map(\.place) }
    do throws(TemplateError) {
      return try template.conversation(messages, addsGenerationPrompt: addsGenerationPrompt, marks: marks, isEnough: isEnough)
    } catch {
      throw .template(error)
    }
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
