package import Foundation
internal import Artifacts

extension TokenizerFile {
  /// The canonical `tokenizer.json` (RFC 8785) of a tokenizer: Hugging Face `tokenizers` loads it and gives the same ids.
  package static func canonical(of tokenizer: Tokenizer) -> Data { tokenizer.document.canonical }
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
      "post_processor": .null,
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
      "single_word": false,
      "lstrip": .bool(stripsLeft),
      "rstrip": .bool(stripsRight),
      "normalized": .bool(isNormalized),
      "special": .bool(isSpecial),
    ]
  }
}

extension PreTokenizer {
  /// GPT-2's split, where it is the last, is what ByteLevel does by itself.
  fileprivate var document: JSONValue {
    let endsWithGPT2 = stages.last == .split(.gpt2)
    let byteLevel: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": true, "use_regex": .bool(endsWithGPT2),
    ]
    let parts = (endsWithGPT2 ? stages.dropLast() : stages[...]).map(\.document)
    return parts.isEmpty ? byteLevel : ["type": "Sequence", "pretokenizers": .array(parts + [byteLevel])]
  }
}

extension PreTokenizer.Stage {
  fileprivate var document: JSONValue {
    switch self {
    case .split(let pattern):
      ["type": "Split", "pattern": ["Regex": .string(pattern.text)], "behavior": "Isolated", "invert": false]
    case .digits(let individual):
      ["type": "Digits", "individual_digits": .bool(individual)]
    }
  }
}
