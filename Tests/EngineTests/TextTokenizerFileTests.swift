import Artifacts
import Engine
import Foundation
import Testing

@Suite("tokenizer.json")
struct TextTokenizerFileTests {
  private static func document() throws -> [String: JSONValue] {
    try #require(JSONValue(parsing: TokenizerFile.canonical(of: TextTokenizerTests.trained(.qwen2))).object)
  }

  @Test("what is written reads back as the same file and the same ids", arguments: TextVectors.preTokenizers.indices)
  func roundTrip(_ index: Int) throws {
    let tokenizer = try TextTokenizerTests.trained(TextVectors.preTokenizers[index].preTokenizer)
    let bytes = TokenizerFile.canonical(of: tokenizer)
    let read = try TokenizerFile.read(bytes)
    #expect(TokenizerFile.canonical(of: read) == bytes)
    #expect(read.preTokenizer == tokenizer.preTokenizer)
    #expect(TextVectors.texts.allSatisfy { read.encode($0) == tokenizer.encode($0) })
  }

  @Test("merges may be pairs")
  func mergesAsPairs() throws {
    var document = try Self.document()
    var model = try #require(document["model"]?.object)
    let rules = try #require(model["merges"]?.array)
    model["merges"] = .array(rules.map { .array(($0.string ?? "").split(separator: " ").map { .string(String($0)) }) })
    document["model"] = .object(model)
    let read = try TokenizerFile.read(JSONValue.object(document).canonical)
    #expect(read.merges == (try TextTokenizerTests.trained(.qwen2).merges))
  }

  @Test(
    "what this version does not do is refused by name",
    arguments: [
      ("normalizer", "normalizer", #"{"type":"NFKC"}"#), ("truncation", "truncation", #"{"max_length":5}"#),
      ("decoder", "decoder", #"{"type":"Metaspace"}"#), ("pre_tokenizer", "pre_tokenizer", #"{"type":"Whitespace"}"#),
      ("post_processor", "post_processor", #"{"type":"BertProcessing"}"#), ("flavour", "flavour", "1"),
      (
        "pre_tokenizer", "pre_tokenizer.pretokenizers[0].pattern",
        #"{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"},{"type":"ByteLevel"}]}"#
      ),
      ("added_tokens", "added_tokens[0].special", #"[{"id":0,"content":"<|endoftext|>","special":"yes"}]"#),
      ("normalizer", "normalizer", #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"}]}"#),
      ("post_processor", "post_processor.single", #"{"type":"TemplateProcessing","single":[],"special_tokens":{}}"#),
      (
        "post_processor", "post_processor.processors[1].single[0]",
        #"{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}},{"Sequence":{"id":"A"}}]}]}"#
      ),
    ])
  func refusesByName(member: String, place: String, value: String) throws {
    var document = try Self.document()
    document[member] = try JSONValue(parsing: Data(value.utf8))
    let error = #expect(throws: TokenizerError.self) { try TokenizerFile.read(JSONValue.object(document).canonical) }
    guard case .unsupported(let found, _) = error else {
      Issue.record("expected a refusal, got \(String(describing: error))")
      return
    }
    #expect(found == place)
  }

  @Test(
    "options of the model that change ids are refused by name",
    arguments: [
      ("dropout", "0.1"), ("unk_token", #""<unk>""#), ("byte_fallback", #""yes""#), ("end_of_word_suffix", #""</w>""#),
      ("type", #""Unigram""#),
    ])
  func refusesModelOption(option: String, value: String) throws {
    var document = try Self.document()
    var model = try #require(document["model"]?.object)
    model[option] = try JSONValue(parsing: Data(value.utf8))
    document["model"] = .object(model)
    let error = #expect(throws: TokenizerError.self) { try TokenizerFile.read(JSONValue.object(document).canonical) }
    guard case .unsupported(let place, _) = error else {
      Issue.record("expected a refusal, got \(String(describing: error))")
      return
    }
    #expect(place == "model.\(option)")
  }

  @Test(
    "a file that contradicts itself is refused",
    arguments: [
      #"{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}"#, #"{"type":"BPE","vocab":{"a":-1},"merges":[]}"#,
      #"{"type":"BPE","vocab":{"a":2000000000},"merges":[]}"#, #"{"type":"BPE","vocab":{"a":0},"merges":["a b"]}"#,
      #"{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}"#, #"{"type":"BPE","vocab":{"a":0},"merges":["a"]}"#,
      #"{"type":"BPE","vocab":{"a":0},"merges":"a"}"#, #"{"type":"BPE","vocab":[],"merges":[]}"#,
      #"{"type":"BPE","vocab":{"<|im_end|>":0,"<|im_end|":1,">":2},"merges":["<|im_end|>"," "]}"#, "[]",
    ])
  func refusesContradiction(model: String) throws {
    var document = try Self.document()
    document["model"] = try JSONValue(parsing: Data(model.utf8))
    document["added_tokens"] = []
    let error = #expect(throws: TokenizerError.self) { try TokenizerFile.read(JSONValue.object(document).canonical) }
    guard case .malformed = error else {
      Issue.record("expected a malformed file, got \(String(describing: error))")
      return
    }
  }

  @Test("merges that spell a special token are refused: text could then end a turn")
  func refusesMergeToSpecial() throws {
    var document = try Self.document()
    document["model"] = ["type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": ["a b"]]
    document["added_tokens"] = [["id": 2, "content": "ab", "special": true]]
    #expect(throws: TokenizerError.malformed(place: "model.merges[0]", reason: "gives a special token")) {
      try TokenizerFile.read(JSONValue.object(document).canonical)
    }
  }

  @Test("an added token with the id of another token is refused: the vocabulary may have holes")
  func refusesTakenID() throws {
    var document = try Self.document()
    document["model"] = ["type": "BPE", "vocab": ["a": 0, "b": 2], "merges": []]
    document["added_tokens"] = [["id": 2, "content": "<x>", "special": true]]
    #expect(throws: TokenizerError.malformed(place: "added_tokens[0]", reason: #""<x>" has the id of another token in model.vocab"#)) {
      try TokenizerFile.read(JSONValue.object(document).canonical)
    }
  }

  @Test("what stands around a text must be an added token, by id and content", arguments: [("<s>", 0), ("<|endoftext|>", 5)])
  func refusesUnknownFrame(content: String, id: Int) throws {
    var document = try Self.document()
    document["post_processor"] = [
      "type": "TemplateProcessing", "single": [["SpecialToken": ["id": .string(content), "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]]],
      "special_tokens": .object([content: ["id": .string(content), "ids": [.integer(Int64(id))], "tokens": [.string(content)]]]),
    ]
    let reason = "\"\(content)\" with the id \(id) is none of added_tokens"
    #expect(throws: TokenizerError.malformed(place: "post_processor", reason: reason)) {
      try TokenizerFile.read(JSONValue.object(document).canonical)
    }
  }

  @Test("numbers and escapes are JSON's, not whatever can be read as a number", arguments: [#""zz":-01,"#, #""zz":01,"#, #""\u-000":9999,"#, #""\u+000":9999,"#])
  func refusesNumber(member: String) throws {
    let text = String(decoding: TokenizerFile.canonical(of: try TextTokenizerTests.trained(.qwen2)), as: UTF8.self)
    let changed = text.replacing(#""vocab":{"#, with: #""vocab":{"# + member)
    #expect(changed != text)
    let error = #expect(throws: TokenizerError.self) { try TokenizerFile.read(Data(changed.utf8)) }
    #expect(error?.message.contains("tokenizer.json: not valid JSON") == true)
  }
}
