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

  static let refused: [(field: String, value: JSONValue)] = [
    ("model_type", "qwen2"), ("architectures", ["MistralForCausalLM"]), ("hidden_act", "gelu"), ("attention_bias", true), ("mlp_bias", true),
    ("attention_dropout", 0.1), ("pretraining_tp", 2), ("rope_scaling", ["type": "linear", "factor": 2.0]),
    ("rope_scaling", ["rope_type": "llama3", "factor": 8.0]), ("rope_parameters", ["rope_type": "yarn", "rope_theta": 100000]),
    ("rope_parameters", ["rope_type": "default", "partial_rotary_factor": 0.5]), ("rope_parameters", ["rope_theta": 7]), ("rope_interleaved", true),
    ("sliding_window", 4096), ("no_rope_layers", [1, 0]), ("quantization_config", ["bits": 4]), ("final_logit_softcapping", 30.0),
    ("embedding_multiplier", 12.0), ("hidden_size", 0), ("hidden_size", "576"), ("hidden_size", 577), ("num_attention_heads", 7),
    ("num_key_value_heads", 2), ("head_dim", 63), ("vocab_size", -1), ("vocab_size", 9_000_000_000), ("rms_norm_eps", 0), ("rope_theta", -1),
    ("eos_token_id", 49152), ("tie_word_embeddings", "yes"), ("num_hidden_layers", nil),
  ]

  @Test("a field that would change the arithmetic, or cannot be, is refused by its name", arguments: refused)
  func refusals(field: String, value: JSONValue) throws {
    let error = #expect(throws: ModelError.self) { try Self.parse([field: value]) }
    let named = field == "rope_scaling" || field == "rope_parameters" ? "rope" : field
    // A changed count may contradict another field first: both names stand in the message then.
    let names = [named, "type", "factor", "num_attention_heads", "hidden_size"]
    #expect(names.contains { error?.message.contains($0) == true }, "\(error?.message ?? "")")
    #expect(error?.message.contains("config.json") == true)
  }

  @Test("a file that is not an object is refused")
  func notAnObject() {
    #expect(throws: ModelError.notJSON(file: "config.json")) { try ModelConfiguration(parsing: Data("[]".utf8)) }
    #expect(throws: ModelError.notJSON(file: "config.json")) { try ModelConfiguration(parsing: Data("{".utf8)) }
  }
}
