import Artifacts
import Engine
import Foundation
import Testing

/// What `tokenizer_config.json` may say beside `tokenizer.json`.
@Suite("Settings of a tokenizer")
struct ChatSettingsTests {
  private static func document() throws -> [String: JSONValue] {
    try #require(try TextFixtures.read("llama3", in: "Tokenizers")["tokenizer"]?.object)
  }

  private static func format(_ settings: String, frame: JSONValue? = nil) throws -> ChatFormat {
    var document = try document()
    if let frame { document["post_processor"] = frame }
    let tokenizer = try TokenizerFile.read(JSONValue.object(document).canonical)
    return try ChatFormat(tokenizer: tokenizer, tokenizerConfig: Data(settings.utf8), templateFile: ChatFormat.templateFile)
  }

  /// Puts the first special token before a text, as Llama's does.
  private static let withBegin: JSONValue = [
    "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<|endoftext|>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]]],
    "pair": [], "special_tokens": ["<|endoftext|>": ["id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]]],
  ]
  private static let begin = #""bos_token":"<|endoftext|>","eos_token":"<|im_end|>""#

  @Test("a member that stands twice is refused by its name, and so is what is no object", arguments: [
    (#"{"bos_token":"a","bos_token":"b"}"#, #"tokenizer_config.json: "bos_token" stands there twice"#),
    (#"{"added_tokens_decoder":{"0":{},"0":{}}}"#, #"tokenizer_config.json: "0" stands there twice"#), ("[]", "tokenizer_config.json: not valid JSON, or no object"),
    ("{", "tokenizer_config.json: not valid JSON, or no object"),
  ])
  func twice(settings: String, says: String) {
    let error = #expect(throws: TokenizerError.self) { try Self.format(settings) }
    #expect(error?.message.contains(says) == true && error?.hint != nil, "\(error?.message ?? "")")
  }

  @Test("where a Llama's settings make another frame than the file has, they are refused", arguments: ["LlamaTokenizer", "LlamaTokenizerFast"])
  func frames(name: String) throws {
    func settings(_ begins: Bool, _ ends: Bool, _ name: String) -> String {
      #"{"tokenizer_class":"\#(name)","add_bos_token":\#(begins),"add_eos_token":\#(ends),\#(Self.begin)}"#
    }
    #expect(throws: Never.self) { try Self.format(settings(true, false, name), frame: Self.withBegin) }
    #expect(throws: Never.self) { try Self.format(settings(false, false, name), frame: .null) }
    #expect(throws: Never.self) { try Self.format(#"{"tokenizer_class":"\#(name)"}"#, frame: Self.withBegin) }
    // Others do not make their post-processor from these.
    #expect(throws: Never.self) { try Self.format(settings(true, true, "PreTrainedTokenizerFast"), frame: .null) }
    for (flag, settings, frame) in [
      ("add_bos_token", settings(false, false, name), Self.withBegin), ("add_bos_token", settings(true, false, name), .null),
      ("add_eos_token", settings(true, true, name), Self.withBegin),
    ] as [(String, String, JSONValue)] {
      let error = #expect(throws: TokenizerError.self) { try Self.format(settings, frame: frame) }
      #expect(error?.message.contains("tokenizer_config.json: \(flag): is ") == true, "\(error?.message ?? "")")
    }
  }

  @Test("tokens by name that are none of tokenizer.json are refused, where the template writes them or they are made special", arguments: [
    (#"{"eos_token":"<|im_end|>","bos_token":"<s>"}"#, #"bos_token: "<s>" is no special token of tokenizer.json"#),
    (#"{"eos_token":"<|im_end|>"}"#, #"has no "bos_token", which the chat template asks for"#),
    (#"{"eos_token":"<|im_end|>","bos_token":null,"additional_special_tokens":["<|im_end|>","<x>"]}"#, #"additional_special_tokens: "<x>" is no special token"#),
    (#"{"eos_token":"<|im_end|>","bos_token":null,"extra_special_tokens":{"image":{"content":"<y>"}}}"#, #"extra_special_tokens: "<y>" is no special token"#),
    (#"{"eos_token":"<|im_end|>","bos_token":null,"split_special_tokens":true}"#, "split_special_tokens: true is not supported"),
    (#"{"eos_token":"<|im_end|>","bos_token":null,"unk_token":"<x>","split_special_tokens":false}"#, ""),
    (#"{"eos_token":"<|im_end|>","bos_token":"<|im_start|>","additional_special_tokens":["<|im_end|>"]}"#, ""),
  ])
  func names(settings: String, says: String) throws {
    let tokenizer = try TokenizerFile.read(JSONValue.object(try Self.document()).canonical)
    let template = "{% if add_bos_token is defined %}{{ unk_tokens }}{% endif %}{{ bos_token }}{% for message in messages %}{{ message['content'] + eos_token }}{% endfor %}"
    let format = Result { try ChatFormat(tokenizer: tokenizer, tokenizerConfig: Data(settings.utf8), templateFile: Data(template.utf8)) }
    switch format {
    case .success: #expect(says.isEmpty)
    case .failure(let error): #expect(!says.isEmpty && (error as? TokenizerError)?.message.contains(says) == true, "\(error)")
    }
  }

  @Test("added tokens that tokenizer.json does not have, or has otherwise, are refused")
  func addedTokens() throws {
    let known = try #require(try Self.document()["added_tokens"]?.array)
    func settings(_ change: (inout [String: JSONValue]) -> Void) -> String {
      var entries: [String: JSONValue] = [:]
      for token in known { entries[String(token["id"]?.integer ?? -1)] = .object((token.object ?? [:]).filter { $0.key != "id" }) }
      change(&entries)
      return JSONValue.object(["added_tokens_decoder": .object(entries)]).canonicalText
    }
    #expect(known.count > 2)
    #expect(throws: Never.self) { try Self.format(settings { _ in }) }
    #expect(throws: Never.self) { try Self.format(settings { $0["1"] = nil }) }
    let changes: [(says: String, change: (inout [String: JSONValue]) -> Void)] = [
      (#""<pad>" is not an added token of tokenizer.json under this id"#, { $0["900000"] = ["content": "<pad>", "special": true] }),
      (#""<other>" is not an added token"#, { $0["1"] = ["content": "<other>", "special": true] }),
      (#""lstrip" of "<|im_start|>" is another in tokenizer.json"#, { $0["1"] = ["content": "<|im_start|>", "special": true, "lstrip": true] }),
      ("added_tokens_decoder.x: ", { $0["x"] = ["content": "<|im_start|>"] }), ("has no \"content\"", { $0["1"] = [:] }),
    ]
    for (says, change) in changes {
      let error = #expect(throws: TokenizerError.self) { try Self.format(settings(change)) }
      #expect(error?.message.contains(says) == true, "\(says): \(error?.message ?? "")")
    }
  }
}
