package import Foundation
internal import Artifacts

extension TokenizerFile {
  /// The canonical `tokenizer.json` (RFC 8785) of a byte-level tokenizer, as those that we train: Hugging Face `tokenizers` loads it and gives the same
  /// ids. Others are a base's, whose own file is kept; a vocabulary of characters may hold two spellings that are one to Swift's strings.
  package static func canonical(of tokenizer: Tokenizer) -> Data {
    precondition(tokenizer.metaspace == nil, "only byte-level tokenizers are written")
    return tokenizer.document.canonical
  }
}

extension Tokenizer {
  fileprivate var document: JSONValue {
    [
      "version": "1.0",
      "truncation": .null,
      "padding": .null,
      "added_tokens": .array(addedTokens.sorted { $0.id < $1.id }.map(\.document)),
      "normalizer": normalizesToNFC ? ["type": "NFC"] : .null,
      "pre_tokenizer": preTokenizer.document,
      "post_processor": frame.document,
      "decoder": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
      "model": model,
    ]
  }

  private var model: JSONValue {
    let added = Dictionary(uniqueKeysWithValues: addedTokens.map { ($0.id, $0.content) })
    let spellings = vocabulary.enumerated().map { id, bytes in
      bytes.map { added[Int32(id)] ?? ByteLevel.spelling(of: $0) }
    }
    var vocabulary: [String: JSONValue] = [:]
    for (id, spelling) in spellings.enumerated() {
      if let spelling { vocabulary[spelling] = .integer(Int64(id)) }
    }
    // Strings and not pairs: every reader knows them, and no spelling holds a space.
    let merges = merges.map { merge in
      JSONValue.string((spellings[Int(merge.left)] ?? "") + " " + (spellings[Int(merge.right)] ?? ""))
    }
    return [
      "type": "BPE",
      "dropout": .null,
      "unk_token": .null,
      "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null,
      "fuse_unk": false,
      "byte_fallback": false,
      "ignore_merges": .bool(ignoresMerges),
      "vocab": .object(vocabulary),
      "merges": .array(merges),
    ]
  }
}

extension AddedToken {
  fileprivate var document: JSONValue {
    [
      "id": .integer(Int64(id)),
      "content": .string(content),
      "single_word": .bool(isSingleWord),
      "lstrip": .bool(stripsLeft),
      "rstrip": .bool(stripsRight),
      "normalized": .bool(isNormalized),
      "special": .bool(isSpecial),
    ]
  }
}

extension TextFrame {
  fileprivate var document: JSONValue {
    if isEmpty { return .null }
    func piece(_ token: Token) -> JSONValue { ["SpecialToken": ["id": .string(token.content), "type_id": 0]] }
    func text(_ id: JSONValue) -> [JSONValue] { prefix.map(piece) + [["Sequence": ["id": id, "type_id": 0]]] + suffix.map(piece) }
    let tokens = (prefix + suffix).map { token -> (String, JSONValue) in
      let value: JSONValue = ["id": .string(token.content), "ids": [.integer(Int64(token.id))], "tokens": [.string(token.content)]]
      return (token.content, value)
    }
    return [
      "type": "TemplateProcessing", "single": .array(text("A")), "pair": .array(text("A") + text("B")),
      "special_tokens": .object(Dictionary(tokens) { first, _ in first }),
    ]
  }
}

extension PreTokenizer {
  /// GPT-2's split, where it is the last, is what ByteLevel does by itself.
  fileprivate var document: JSONValue {
    var before = stages[...]
    let endsWithGPT2 = before.last == .split(.gpt2)
    if endsWithGPT2 { before.removeLast() }
    let addsPrefixSpace = before.last == .prefixSpace
    if addsPrefixSpace { before.removeLast() }
    let byteLevel: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": true, "use_regex": .bool(endsWithGPT2),
    ]
    let parts = before.compactMap(\.document)
    return parts.isEmpty ? byteLevel : ["type": "Sequence", "pretokenizers": .array(parts + [byteLevel])]
  }
}

extension PreTokenizer.Stage {
  /// Nil for what only ByteLevel does.
  fileprivate var document: JSONValue? {
    switch self {
    case .split(let pattern):
      ["type": "Split", "pattern": ["Regex": .string(pattern.text)], "behavior": "Isolated", "invert": false]
    case .digits(let individual):
      ["type": "Digits", "individual_digits": .bool(individual)]
    case .prefixSpace: nil
    }
  }
}
