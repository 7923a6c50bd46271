internal import Artifacts

/// What the members of a `tokenizer.json` mean, each understood or refused.
extension TokenizerDocument {
  func tokenizer() throws(TokenizerError) -> Tokenizer {
    try refuseUnknown(members, known: [
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
    ], in: "")
    for name in ["truncation", "padding"] { try require(members[name], isAnyOf: [.null], at: name) }
    try checkDecoder()
    try checkPostProcessor(members["post_processor"], at: "post_processor")
    let addedTokens = try addedTokens()
    let vocabulary = try vocabularyByID(addedTokens)
    return try Tokenizer(
      vocabulary: vocabulary, merges: try merges(), preTokenizer: try preTokenizer(), addedTokens: addedTokens,
      normalizesToNFC: try normalizesToNFC(), ignoresMerges: try modelOptions())
  }

  /// Checks the model's options, and gives `ignore_merges`.
  private func modelOptions() throws(TokenizerError) -> Bool {
    let options = model.options
    try refuseUnknown(options, known: [
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges",
    ], in: "model.")
    try require(options["dropout"], isAnyOf: [.null], at: "model.dropout")
    try require(options["unk_token"], isAnyOf: [.null], at: "model.unk_token")
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      try require(options[name], isAnyOf: [.null, ""], at: "model." + name)
    }
    try require(options["byte_fallback"], isAnyOf: [.null, false], at: "model.byte_fallback")
    try require(options["ignore_merges"], isAnyOf: [.null, false, true], at: "model.ignore_merges")
    return options["ignore_merges"]?.bool ?? false
  }

  private func normalizesToNFC() throws(TokenizerError) -> Bool {
    let normalizer = members["normalizer"] ?? .null
    try require(normalizer, isAnyOf: [.null, ["type": "NFC"]], at: "normalizer")
    return normalizer != .null
  }

  private func checkDecoder() throws(TokenizerError) {
    guard members["decoder"]?["type"] == "ByteLevel" else {
      throw .unsupported(place: "decoder", value: describe(members["decoder"]))
    }
  }

  /// A post-processor only adds special tokens or moves offsets; we add our own tokens and have no offsets.
  private func checkPostProcessor(_ value: JSONValue?, at place: String) throws(TokenizerError) {
    guard let value, value != .null else { return }
    switch value["type"]?.string {
    case "ByteLevel", "TemplateProcessing": return
    case "Sequence":
      for (index, part) in (value["processors"]?.array ?? []).enumerated() {
        try checkPostProcessor(part, at: "\(place).processors[\(index)]")
      }
    default: throw .unsupported(place: place, value: describe(value))
    }
  }

  private func addedTokens() throws(TokenizerError) -> [AddedToken] {
    guard let list = members["added_tokens"], list != .null else { return [] }
    guard let values = list.array else { throw .malformed(place: "added_tokens", reason: "not a list") }
    var tokens: [AddedToken] = []
    for (index, value) in values.enumerated() { tokens.append(try addedToken(value, at: "added_tokens[\(index)]")) }
    guard Set(tokens.map(\.id)).count == tokens.count, Set(tokens.map { ByteString($0.content.utf8) }).count == tokens.count else {
      throw .malformed(place: "added_tokens", reason: "an id or a content stands there twice")
    }
    return tokens
  }

  private func addedToken(_ value: JSONValue, at place: String) throws(TokenizerError) -> AddedToken {
    guard let members = value.object, let id = members["id"]?.integer, let content = members["content"]?.string, !content.isEmpty,
      (0..<Int64(Self.mostTokens)).contains(id)
    else { throw .malformed(place: place, reason: "no id or no content") }
    try refuseUnknown(members, known: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"], in: place + ".")
    try require(members["single_word"], isAnyOf: [.null, false], at: place + ".single_word")
    for name in ["lstrip", "rstrip", "normalized", "special"] {
      try require(members[name], isAnyOf: [.null, false, true], at: "\(place).\(name)")
    }
    let isSpecial = members["special"]?.bool ?? false
    return AddedToken(
      id: Int32(id), content: content, isSpecial: isSpecial, stripsLeft: members["lstrip"]?.bool ?? false,
      stripsRight: members["rstrip"]?.bool ?? false, isNormalized: members["normalized"]?.bool ?? !isSpecial)
  }

  /// Ids are places in tables: a file may not ask for tables of any size.
  private static let mostTokens = 1 << 24

  private func vocabularyByID(_ addedTokens: [AddedToken]) throws(TokenizerError) -> [[UInt8]?] {
    let added = Dictionary(uniqueKeysWithValues: addedTokens.map { ($0.id, $0) })
    let greatest = model.vocabulary.values.max() ?? -1
    guard greatest < Self.mostTokens else { throw .malformed(place: "model.vocab", reason: "an id is above \(Self.mostTokens)") }
    var tokens = [[UInt8]?](repeating: nil, count: Int(greatest) + 1)
    for (spelling, id) in model.vocabulary {
      guard id >= 0, tokens[Int(id)] == nil else {
        throw .malformed(place: "model.vocab", reason: "id \(id) is negative or stands there twice")
      }
      if let token = added[id] {
        guard token.content.utf8.elementsEqual(spelling.utf8) else {
          throw .malformed(place: "added_tokens", reason: "id \(id) is another token in model.vocab")
        }
        tokens[Int(id)] = ByteLevel.bytes(spelledBy: spelling) ?? Array(spelling.utf8)
      } else if let bytes = ByteLevel.bytes(spelledBy: spelling), !bytes.isEmpty {
        tokens[Int(id)] = bytes
      } else {
        throw .unsupported(place: "model.vocab", value: "token \(id), which is not spelt in the byte-level alphabet,")
      }
    }
    for token in addedTokens where model.vocabulary[token.content].map({ $0 != token.id }) ?? false {
      throw .malformed(place: "added_tokens", reason: "id \(token.id) has another id in model.vocab")
    }
    return tokens
  }

  private func merges() throws(TokenizerError) -> [Merge] {
    var merges: [Merge] = []
    merges.reserveCapacity(model.merges.count)
    for (rank, pair) in model.merges.enumerated() {
      guard pair.count == 2, let left = model.vocabulary[pair[0]], let right = model.vocabulary[pair[1]],
        let merged = model.vocabulary[pair[0] + pair[1]]
      else { throw .malformed(place: "model.merges[\(rank)]", reason: "not two tokens that together are a third") }
      merges.append(Merge(left: left, right: right, merged: merged))
    }
    return merges
  }
}

// MARK: - Pre-tokenizer

extension TokenizerDocument {
  private func preTokenizer() throws(TokenizerError) -> PreTokenizer {
    let value = members["pre_tokenizer"] ?? .null
    var parts = [value]
    if value["type"] == "Sequence", let list = value["pretokenizers"]?.array { parts = list }
    guard let last = parts.last, last["type"] == "ByteLevel" else {
      throw .unsupported(place: "pre_tokenizer", value: describe(parts.last))
    }
    var stages: [PreTokenizer.Stage] = []
    for (index, part) in parts.dropLast().enumerated() { stages.append(try stage(part, at: "pre_tokenizer.pretokenizers[\(index)]")) }
    try refuseUnknown(last.object ?? [:], known: ["type", "add_prefix_space", "trim_offsets", "use_regex"], in: "pre_tokenizer.")
    // Absent members mean true in the judge's reader.
    let addsPrefixSpace = last["add_prefix_space"]?.bool ?? true
    if addsPrefixSpace, !stages.isEmpty { throw .unsupported(place: "pre_tokenizer.add_prefix_space", value: "true after another split") }
    if last["use_regex"]?.bool ?? true { stages.append(.split(.gpt2)) }
    return PreTokenizer(stages: stages, addsPrefixSpace: addsPrefixSpace)
  }

  private func stage(_ value: JSONValue, at place: String) throws(TokenizerError) -> PreTokenizer.Stage {
    switch value["type"]?.string {
    case "Digits":
      try refuseUnknown(value.object ?? [:], known: ["type", "individual_digits"], in: place + ".")
      return .digits(individual: value["individual_digits"]?.bool ?? false)
    case "Split":
      try refuseUnknown(value.object ?? [:], known: ["type", "pattern", "behavior", "invert"], in: place + ".")
      try require(value["behavior"], isAnyOf: ["Isolated"], at: place + ".behavior")
      try require(value["invert"], isAnyOf: [.null, false], at: place + ".invert")
      guard let text = value["pattern"]?["Regex"]?.string, let pattern = SplitPattern(text: text) else {
        throw .unsupported(place: place + ".pattern", value: describe(value["pattern"]))
      }
      return .split(pattern)
    default: throw .unsupported(place: place, value: describe(value))
    }
  }
}

// MARK: - Refusing

/// A member that is not there reads as null.
private func require(_ value: JSONValue?, isAnyOf values: [JSONValue], at place: String) throws(TokenizerError) {
  guard values.contains(value ?? .null) else { throw .unsupported(place: place, value: describe(value)) }
}

private func refuseUnknown(_ members: [String: JSONValue], known: Set<String>, in place: String) throws(TokenizerError) {
  if let name = members.keys.filter({ !known.contains($0) }).min() {
    throw .unsupported(place: place + name, value: describe(members[name]))
  }
}

/// A value in a message: its type where it has one, else its JSON, cut where it is long.
private func describe(_ value: JSONValue?) -> String {
  guard let value else { return "nothing" }
  if let type = value["type"]?.string { return "\"\(type)\"" }
  let text = value.canonicalText
  return text.count > 200 ? text.prefix(200) + "…" : text
}
