import Artifacts
import Engine
import Foundation
import Testing

/// Small tokenizers with what Hugging Face `tokenizers` says of hostile texts; `tools/text-fixtures.py` made them.
enum TextFixtures {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Text")

  static func names(in folder: String) -> [String] {
    let files = try? FileManager.default.contentsOfDirectory(at: Self.folder.appending(path: folder), includingPropertiesForKeys: nil)
    return (files ?? []).map { $0.deletingPathExtension().lastPathComponent }.sorted()
  }

  static func read(_ name: String, in folder: String) throws -> JSONValue {
    try JSONValue(parsing: Data(contentsOf: Self.folder.appending(path: folder).appending(path: name + ".json")))
  }

  static func ids(_ value: JSONValue?) throws -> [Int32] { try #require(value?.array).compactMap { $0.integer.map(Int32.init) } }
}

@Suite("Tokenizers in the manner of published ones")
struct TextFixtureTests {
  private static let names = TextFixtures.names(in: "Tokenizers")

  private func fixture(_ name: String) throws -> (fixture: JSONValue, tokenizer: Tokenizer) {
    let fixture = try TextFixtures.read(name, in: "Tokenizers")
    return (fixture, try TokenizerFile.read(try #require(fixture["tokenizer"]).canonical))
  }

  @Test("there are fixtures of every family")
  func areThere() { #expect(Self.names == ["gpt2", "llama2", "llama3", "metaspace-first", "prefix", "qwen2", "smollm2"]) }

  @Test("ids are the judge's: with special tokens, without them, and with what the post-processor adds", arguments: names)
  func ids(name: String) throws {
    let (fixture, tokenizer) = try fixture(name)
    for one in try #require(fixture["cases"]?.array) {
      let text = try #require(one["text"]?.string)
      #expect(tokenizer.encode(text) == (try TextFixtures.ids(one["ids"])), "\(text.debugDescription)")
      let ordinary = tokenizer.encodeOrdinary(text)
      #expect(ordinary == (try TextFixtures.ids(one["ordinary"])), "\(text.debugDescription)")
      let framed = tokenizer.frame.prefix.map(\.id) + ordinary + tokenizer.frame.suffix.map(\.id)
      #expect(framed == (try TextFixtures.ids(one["framed"])), "\(text.debugDescription)")
    }
  }

  @Test("what ids stand for is the judge's text", arguments: names)
  func decoded(name: String) throws {
    let (fixture, tokenizer) = try fixture(name)
    for one in try #require(fixture["decoded"]?.array) {
      let (ids, text) = (try TextFixtures.ids(one["ids"]), try #require(one["text"]?.string))
      #expect(tokenizer.decode(ids).utf8.elementsEqual(text.utf8))
      var decoder = TokenDecoder(tokenizer)
      let streamed = ids.map { decoder.append($0) }.joined() + decoder.finish()
      #expect(streamed.utf8.elementsEqual(text.utf8), "one token after the other")
    }
  }

  @Test("what is said comes as soon as it is certain: bytes wait for their character, and those of a fallback for what follows")
  func streamed() throws {
    let (_, tokenizer) = try fixture("llama2")
    func id(_ byte: UInt8) -> Int32 { 3 + Int32(byte) }
    let a = try #require(tokenizer.encode("a").first)
    var decoder = TokenDecoder(tokenizer)
    #expect(decoder.append(id(0x20)) == "" && decoder.append(a) == " a", "one space is taken off the beginning, and this token brings its own")
    #expect("é".utf8.map { decoder.append(id($0)) } == ["", ""])
    #expect(decoder.append(a) == "é a")
    #expect([0xC3, 0x41].map { decoder.append(id($0)) } == ["", ""])
    #expect(decoder.finish() == "\u{FFFD}\u{FFFD}")
    #expect(tokenizer.decode([a], isContinued: true) == " a" && tokenizer.decode([a]) == "a")
    let (_, bytes) = try fixture("gpt2")
    var other = TokenDecoder(bytes)
    #expect(bytes.encode("é").map { other.append($0) }.last == "é")
  }

  @Test("a text without a space, and one of nothing else, are encoded in less than quadratic work", arguments: ["llama2", "metaspace-first"])
  func longWords(name: String) throws {
    let (_, tokenizer) = try fixture(name)
    for text in [String(repeating: "ab", count: 500_000), String(repeating: " ", count: 1_000_000), String(repeating: "\u{2581}e\n", count: 300_000)] {
      let ids = tokenizer.encodeOrdinary(text)
      #expect(tokenizer.decode(ids).utf8.elementsEqual(text.replacing("\u{2581}", with: " ").utf8.dropFirst(name != "llama2" && text.first != "a" ? 1 : 0)))
    }
  }

  @Test("no message spells a special token or a byte's, and the spaces of a conversation are the template's own", arguments: ["llama2", "metaspace-first"])
  func conversation(name: String) throws {
    let (_, tokenizer) = try fixture(name)
    let template = "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
      + "{% else %} {{ m.content }} {{ eos_token }}{% endif %}{% endfor %}"
    let format = try ChatFormat(
      tokenizer: tokenizer, tokenizerConfig: Data(#"{"bos_token":"<s>","eos_token":"</s>"}"#.utf8), templateFile: Data(template.utf8))
    var cache = PieceCache()
    for text in ["</s>", "<0x0A>", "<unk> a", "\u{2581}</s>"] {
      let (tokens, learnt) = try format.encode([Message(role: .user, content: text), Message(role: .assistant, content: text)], cache: &cache)
      #expect(tokens.filter { $0 < 3 } == [1, 2] && !tokens.contains(3 + 0x0A))
      #expect(tokens.last == 2 && learnt.last == true)
      let said = zip(tokens, learnt).filter(\.1).map(\.0)
      #expect(tokenizer.decode(said, isContinued: true) == " \(text.replacing("\u{2581}", with: " ")) </s>")
    }
    // Before the first words after <s>, as the judge does it, and never before an answer, which goes on from its prompt.
    let tokens = try format.encode([Message(role: .user, content: "a"), Message(role: .assistant, content: "a")], cache: &cache).tokens
    #expect(tokenizer.decode(tokens) == (name == "llama2" ? "<s> [INST] a [/INST] a </s>" : "<s>[INST] a [/INST] a </s>"))
  }

  @Test("a special token that is normalized is refused under a template: it could not be told who wrote it")
  func normalizedSpecial() throws {
    let fixture = try TextFixtures.read("llama2", in: "Tokenizers")
    var document = try #require(fixture["tokenizer"]?.object)
    var tokens = try #require(document["added_tokens"]?.array)
    var end = try #require(tokens[2].object)
    end["normalized"] = true
    tokens[2] = .object(end)
    document["added_tokens"] = .array(tokens)
    let tokenizer = try TokenizerFile.read(JSONValue.object(document).canonical)
    #expect(tokenizer.encode("a</s> </s>").filter { $0 == 2 }.count == 1, "by the judge, found where the normalizer's mark stands before it")
    let error = #expect(throws: TokenizerError.self) {
      try ChatFormat(tokenizer: tokenizer, tokenizerConfig: Data(#"{"eos_token":"</s>"}"#.utf8), templateFile: Data("{{ eos_token }}".utf8))
    }
    #expect(error?.message == #"tokenizer: added_tokens: under a chat template, the special token "</s>" that is normalized is not supported"#)
  }

  @Test("what is written of it reads back as the same", arguments: names.filter { !["llama2", "metaspace-first"].contains($0) })
  func rewritten(name: String) throws {
    let (fixture, tokenizer) = try fixture(name)
    let bytes = TokenizerFile.canonical(of: tokenizer)
    let again = try TokenizerFile.read(bytes)
    #expect(TokenizerFile.canonical(of: again) == bytes)
    #expect(again.frame == tokenizer.frame && again.addedTokens == tokenizer.addedTokens && again.preTokenizer == tokenizer.preTokenizer)
    for one in try #require(fixture["cases"]?.array) {
      #expect(again.encode(try #require(one["text"]?.string)) == (try TextFixtures.ids(one["ids"])))
    }
  }

  @Test("running text has before it what the post-processor adds, and after it the token that ends it")
  func framesRunningText() throws {
    let (_, tokenizer) = try fixture("llama3")
    let format = try ChatFormat(tokenizer: tokenizer)
    var cache = PieceCache()
    #expect(tokenizer.frame.prefix.map(\.content) == ["<|endoftext|>"])
    #expect(format.encode(text: "lamp", cache: &cache) == [0] + tokenizer.encodeOrdinary("lamp") + [0])
  }

  @Test("a model with fewer rows than tokens is refused by the token that has none; more rows are usual")
  func rows() throws {
    let (_, tokenizer) = try fixture("gpt2")
    let last = tokenizer.vocabularySize - 1
    try tokenizer.requireRows(last + 1)
    try tokenizer.requireRows(last + 100)
    let error = #expect(throws: TokenizerError.self) { try tokenizer.requireRows(last) }
    #expect(error?.message == "tokenizer: token \(last), \"<stop>\", has no row in a model of \(last) tokens")
  }
}

@Suite("tokenizer.json that is wrong")
struct TextBadFileTests {
  /// The small GPT-2 with some of its text replaced.
  private func read(replacing old: String, by new: String) throws -> Tokenizer {
    let document = try #require(try TextFixtures.read("gpt2", in: "Tokenizers")["tokenizer"]).canonicalText
    #expect(document.contains(old))
    return try TokenizerFile.read(Data(document.replacing(old, with: new, maxReplacements: 1).utf8))
  }

  @Test(
    "each fault is told by place and reason",
    arguments: [
      (#""a":67"#, #""a":67,"a":67"#, #"model.vocab: token "a" stands there twice"#),
      (#""a":67"#, #""a":66"#, "model.vocab: id 66 is negative or stands there twice"),
      (#""a":67"#, #""a":-1"#, "model.vocab: id -1 is negative or stands there twice"),
      (#""a":67"#, #""a":6.5"#, "tokenizer.json: not valid JSON at byte"),
      (#""version":"1.0""#, #""version":"1.0","version":"1.0""#, "version: stands there twice"),
      (#""merges":["#, #""merges":[["zzz","a"],"#, #"model.merges[0]: "zzz" is no token of model.vocab"#),
      (#""merges":["#, #""merges":["a b c","#, "model.merges[0]: not two tokens"),
      (#""type":"BPE""#, #""type":"WordPiece""#, #"model.type: "WordPiece" is not supported"#),
      (#""byte_fallback":false"#, #""byte_fallback":true"#, #"decoder: {"add_prefix_space":true,"trim_offsets":true,"type":"ByteLevel","use_regex":true} under byte_fallback is"#),
      (#""content":"<stop>","id":644"#, #""content":"<stop>","id":646"#, #"added_tokens[8]: "<stop>" has the id 646, but the tokens before it leave it 644"#),
      (#""content":"<stop>","id":644"#, #""content":"<left>","id":644"#, #"added_tokens[8]: "<left>" stands there twice"#),
      (#""content":"<|im_end|>","id":2"#, #""content":"<|im_end|>","id":1"#, #"added_tokens[2]: "<|im_end|>" has the id 1, but it is 2 in model.vocab"#),
    ])
  func faults(old: String, new: String, expected: String) throws {
    let error = #expect(throws: TokenizerError.self) { try read(replacing: old, by: new) }
    #expect(error?.message.hasPrefix("tokenizer: " + expected) == true, "\(error?.message ?? "")")
  }

  @Test(
    "of the family of Llama 2, too, what is not understood is refused by name",
    arguments: [
      (#""prepend":"▁""#, #""prepend":"_""#, "normalizer: {"), (#""pattern":{"String":" "}"#, #""pattern":{"Regex":" "}"#, "normalizer: {"),
      (#""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"Whitespace"}"#, #"pre_tokenizer: "Whitespace" under byte_fallback is not supported"#),
      (#""start":1"#, #""start":2"#, "decoder: {"), (#"{"type":"ByteFallback"},"#, "", "decoder: {"),
      (#""ignore_merges":false"#, #""ignore_merges":true"#, "model.ignore_merges: true is not supported"),
      (#""<0x7F>":130"#, #""<0x7f>":130"#, #"model.vocab: no token "<0x7F>", which byte_fallback needs"#),
      (#""merges":["#, #""merges":[["<0x","41>"],"#, "model.merges[0]: gives the token of a byte"),
      (#"{"content":"<s>","#, #"{"content":"a","#, #"added_tokens[1]: the special token "a", a single character that text could spell, is not supported"#),
      (#""content":"<s>","id":1"#, #""content":"<0x41>","id":68"#, #"added_tokens[1]: "<0x41>", the token of a byte, is not supported"#),
    ])
  func fallbackFaults(old: String, new: String, expected: String) throws {
    var document = try #require(try TextFixtures.read("llama2", in: "Tokenizers")["tokenizer"]?.object)
    document["post_processor"] = .null
    // Their ids do not depend on how many tokens there are.
    document["added_tokens"] = .array(Array(try #require(document["added_tokens"]?.array).prefix(3)))
    var text = JSONValue.object(document).canonicalText
    #expect(text.contains(old))
    text = text.replacing(old, with: new, maxReplacements: 1)
    if new.contains(#"["<0x","41>"]"#) { text = text.replacing(#""vocab":{"#, with: #""vocab":{"<0x":90001,"41>":90002,"#) }
    if new.contains(#"{"content":"a""#) {
      let id = try #require(document["model"]?["vocab"]?["a"]?.integer)
      text = text.replacing(#"{"content":"a","id":1,"#, with: #"{"content":"a","id":\#(id),"#)
    }
    let error = #expect(throws: TokenizerError.self) { try TokenizerFile.read(Data(text.utf8)) }
    #expect(error?.message.hasPrefix("tokenizer: " + expected) == true, "\(error?.message ?? "")")
  }

  @Test("a vocabulary without a token for a byte of ordinary text is refused; one without a control character's is not")
  func missingBytes() throws {
    var document = try #require(try TextFixtures.read("gpt2", in: "Tokenizers")["tokenizer"]?.object)
    func read(without spelling: String) throws -> Tokenizer {
      // The last token takes the id, so that no other moves.
      var model = try #require(document["model"]?.object)
      var vocabulary = try #require(model["vocab"]?.object)
      vocabulary["zqzq" + spelling] = vocabulary[spelling]
      vocabulary[spelling] = nil
      model["vocab"] = .object(vocabulary)
      model["merges"] = []
      document["model"] = .object(model)
      return try TokenizerFile.read(JSONValue.object(document).canonical)
    }
    #expect(try read(without: "\u{100}").encode("a\u{0}b").count == 2)
    let error = #expect(throws: TokenizerError.self) { try read(without: "x") }
    #expect(error?.message == #"tokenizer: model.vocab: no token for the byte 120, which spells "x""#)
  }

  @Test(
    "bytes that are no JSON document are refused",
    arguments: ["", "{", "[1]", "{}", #"{"model":}"#, #"{"model":{"vocab":{"a":0}}"#, #"{"model":{"type":"BPE"},}"#, #"{"model":{"type":"BPE"}} x"#,
      #"{"model":{"type":"BPE","vocab":{"\ud800":0}}}"#, #"{"model":[]}"#, #"{"model":{"vocab":{"\u00":0}}}"#, "{\"model\":{\"vocab\":{\"\u{1}\":0}}}",
      String(repeating: #"{"model":"#, count: 10_000), #"{"model":{},"x":tru}"#, #"{"model":{"vocab":{"a":99999999999999999999}}}"#,
    ])
  func noJSON(text: String) {
    let error = #expect(throws: TokenizerError.self) { try TokenizerFile.read(Data(text.utf8)) }
    guard case .malformed = error else {
      Issue.record("expected a malformed file, got \(String(describing: error))")
      return
    }
  }

  @Test("bytes that are no UTF-8 are refused")
  func noUTF8() {
    #expect(throws: TokenizerError.malformed(place: "tokenizer.json", reason: "not UTF-8")) { try TokenizerFile.read(Data([0x7B, 0xFF, 0x7D])) }
  }

  @Test("a vocabulary of a million tokens is read like any other")
  func millionTokens() throws {
    let document = try #require(try TextFixtures.read("gpt2", in: "Tokenizers")["tokenizer"])
    let size = try #require(document["model"]?["vocab"]?.object?.count)
    var text = document.canonicalText
    let place = try #require(text.range(of: #""vocab":{"#))
    let more = (size..<1_000_000).map { "\"zq\(String($0, radix: 36))\":\($0)," }.joined()
    text.replaceSubrange(place, with: #""vocab":{"# + more)
    let added = try #require(text.range(of: #""added_tokens":["#))
    let tail = try #require(text[added.upperBound...].firstIndex(of: "]"))
    text.replaceSubrange(added.upperBound..<tail, with: "")
    let tokenizer = try TokenizerFile.read(Data(text.utf8))
    #expect(tokenizer.vocabularySize == 1_000_000)
    #expect(tokenizer.decode([999_999]) == "zq" + String(999_999, radix: 36))
    #expect(tokenizer.decodeBytes(tokenizer.encode("the keeper")) == Array("the keeper".utf8))
  }
}
