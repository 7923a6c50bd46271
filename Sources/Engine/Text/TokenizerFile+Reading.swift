internal import Artifacts

/// What the members of a `tokenizer.json` mean, each understood or refused.
extension TokenizerDocument {
  func tokenizer() throws(TokenizerError) -> Tokenizer {
    try refuseUnknown(members, known: [
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
    ], in: "")
    for name in ["truncation", "padding"] { try require(members[name], isAnyOf: [.null], at: name) }
    try checkModelOptions()
    let frame = try frame(members["post_processor"], at: "post_processor")
    let addedTokens = try addedTokens()
    try check(frame, against: addedTokens)
    let vocabulary = try vocabularyByID(addedTokens)
    if spellsBytes {
      return try Tokenizer(
        vocabulary: vocabulary, merges: model.merges, preTokenizer: PreTokenizer(stages: []), addedTokens: addedTokens, metaspace: try metaspace(),
        frame: frame)
    }
    try checkDecoder()
    let tokenizer = try Tokenizer(
      vocabulary: vocabulary, merges: model.merges, preTokenizer: try preTokenizer(), addedTokens: addedTokens,
      normalizesToNFC: try normalizesToNFC(), ignoresMerges: model.options["ignore_merges"]?.bool ?? false, frame: frame)
    if let byte = tokenizer.missingBytes.first(where: Self.isOfText) {
      throw .malformed(place: "model.vocab", reason: "no token for the byte \(byte), which spells \(quoted(ByteLevel.spelling(of: [byte]).utf8))")
    }
    return tokenizer
  }

  /// Whether a byte is met in ordinary text. Vocabularies without tokens for control characters and for private or unassigned planes are about,
  /// and 0xC0, 0xC1 and 0xF5 to 0xFF are in no UTF-8: such a byte is left out, as the judge does.
  private static func isOfText(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x09, 0x0A, 0x0D, 0x20..<0x7F, 0x80..<0xC0, 0xC2..<0xF1, 0xF3: true
    default: false
    }
  }

  /// Whether tokens are made of characters, and bytes are what stands for those without one; else they are made of bytes.
  private var spellsBytes: Bool { model.options["byte_fallback"] == true }

  private func checkModelOptions() throws(TokenizerError) {
    let options = model.options
    try refuseUnknown(options, known: [
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges",
    ], in: "model.")
    try require(options["dropout"], isAnyOf: [.null], at: "model.dropout")
    if !spellsBytes { try require(options["unk_token"], isAnyOf: [.null], at: "model.unk_token") }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      try require(options[name], isAnyOf: [.null, ""], at: "model." + name)
    }
    // With a token for every byte, which we ask for, nothing is unknown, and `unk_token` and `fuse_unk` change nothing.
    try require(options["byte_fallback"], isAnyOf: [.null, false, true], at: "model.byte_fallback")
    try require(options["ignore_merges"], isAnyOf: spellsBytes ? [.null, false] : [.null, false, true], at: "model.ignore_merges")
  }

  private func normalizesToNFC() throws(TokenizerError) -> Bool {
    let normalizer = members["normalizer"] ?? .null
    if normalizer["type"] == "Sequence", normalizer["normalizers"]?.array == [["type": "NFC"]] { return true }
    if normalizer["type"] == "Sequence", normalizer["normalizers"]?.array == [] { return false }
    try require(normalizer, isAnyOf: [.null, ["type": "NFC"]], at: "normalizer")
    return normalizer != .null
  }

  private func checkDecoder() throws(TokenizerError) {
    guard members["decoder"]?["type"] == "ByteLevel" else {
      throw .unsupported(place: "decoder", value: describe(members["decoder"]))
    }
  }

  /// What the post-processor puts around a text. What it does to offsets (`trim_offsets`) is nothing to us, who have none.
  private func frame(_ value: JSONValue?, at place: String) throws(TokenizerError) -> TextFrame {
    guard let value, value != .null else { return TextFrame() }
    switch value["type"]?.string {
    case "ByteLevel": return TextFrame()
    case "TemplateProcessing": return try templateFrame(value, at: place)
    case "Sequence":
      var frame = TextFrame()
      for (index, part) in (value["processors"]?.array ?? []).enumerated() {
        let around = try self.frame(part, at: "\(place).processors[\(index)]")
        frame = TextFrame(prefix: around.prefix + frame.prefix, suffix: frame.suffix + around.suffix)
      }
      return frame
    default: throw .unsupported(place: place, value: describe(value))
    }
  }

  /// The special tokens before and after the text in the form for one text; the form for two is for other tasks.
  private func templateFrame(_ value: JSONValue, at place: String) throws(TokenizerError) -> TextFrame {
    guard let pieces = value["single"]?.array else { throw .malformed(place: place + ".single", reason: "not a list") }
    let texts = pieces.indices.filter { pieces[$0]["Sequence"]?["id"] == "A" }
    guard texts.count == 1, let text = texts.first else {
      throw .unsupported(place: place + ".single", value: "a template in which the text does not stand once")
    }
    func tokens(_ range: Range<Int>) throws(TokenizerError) -> [TextFrame.Token] {
      var tokens: [TextFrame.Token] = []
      for index in range {
        let place = "\(place).single[\(index)]"
        guard let name = pieces[index]["SpecialToken"]?["id"]?.string else {
          throw .unsupported(place: place, value: describe(pieces[index]))
        }
        let known = value["special_tokens"]?[name]
        guard let ids = known?["ids"]?.array, let contents = known?["tokens"]?.array, ids.count == contents.count else {
          throw .malformed(place: place, reason: "\(quoted(name.utf8)) is not in special_tokens")
        }
        for (id, content) in zip(ids, contents) {
          guard let id = id.integer, (0..<Int64(Self.mostTokens)).contains(id), let content = content.string else {
            throw .malformed(place: place, reason: "\(quoted(name.utf8)) has no ids in special_tokens")
          }
          tokens.append(TextFrame.Token(id: Int32(id), content: content))
        }
      }
      return tokens
    }
    return TextFrame(prefix: try tokens(0..<text), suffix: try tokens(text + 1..<pieces.count))
  }

  private func check(_ frame: TextFrame, against addedTokens: [AddedToken]) throws(TokenizerError) {
    for token in frame.prefix + frame.suffix where !addedTokens.contains(where: { $0.id == token.id && $0.content == token.content }) {
      throw .malformed(place: "post_processor", reason: "\(quoted(token.content.utf8)) with the id \(token.id) is none of added_tokens")
    }
  }

  private func addedTokens() throws(TokenizerError) -> [AddedToken] {
    guard let list = members["added_tokens"], list != .null else { return [] }
    guard let values = list.array else { throw .malformed(place: "added_tokens", reason: "not a list") }
    var tokens: [AddedToken] = []
    for (index, value) in values.enumerated() { tokens.append(try addedToken(value, at: "added_tokens[\(index)]")) }
    try checkNumbers(of: tokens)
    return tokens
  }

  /// The judge numbers added tokens itself, on from the vocabulary, whatever the file says: a file that says otherwise means two different models.
  private func checkNumbers(of tokens: [AddedToken]) throws(TokenizerError) {
    var contents = ByteTable(capacity: tokens.count)
    let vocabularyIDs = Set(model.vocabulary.ids)
    var greatest: Int32 = -1
    for (index, token) in tokens.enumerated() {
      let place = "added_tokens[\(index)]"
      guard contents.insert(Array(token.content.utf8)).isNew else {
        throw .malformed(place: place, reason: "\(quoted(token.content.utf8)) stands there twice")
      }
      let known = model.vocabulary.id(of: token.content.utf8)
      let expected = known ?? max(greatest + 1, Int32(clamping: model.vocabulary.count))
      guard token.id == expected else {
        let reason = known == nil ? "the tokens before it leave it \(expected)" : "it is \(expected) in model.vocab"
        throw .malformed(place: place, reason: "\(quoted(token.content.utf8)) has the id \(token.id), but \(reason)")
      }
      // The judge counts the vocabulary's tokens, and where it has holes gives out an id that is taken.
      guard known != nil || !vocabularyIDs.contains(token.id) else {
        throw .malformed(place: place, reason: "\(quoted(token.content.utf8)) has the id of another token in model.vocab")
      }
      greatest = max(greatest, token.id)
    }
  }

  private func addedToken(_ value: JSONValue, at place: String) throws(TokenizerError) -> AddedToken {
    guard let members = value.object, let id = members["id"]?.integer, let content = members["content"]?.string, !content.isEmpty,
      (0..<Int64(Self.mostTokens)).contains(id)
    else { throw .malformed(place: place, reason: "no id or no content") }
    try refuseUnknown(members, known: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"], in: place + ".")
    for name in ["single_word", "lstrip", "rstrip", "normalized", "special"] {
      try require(members[name], isAnyOf: [.null, false, true], at: "\(place).\(name)")
    }
    let isSpecial = members["special"]?.bool ?? false
    return AddedToken(
      id: Int32(id), content: content, isSpecial: isSpecial, stripsLeft: members["lstrip"]?.bool ?? false,
      stripsRight: members["rstrip"]?.bool ?? false, isSingleWord: members["single_word"]?.bool ?? false,
      isNormalized: members["normalized"]?.bool ?? !isSpecial)
  }

  /// Ids are places in tables: a file may not ask for tables of any size.
  private static let mostTokens = 1 << 24

  private func vocabularyByID(_ addedTokens: [AddedToken]) throws(TokenizerError) -> [[UInt8]?] {
    let vocabulary = model.vocabulary
    let added = Set(addedTokens.map(\.id))
    let greatest = vocabulary.ids.max() ?? -1
    guard greatest < Self.mostTokens else { throw .malformed(place: "model.vocab", reason: "an id is above \(Self.mostTokens)") }
    var tokens = [[UInt8]?](repeating: nil, count: Int(greatest) + 1)
    for (index, id) in vocabulary.ids.enumerated() {
      guard id >= 0, tokens[Int(id)] == nil else {
        throw .malformed(place: "model.vocab", reason: "id \(id) is negative or stands there twice")
      }
      let spelling = vocabulary.spelling(at: index)
      if spellsBytes {
        tokens[Int(id)] = Array(spelling)
      } else if let bytes = ByteLevel.bytes(spelledBy: spelling), !bytes.isEmpty {
        tokens[Int(id)] = bytes
      } else if added.contains(id) {
        tokens[Int(id)] = Array(spelling)
      } else {
        throw .unsupported(place: "model.vocab", value: "token \(id), which is not spelt in the byte-level alphabet,")
      }
    }
    return tokens
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
    for name in ["add_prefix_space", "trim_offsets", "use_regex"] {
      try require(last[name], isAnyOf: [.null, false, true], at: "pre_tokenizer." + name)
    }
    // Absent members mean true in the judge's reader.
    if last["add_prefix_space"]?.bool ?? true { stages.append(.prefixSpace) }
    if last["use_regex"]?.bool ?? true { stages.append(.split(.gpt2)) }
    return PreTokenizer(stages: stages)
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
