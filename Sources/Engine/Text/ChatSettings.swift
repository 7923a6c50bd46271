internal import Artifacts
internal import Foundation

/// What `tokenizer_config.json` says of conversations, and what of it would give other ids than `tokenizer.json`.
struct ChatSettings {
  var template: String?
  /// By the names that templates know them by, such as `bos_token`.
  var specialTokens: [String: String] = [:]
  private var members: [String: JSONValue] = [:]
  /// Those of them that say null.
  private var nulls: Set<String> = []

  static let file = "tokenizer_config.json"
  static let names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

  init(_ bytes: Data?) throws(TokenizerError) {
    guard let bytes else { return }
    do throws(ModelError) {
      let reader = try ConfigurationReader(file: Self.file, bytes: bytes)
      (members, nulls) = (reader.members, reader.nulls)
    } catch {
      guard case .repeatedField(_, let field) = error else { throw .malformed(place: Self.file, reason: "not valid JSON, or no object") }
      throw .malformed(place: Self.file, reason: "\(quotedName(field)) stands there twice")
    }
    // Several templates have names; for conversations without tools `transformers` takes this one.
    template = members["chat_template"]?.string ?? members["chat_template"]?.array?.first { $0["name"] == "default" }?["template"]?.string
    for name in Self.names { specialTokens[name] = members[name]?.string ?? members[name]?["content"]?.string }
  }
}

// MARK: - Against tokenizer.json

extension ChatSettings {
  /// Refuses settings by which `transformers` changes what `tokenizer.json` says.
  func check(_ tokenizer: Tokenizer) throws(TokenizerError) {
    try checkFrame(tokenizer.frame)
    try checkAddedTokens(tokenizer.addedTokens)
    try checkExtraTokens(tokenizer)
    guard members["split_special_tokens"]?.bool != true else { throw .unsupported(place: "\(Self.file): split_special_tokens", value: "true") }
  }

  /// `transformers` makes special tokens of these too, whatever `tokenizer.json` has.
  private func checkExtraTokens(_ tokenizer: Tokenizer) throws(TokenizerError) {
    for field in ["additional_special_tokens", "extra_special_tokens"] {
      let values = members[field]?.array ?? members[field]?.object.map { Array($0.values) } ?? []
      for content in values.compactMap({ $0.string ?? $0["content"]?.string }).sorted() { try requireSpecial(content, as: field, tokenizer) }
    }
  }

  private func requireSpecial(_ content: String, as name: String, _ tokenizer: Tokenizer) throws(TokenizerError) {
    guard tokenizer.id(ofSpecialToken: content) == nil else { return }
    throw .malformed(place: "\(Self.file): \(name)", reason: "\(quotedName(content)) is no special token of tokenizer.json")
  }

  /// Of the tokens that a template writes by their names. One that is not named here is named elsewhere, or by a class of `transformers`, and would be nothing.
  func checkNames(in template: [UInt8], _ tokenizer: Tokenizer) throws(TokenizerError) {
    for name in Self.names where Self.holds(template, word: Array(name.utf8)) && !nulls.contains(name) {
      guard let content = specialTokens[name] else { throw .malformed(place: Self.file, reason: "has no \"\(name)\", which the chat template asks for") }
      try requireSpecial(content, as: name, tokenizer)
    }
  }

  private static func holds(_ template: [UInt8], word: [UInt8]) -> Bool {
    func isOfWord(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) }
    return template.ranges(of: word).contains { place in
      !(place.lowerBound > 0 && isOfWord(template[place.lowerBound - 1])) && !(place.upperBound < template.count && isOfWord(template[place.upperBound]))
    }
  }

  /// The tokenizers of Llama make their post-processor anew from these two.
  private func checkFrame(_ frame: TextFrame) throws(TokenizerError) {
    guard members["tokenizer_class"]?.string?.hasPrefix("Llama") == true else { return }
    for (flag, name, tokens) in [("add_bos_token", "bos_token", frame.prefix), ("add_eos_token", "eos_token", frame.suffix)] {
      guard let adds = members[flag]?.bool else { continue }
      let wanted = adds ? [specialTokens[name]].compactMap { $0 } : []
      guard tokens.map(\.content) != wanted else { continue }
      let found = tokens.isEmpty ? "nothing" : tokens.map { quotedName($0.content) }.joined(separator: ", ")
      throw .malformed(place: "\(Self.file): \(flag)", reason: "is \(adds), and the post-processor of tokenizer.json puts \(found) there")
    }
  }

  /// `transformers` adds what is listed here to what `tokenizer.json` has, and under another id where that one is taken.
  private func checkAddedTokens(_ known: [AddedToken]) throws(TokenizerError) {
    let field = "added_tokens_decoder"
    guard let entries = members[field]?.object else { return }
    let byID = Dictionary(known.map { ($0.id, $0) }) { first, _ in first }
    for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
      let place = "\(Self.file): \(field).\(key.prefix(20))"
      guard let content = entry["content"]?.string else { throw .malformed(place: place, reason: "has no \"content\"") }
      guard let token = Int32(key).flatMap({ byID[$0] }), token.content.utf8.elementsEqual(content.utf8) else {
        throw .malformed(place: place, reason: "\(quotedName(content)) is not an added token of tokenizer.json under this id")
      }
      let flags = [("lstrip", token.stripsLeft), ("rstrip", token.stripsRight), ("single_word", token.isSingleWord)]
      if let other = flags.first(where: { entry[$0.0]?.bool ?? false != $0.1 }) {
        throw .malformed(place: place, reason: "\"\(other.0)\" of \(quotedName(content)) is another in tokenizer.json")
      }
    }
  }
}
