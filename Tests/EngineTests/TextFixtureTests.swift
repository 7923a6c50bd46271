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
  func areThere() { #expect(Self.names == ["gpt2", "llama3", "prefix", "qwen2", "smollm2"]) }

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
      #expect(tokenizer.decode(try TextFixtures.ids(one["ids"])).utf8.elementsEqual(try #require(one["text"]?.string).utf8))
    }
  }

  @Test("what is written of it reads back as the same", arguments: names)
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
      (#""byte_fallback":false"#, #""byte_fallback":true"#, "model.byte_fallback: true is not supported"),
      (#""content":"<stop>","id":644"#, #""content":"<stop>","id":646"#, #"added_tokens[8]: "<stop>" has the id 646, but the tokens before it leave it 644"#),
      (#""content":"<stop>","id":644"#, #""content":"<left>","id":644"#, #"added_tokens[8]: "<left>" stands there twice"#),
      (#""content":"<|im_end|>","id":2"#, #""content":"<|im_end|>","id":1"#, #"added_tokens[2]: "<|im_end|>" has the id 1, but it is 2 in model.vocab"#),
    ])
  func faults(old: String, new: String, expected: String) throws {
    let error = #expect(throws: TokenizerError.self) { try read(replacing: old, by: new) }
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
