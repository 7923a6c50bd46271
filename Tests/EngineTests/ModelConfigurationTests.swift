import Artifacts
import Engine
import Foundation
import Testing

@Suite("Model configurations")
struct ModelConfigurationTests {
  /// SmolLM2-135M, as transformers 4 wrote it.
  static let smol: [String: JSONValue] = [
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536,
    "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "rope_theta": 100000, "rope_scaling": nil, "rms_norm_eps": 1e-05,
    "tie_word_embeddings": true, "vocab_size": 49152, "max_position_embeddings": 8192, "bos_token_id": 0, "eos_token_id": 0,
    "attention_bias": false, "attention_dropout": 0.0, "rope_interleaved": false, "is_llama_config": true, "pretraining_tp": 1,
  ]

  static func parse(_ changes: [String: JSONValue]) throws -> ModelConfiguration {
    try ModelConfiguration(parsing: JSONValue.object(smol.merging(changes) { $1 }).canonical)
  }

  @Test("a real configuration is read")
  func reading() throws {
    let configuration = try Self.parse([:])
    #expect(configuration.headDimension == 64)
    #expect(configuration.ropeTheta == 100_000)
    #expect(configuration.normEpsilon == 1e-5)
    #expect(configuration.tiesEmbeddings)
    #expect(configuration.endTokens == [0])
  }

  @Test("the rotary base is found in the place of transformers 4 and of 5")
  func ropePlaces() throws {
    #expect(try Self.parse(["rope_theta": nil, "rope_parameters": ["rope_type": "default", "rope_theta": 500000]]).ropeTheta == 500_000)
    #expect(try Self.parse(["rope_theta": nil]).ropeTheta == 10_000)
    #expect(try Self.parse(["rope_parameters": ["rope_theta": 100000.0]]).ropeTheta == 100_000)
  }

  @Test("an end token may be a list, and heads default to one key for each query")
  func defaults() throws {
    #expect(try Self.parse(["eos_token_id": [1, 2]]).endTokens == [1, 2])
    #expect(try Self.parse(["num_key_value_heads": nil]).keyValueHeadCount == 9)
    #expect(try Self.parse(["head_dim": 32]).headDimension == 32)
  }

  @Test("what is written is read back equal, and states the same for both generations of transformers")
  func roundTrip() throws {
    let configuration = try Self.parse(["eos_token_id": [1, 2]])
    #expect(try ModelConfiguration(parsing: configuration.file) == configuration)
    #expect(configuration.json["rope_theta"] == configuration.json["rope_parameters"]?["rope_theta"])
  }

  /// Llama 3.2 1B, as transformers 4 wrote it.
  static let llama3: [String: JSONValue] = [
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
    "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "rope_theta": 500000.0,
    "rope_scaling": [
      "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3",
    ],
    "rms_norm_eps": 1e-05, "tie_word_embeddings": true, "vocab_size": 128256, "max_position_embeddings": 131072, "bos_token_id": 128000,
    "eos_token_id": [128001, 128008, 128009], "attention_bias": false, "mlp_bias": false, "attention_dropout": 0.0, "pretraining_tp": 1,
  ]
  /// Qwen2.5 0.5B, as transformers 4 wrote it.
  static let qwen2: [String: JSONValue] = [
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 896, "intermediate_size": 4864,
    "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "rope_theta": 1000000.0, "rms_norm_eps": 1e-06,
    "tie_word_embeddings": true, "vocab_size": 151936, "max_position_embeddings": 32768, "bos_token_id": 151643, "eos_token_id": 151643,
    "attention_dropout": 0.0, "max_window_layers": 24, "sliding_window": 32768, "use_sliding_window": false, "use_mrope": false,
  ]
  /// Qwen3 0.6B, as transformers 4 wrote it.
  static let qwen3: [String: JSONValue] = [
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_act": "silu", "hidden_size": 1024, "intermediate_size": 3072,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "rope_theta": 1000000, "rope_scaling": nil,
    "rms_norm_eps": 1e-06, "tie_word_embeddings": true, "vocab_size": 151936, "max_position_embeddings": 40960, "bos_token_id": 151643,
    "eos_token_id": 151645, "attention_bias": false, "attention_dropout": 0.0, "max_window_layers": 28, "sliding_window": nil,
    "use_sliding_window": false,
  ]

  static func parse(_ members: [String: JSONValue], _ changes: [String: JSONValue]) throws -> ModelConfiguration {
    try ModelConfiguration(parsing: JSONValue.object(members.merging(changes) { $1 }).canonical)
  }

  @Test("Llama 3's stretched positions are read from the place of transformers 4 and of 5, and from either word for the type")
  func stretch() throws {
    let expected = RotaryStretch(factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositionCount: 8192)
    let configuration = try Self.parse(Self.llama3, [:])
    #expect(configuration.ropeStretch == expected && configuration.ropeTheta == 500_000)
    let scaling = try #require(Self.llama3["rope_scaling"]?.object)
    let parameters = JSONValue.object(scaling.merging(["rope_theta": 500000.0]) { $1 })
    #expect(try Self.parse(Self.llama3, ["rope_scaling": nil, "rope_theta": nil, "rope_parameters": parameters]) == configuration)
    let old = JSONValue.object(scaling.merging(["type": "llama3", "rope_type": nil]) { $1 })
    #expect(try Self.parse(Self.llama3, ["rope_scaling": old]) == configuration)
    #expect(try ModelConfiguration(parsing: configuration.file) == configuration)
    #expect(configuration.json["rope_scaling"]?["factor"]?.number == 32)
    #expect(configuration.json["rope_parameters"]?["rope_theta"]?.number == 500_000)
  }

  static let stretchRefused: [(field: String, value: JSONValue, says: String)] = [
    ("rope_type", "yarn", "\"default\" and \"llama3\" rotary positions"), ("rope_type", "dynamic", "dynamic"), ("rope_type", "linear", "linear"),
    ("rope_type", "longrope", "longrope"), ("type", "default", "disagree"), ("factor", nil, "factor"), ("factor", 0.5, "factor"),
    ("low_freq_factor", nil, "low_freq_factor"), ("low_freq_factor", 4.0, "disagree"), ("high_freq_factor", "4", "high_freq_factor"),
    ("original_max_position_embeddings", nil, "original_max_position_embeddings"), ("attention_factor", 1.2, "attention_factor"),
    ("mrope_section", [16, 24, 24], "mrope_section"), ("partial_rotary_factor", 0.5, "partial_rotary_factor"), ("rope_theta", 7, "disagree"),
  ]

  @Test("positions that the engine does not compute are refused by their name", arguments: stretchRefused)
  func stretchRefusals(field: String, value: JSONValue, says: String) throws {
    let scaling = try #require(Self.llama3["rope_scaling"]?.object).merging([field: value]) { $1 }
    let error = #expect(throws: ModelError.self) { try Self.parse(Self.llama3, ["rope_scaling": .object(scaling)]) }
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
  }

  @Test("two places that say different things of positions are refused")
  func stretchContradiction() throws {
    let scaling = try #require(Self.llama3["rope_scaling"])
    #expect(throws: ModelError.contradiction(file: "config.json", field: "rope_scaling", other: "rope_parameters")) {
      try Self.parse(Self.llama3, ["rope_parameters": ["rope_type": "default", "rope_theta": 500000.0]])
    }
    #expect(try Self.parse(Self.llama3, ["rope_parameters": scaling]).ropeStretch != nil)
  }

  @Test("Qwen2 has three biases a layer, Qwen3 norms of heads and heads of its own size")
  func qwen() throws {
    let two = try Self.parse(Self.qwen2, [:])
    #expect(two.family == .qwen2 && two.biases == [.query, .key, .value] && two.headDimension == 64)
    let three = try Self.parse(Self.qwen3, [:])
    #expect(three.family == .qwen3 && three.biases == [] && three.headDimension == 128)
    #expect(try Self.parse(Self.qwen3, ["head_dim": nil]).headDimension == 128)
    #expect(try Self.parse(Self.qwen3, ["attention_bias": true]).biases == [.query, .key, .value, .output])
    let layers = JSONValue.array(Array(repeating: "full_attention", count: 24))
    #expect(try Self.parse(Self.qwen2, ["layer_types": layers]) == two)
    for configuration in [two, three] { #expect(try ModelConfiguration(parsing: configuration.file) == configuration) }
  }

  @Test("a Llama's biases are those that its configuration names")
  func llamaBiases() throws {
    #expect(try Self.parse(["attention_bias": true]).biases == [.query, .key, .value, .output])
    let all = try Self.parse(["attention_bias": true, "mlp_bias": true])
    #expect(all.biases == Set(Projection.allCases))
    #expect(try ModelConfiguration(parsing: all.file) == all)
  }

  static let qwenRefused: [(field: String, value: JSONValue, says: String)] = [
    ("use_sliding_window", true, "use_sliding_window"), ("layer_types", ["full_attention", "sliding_attention"], "sliding_attention"),
    ("layer_types", ["full_attention"], "disagree"), ("layer_types", "full_attention", "layer_types"), ("model_type", "qwen2_moe", "\"llama\", \"qwen2\", \"qwen3\""),
    ("model_type", "qwen3_moe", "qwen3_moe"), ("model_type", "llama", "architectures"), ("num_experts", 64, "num_experts"),
    ("attention_bias", false, "attention_bias"), ("mlp_bias", true, "mlp_bias"), ("qk_norm", true, "qk_norm"), ("hidden_act", "gelu", "hidden_act"),
    ("rope_scaling", ["type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768], "yarn"), ("use_mrope", true, "use_mrope"),
    ("quantization_config", ["bits": 4], "quantization_config"), ("architectures", ["Qwen2ForSequenceClassification"], "architectures"),
  ]

  @Test("what Qwen's relatives do otherwise is refused by its name", arguments: qwenRefused)
  func qwenRefusals(field: String, value: JSONValue, says: String) throws {
    let error = #expect(throws: ModelError.self) { try Self.parse(Self.qwen2, [field: value]) }
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
  }

  static let refused: [(field: String, value: JSONValue)] = [
    ("model_type", "mistral"), ("model_type", "gemma3_text"), ("architectures", ["MistralForCausalLM"]), ("hidden_act", "gelu"), ("qkv_bias", true), ("layer_types", ["sliding_attention"]),
    ("attention_dropout", 0.1), ("pretraining_tp", 2), ("rope_scaling", ["type": "linear", "factor": 2.0]),
    ("rope_scaling", ["rope_type": "llama3", "factor": 8.0]), ("rope_parameters", ["rope_type": "yarn", "rope_theta": 100000]),
    ("rope_parameters", ["rope_type": "default", "partial_rotary_factor": 0.5]), ("rope_parameters", ["rope_theta": 7]), ("rope_interleaved", true),
    ("sliding_window", 4096), ("no_rope_layers", [1, 0]), ("quantization_config", ["bits": 4]), ("final_logit_softcapping", 30.0),
    ("embedding_multiplier", 12.0), ("hidden_size", 0), ("hidden_size", "576"), ("hidden_size", 577), ("num_attention_heads", 7),
    ("num_key_value_heads", 2), ("head_dim", 63), ("vocab_size", -1), ("vocab_size", 9_000_000_000), ("rms_norm_eps", 0), ("rope_theta", -1),
    ("eos_token_id", 49152), ("bos_token_id", 49152), ("bos_token_id", "1"), ("is_causal", false), ("tie_word_embeddings", "yes"), ("num_hidden_layers", nil),
    ("num_hidden_layers", 268_435_456), ("rms_norm_eps", 1e60), ("rms_norm_eps", 1e-60), ("intermediate_size", 268_435_456), ("head_dim", 134_217_728),
  ]

  @Test("a field that would change the arithmetic, or cannot be, is refused by its name", arguments: refused)
  func refusals(field: String, value: JSONValue) throws {
    let error = #expect(throws: ModelError.self) { try Self.parse([field: value]) }
    let named = field == "rope_scaling" || field == "rope_parameters" ? "rope" : field
    // A changed count may contradict another field first: both names stand in the message then.
    let names = [named, "type", "factor", "num_attention_heads", "hidden_size"]  // Of a model that is too large, the last.
    #expect(names.contains { error?.message.contains($0) == true }, "\(error?.message ?? "")")
    #expect(error?.message.contains("config.json") == true)
  }

  @Test("counts whose product is no number are refused before anything is made of them")
  func overflow() throws {
    let counts: [String: JSONValue] = ["hidden_size": 268_435_456, "num_attention_heads": 268_435_456, "head_dim": 268_435_456, "num_key_value_heads": 1]
    let error = #expect(throws: ModelError.self) { try Self.parse(counts) }
    #expect(error?.message.contains("\"num_attention_heads\" cannot be 268435456") == true, "\(error?.message ?? "")")
  }

  @Test("what stands outside of the stretched positions says the same")
  func outerPositions() throws {
    let field = "original_max_position_embeddings"
    let inner = try #require(Self.llama3["rope_scaling"]?[field]?.integer)
    #expect(try Self.parse(Self.llama3, [field: .integer(inner)]) == Self.parse(Self.llama3, [:]))
    let error = #expect(throws: ModelError.self) { try Self.parse(Self.llama3, [field: .integer(inner * 2)]) }
    #expect(error?.message.contains("rope_scaling.\(field)") == true, "\(error?.message ?? "")")
  }

  @Test("a token outside the vocabulary is said to be that, and not to be of another type")
  func strayToken() {
    let error = #expect(throws: ModelError.self) { try Self.parse(["bos_token_id": 49152]) }
    #expect(error?.message == "config.json: \"bos_token_id\" cannot be 49152: the vocabulary has 49152 tokens" && error?.hint != nil)
    #expect(throws: Never.self) { try Self.parse(["is_causal": true, "bos_token_id": nil]) }
  }

  @Test("a file that is not an object is refused")
  func notAnObject() {
    // What one reader takes and the other cannot is not passed by: here an escape that no UTF-8 has.
    #expect(throws: ModelError.notJSON(file: "config.json")) {
      try ModelConfiguration(parsing: Data(#"{"x\ud800": 1, "rms_norm_eps": 1e-5, "rms_norm_eps": 0.5}"#.utf8))
    }
    // Python keeps the last of two values, Foundation the first.
    for text in [#"{"rms_norm_eps": 1e-5, "rms_norm_eps": 0.5}"#, #"{"rope_scaling": {"factor": 8, "factor": 9}}"#] {
      let error = #expect(throws: ModelError.self) { try ModelConfiguration(parsing: Data(text.utf8)) }
      #expect(error?.message.hasSuffix("stands twice") == true, "\(text)")
    }
    #expect(throws: ModelError.notJSON(file: "config.json")) { try ModelConfiguration(parsing: Data("[]".utf8)) }
    #expect(throws: ModelError.notJSON(file: "config.json")) { try ModelConfiguration(parsing: Data("{".utf8)) }
  }
}
