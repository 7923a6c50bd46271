package import Artifacts
package import Foundation

/// The shape of a Llama-architecture model: what Hugging Face's `config.json` says, as far as it decides the arithmetic.
///
/// Every field that changes the arithmetic is honoured or refused by name: a model that is computed a little wrong trains to numbers
/// that nobody notices are wrong.
package struct ModelConfiguration: Hashable, Sendable {
  package static let fileName = "config.json"

  package let vocabularySize: Int
  package let hiddenSize: Int
  package let intermediateSize: Int
  package let layerCount: Int
  package let headCount: Int
  /// Each key and value head serves `headCount / keyValueHeadCount` query heads.
  package let keyValueHeadCount: Int
  package let headDimension: Int
  package let ropeTheta: Double
  package let normEpsilon: Double
  /// The LM head is the embedding itself.
  package let tiesEmbeddings: Bool
  package let maximumPositionCount: Int
  /// The standard deviation of a new model's weights.
  package let initializerRange: Double
  package let beginToken: Int32?
  package let endTokens: [Int32]

  package init(
    vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int,
    headDimension: Int? = nil, ropeTheta: Double = 10_000, normEpsilon: Double = 1e-5, tiesEmbeddings: Bool = true,
    maximumPositionCount: Int, initializerRange: Double = 0.02, beginToken: Int32? = nil, endTokens: [Int32] = []
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension ?? hiddenSize / headCount
    self.ropeTheta = ropeTheta
    self.normEpsilon = normEpsilon
    self.tiesEmbeddings = tiesEmbeddings
    self.maximumPositionCount = maximumPositionCount
    self.initializerRange = initializerRange
    self.beginToken = beginToken
    self.endTokens = endTokens
  }
}

extension ModelConfiguration {
  /// How many numbers a model of this configuration holds, known before any of them is made.
  package var parameterCount: Int { TensorShape.model(self).reduce(0) { $0 + $1.count } }
}

// MARK: - Reading

extension ModelConfiguration {
  package init(parsing bytes: Data) throws(ModelError) {
    let reader = try ConfigurationReader(file: Self.fileName, bytes: bytes)
    try Self.refuseOtherArithmetic(reader)
    let hiddenSize = try reader.count("hidden_size")
    let headCount = try reader.count("num_attention_heads")
    let keyValueHeadCount = try reader.count("num_key_value_heads", default: headCount)
    guard reader.has("head_dim") || hiddenSize.isMultiple(of: headCount) else {
      throw .contradiction(file: reader.file, field: "hidden_size", other: "num_attention_heads")
    }
    let headDimension = try reader.count("head_dim", default: hiddenSize / headCount)
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw .contradiction(file: reader.file, field: "num_attention_heads", other: "num_key_value_heads")
    }
    guard headDimension.isMultiple(of: 2) else {  // Rotary positions turn pairs.
      throw .impossibleValue(file: reader.file, field: "head_dim", value: String(headDimension))
    }
    let vocabularySize = try reader.count("vocab_size")
    self.init(
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      intermediateSize: try reader.count("intermediate_size"),
      layerCount: try reader.count("num_hidden_layers"),
      headCount: headCount,
      keyValueHeadCount: keyValueHeadCount,
      headDimension: headDimension,
      ropeTheta: try Self.ropeTheta(reader),
      normEpsilon: try reader.positiveNumber("rms_norm_eps", default: 1e-6),
      tiesEmbeddings: try reader.flag("tie_word_embeddings", default: false),
      maximumPositionCount: try reader.count("max_position_embeddings", default: 2048),
      initializerRange: try reader.positiveNumber("initializer_range", default: 0.02),
      beginToken: try Self.tokens(reader, "bos_token_id", vocabularySize: vocabularySize).first,
      endTokens: try Self.tokens(reader, "eos_token_id", vocabularySize: vocabularySize))
  }

  private static func refuseOtherArithmetic(_ reader: ConfigurationReader) throws(ModelError) {
    let type = try reader.string("model_type")
    guard type == "llama" else { throw .unsupported(file: reader.file, field: "model_type", value: quotedName(type), supported: "\"llama\"") }
    try reader.requireNeutral("architectures", [["LlamaForCausalLM"]])
    try reader.requireNeutral("hidden_act", ["silu"])
    for (field, neutral) in neutralValues { try reader.requireNeutral(field, neutral) }
  }

  /// Fields that Llama's relatives use to change the arithmetic, each with the values that leave it as it is.
  private static let neutralValues: [(field: String, neutral: [JSONValue])] = [
    ("attention_bias", [false]), ("mlp_bias", [false]), ("qkv_bias", [false]), ("attention_dropout", [0]), ("hidden_dropout", [0]),
    ("pretraining_tp", [1]), ("partial_rotary_factor", [1]), ("rope_interleaved", [false]), ("sliding_window", []), ("use_sliding_window", [false]),
    ("layer_types", []), ("no_rope_layers", []), ("no_rope_layer_interval", []), ("qk_norm", [false]), ("use_qk_norm", [false]),
    ("attention_multiplier", []), ("embedding_multiplier", [1]), ("residual_multiplier", [1]), ("logits_scaling", [1]),
    ("query_pre_attn_scalar", []), ("attn_logit_softcapping", []), ("final_logit_softcapping", []), ("num_local_experts", []),
    ("quantization_config", []), ("is_decoder", [true, false]), ("add_cross_attention", [false]),
  ]

  /// transformers 5 writes `rope_parameters`; version 4 wrote `rope_theta` and `rope_scaling`, whose `type` is the old `rope_type`.
  private static func ropeTheta(_ reader: ConfigurationReader) throws(ModelError) -> Double {
    let direct = try reader.positiveNumber("rope_theta", default: 10_000)
    var theta = direct
    for field in ["rope_scaling", "rope_parameters"] {
      guard let value = reader.members[field] else { continue }
      guard let members = value.object else { throw .missingField(file: reader.file, field: field) }
      let rope = ConfigurationReader(file: reader.file, members: members)
      try rope.requireNeutral("rope_type", ["default"])
      try rope.requireNeutral("type", ["default"])
      try rope.requireNeutral("partial_rotary_factor", [1])
      try rope.requireNeutral("factor", [1])
      guard rope.has("rope_theta") else { continue }
      theta = try rope.positiveNumber("rope_theta")
      guard !reader.has("rope_theta") || theta == direct else {
        throw .contradiction(file: reader.file, field: "rope_theta", other: field + ".rope_theta")
      }
    }
    return theta
  }

  /// One token or a list of them.
  private static func tokens(_ reader: ConfigurationReader, _ field: String, vocabularySize: Int) throws(ModelError) -> [Int32] {
    guard let value = reader.members[field] else { return [] }
    let values = value.array ?? [value]
    let tokens = values.compactMap { $0.integer }.filter { (0..<Int64(vocabularySize)).contains($0) }
    guard tokens.count == values.count else { throw .missingField(file: reader.file, field: field) }
    return tokens.map { Int32($0) }
  }
}

// MARK: - Writing

extension ModelConfiguration {
  /// What transformers 4 and 5 both read: the rotary base stands in the old place and the new.
  package var json: JSONValue {
    [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
      "vocab_size": .integer(Int64(vocabularySize)), "hidden_size": .integer(Int64(hiddenSize)),
      "intermediate_size": .integer(Int64(intermediateSize)), "num_hidden_layers": .integer(Int64(layerCount)),
      "num_attention_heads": .integer(Int64(headCount)), "num_key_value_heads": .integer(Int64(keyValueHeadCount)),
      "head_dim": .integer(Int64(headDimension)), "rms_norm_eps": .number(normEpsilon),
      "max_position_embeddings": .integer(Int64(maximumPositionCount)), "initializer_range": .number(initializerRange),
      "rope_theta": .number(ropeTheta), "rope_parameters": ["rope_type": "default", "rope_theta": .number(ropeTheta)],
      "tie_word_embeddings": .bool(tiesEmbeddings), "attention_bias": false, "mlp_bias": false, "attention_dropout": .number(0),
      "bos_token_id": beginToken.map { .integer(Int64($0)) } ?? .null, "eos_token_id": endTokenValue, "torch_dtype": "float32", "use_cache": true,
    ]
  }

  private var endTokenValue: JSONValue {
    switch endTokens.count {
    case 0: .null
    case 1: .integer(Int64(endTokens[0]))
    default: .array(endTokens.map { .integer(Int64($0)) })
    }
  }

  package var file: Data { Data(json.pretty.utf8) }
}
