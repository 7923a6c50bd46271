package import Artifacts
package import Foundation

/// The shape of a model of one of the engine's families: what Hugging Face's `config.json` says, as far as it decides the arithmetic.
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
  /// Nil where frequencies are as the base gives them.
  package let ropeStretch: RotaryStretch?
  package let family: ModelFamily
  /// The linear maps that have a bias.
  package let biases: Set<Projection>
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
    maximumPositionCount: Int, initializerRange: Double = 0.02, beginToken: Int32? = nil, endTokens: [Int32] = [],
    family: ModelFamily = .llama, biases: Set<Projection> = [], ropeStretch: RotaryStretch? = nil
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
    self.family = family
    self.biases = biases
    self.ropeStretch = ropeStretch
  }
}

extension ModelConfiguration {
  /// How many numbers a model of this configuration holds, known before any of them is made.
  package var parameterCount: Int { TensorShape.model(self).reduce(0) { $0 + $1.count } }

  /// Far beyond what any machine holds, and far from where sums and sizes in bytes overflow.
  private static let mostParameters = 0x1p42
  private static let mostLayers = 4096

  /// For what a stranger's file promises: refused before anything is made of it.
  private func requirePossible(_ file: String) throws(ModelError) {
    guard layerCount <= Self.mostLayers else { throw .impossibleValue(file: file, field: "num_hidden_layers", value: String(layerCount)) }
    for (field, count) in [("num_attention_heads", headCount), ("num_key_value_heads", keyValueHeadCount)] {
      guard count * headDimension <= ConfigurationReader.largestCount else {
        throw .impossibleValue(file: file, field: field, value: "\(count), of \(headDimension) numbers each")
      }
    }
    let ofLayer = Projection.allCases.reduce(0.0) { $0 + Double($1.shape(in: self).outputs) * Double($1.shape(in: self).inputs) }
    let parameters = Double(layerCount) * ofLayer + 2 * Double(vocabularySize) * Double(hiddenSize)
    guard parameters <= Self.mostParameters else { throw .impossibleValue(file: file, field: "hidden_size", value: "\(hiddenSize): \(parameters) numbers in all") }
  }

  /// Of the linear maps of all layers, without biases.
  var linearWeightCount: Int { layerCount * Projection.allCases.reduce(0) { $0 + $1.shape(in: self).outputs * $1.shape(in: self).inputs } }

  var headWeightCount: Int { vocabularySize * hiddenSize }
}

// MARK: - Reading

extension ModelConfiguration {
  package init(parsing bytes: Data) throws(ModelError) {
    let reader = try ConfigurationReader(file: Self.fileName, bytes: bytes)
    let family = try Self.family(reader)
    try Self.refuseOtherArithmetic(reader, family)
    let hiddenSize = try reader.count("hidden_size")
    let headCount = try reader.count("num_attention_heads")
    let keyValueHeadCount = try reader.count("num_key_value_heads", default: family.defaultKeyValueHeadCount(heads: headCount))
    guard reader.has("head_dim") || family.normsHeads || hiddenSize.isMultiple(of: headCount) else {
      throw .contradiction(file: reader.file, field: "hidden_size", other: "num_attention_heads")
    }
    let headDimension = try reader.count("head_dim", default: family.defaultHeadDimension(hiddenSize: hiddenSize, heads: headCount))
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw .contradiction(file: reader.file, field: "num_attention_heads", other: "num_key_value_heads")
    }
    guard headDimension.isMultiple(of: 2) else {  // Rotary positions turn pairs.
      throw .impossibleValue(file: reader.file, field: "head_dim", value: String(headDimension))
    }
    let vocabularySize = try reader.count("vocab_size")
    let layerCount = try reader.count("num_hidden_layers")
    try Self.refuseOtherLayers(reader, layerCount: layerCount)
    let rotary = try RotarySettings(reader)
    self.init(
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      intermediateSize: try reader.count("intermediate_size"),
      layerCount: layerCount,
      headCount: headCount,
      keyValueHeadCount: keyValueHeadCount,
      headDimension: headDimension,
      ropeTheta: rotary.theta,
      normEpsilon: try reader.positiveNumber("rms_norm_eps", default: 1e-6),
      tiesEmbeddings: try reader.flag("tie_word_embeddings", default: false),
      maximumPositionCount: try reader.count("max_position_embeddings", default: family.defaultPositionCount),
      initializerRange: try reader.positiveNumber("initializer_range", default: 0.02),
      beginToken: try Self.tokens(reader, "bos_token_id", vocabularySize: vocabularySize).first,
      endTokens: try Self.tokens(reader, "eos_token_id", vocabularySize: vocabularySize),
      family: family,
      biases: try Self.biases(reader, family),
      ropeStretch: rotary.stretch)
    try requirePossible(reader.file)
    guard Float(normEpsilon) > 0, Float(normEpsilon).isFinite else {  // What is computed with.
      throw .impossibleValue(file: reader.file, field: "rms_norm_eps", value: "\(normEpsilon)")
    }
  }

  private static func family(_ reader: ConfigurationReader) throws(ModelError) -> ModelFamily {
    let type = try reader.string("model_type")
    guard let family = ModelFamily(rawValue: type) else {
      throw .unsupported(file: reader.file, field: "model_type", value: quotedName(type), supported: ModelFamily.supported)
    }
    try reader.requireNeutral("architectures", [[.string(family.architecture)]])
    return family
  }

  /// `attention_bias` is a field of Llama and Qwen3, and means all four maps of attention; Qwen2 has three and no field.
  private static func biases(_ reader: ConfigurationReader, _ family: ModelFamily) throws(ModelError) -> Set<Projection> {
    let attention: Set<Projection> = [.query, .key, .value, .output]
    let feed: Set<Projection> = [.gate, .up, .down]
    switch family {
    case .qwen2:
      try reader.requireNeutral("attention_bias", [true])
      try reader.requireNeutral("qkv_bias", [true])
      try reader.requireNeutral("mlp_bias", [false])
      return [.query, .key, .value]
    case .qwen3:
      try reader.requireNeutral("mlp_bias", [false])
      return try reader.flag("attention_bias", default: false) ? attention : []
    case .llama:
      let onAttention = try reader.flag("attention_bias", default: false) ? attention : []
      return onAttention.union(try reader.flag("mlp_bias", default: false) ? feed : [])
    }
  }

  private static func refuseOtherArithmetic(_ reader: ConfigurationReader, _ family: ModelFamily) throws(ModelError) {
    try reader.requireNeutral("hidden_act", ["silu"])
    for (field, neutral) in neutralValues { try reader.requireNeutral(field, neutral) }
    for field in ["qk_norm", "use_qk_norm"] { try reader.requireNeutral(field, [.bool(family.normsHeads)]) }
    if family != .qwen2 { try reader.requireNeutral("qkv_bias", [false]) }
    // Qwen's files state the window's size beside the switch that turns it off; in Llama's there is no switch.
    try reader.requireNeutral("use_sliding_window", [false])
    if family == .llama { try reader.requireNeutral("sliding_window", []) }
  }

  /// Fields that relatives of these families use to change the arithmetic, each with the values that leave it as it is.
  private static let neutralValues: [(field: String, neutral: [JSONValue])] = [
    ("attention_dropout", [0]), ("hidden_dropout", [0]), ("resid_pdrop", [0]), ("embd_pdrop", [0]), ("pretraining_tp", [1]),
    ("partial_rotary_factor", [1]), ("rope_interleaved", [false]), ("no_rope_layers", []), ("no_rope_layer_interval", []),
    ("attention_multiplier", []), ("embedding_multiplier", [1]), ("residual_multiplier", [1]), ("logits_scaling", [1]), ("logit_scale", [1]),
    ("query_pre_attn_scalar", []), ("attn_logit_softcapping", []), ("final_logit_softcapping", []), ("clip_qkv", []),
    ("num_local_experts", []), ("num_experts", []), ("n_routed_experts", []), ("num_experts_per_tok", []), ("moe_intermediate_size", []),
    ("quantization_config", []), ("is_decoder", [true, false]), ("add_cross_attention", [false]), ("use_mrope", [false]),
    ("attention_chunk_size", []), ("use_bidirectional_attention", [false]), ("is_causal", [true]),
  ]

  /// transformers 5 names every layer's kind of attention.
  private static func refuseOtherLayers(_ reader: ConfigurationReader, layerCount: Int) throws(ModelError) {
    let field = "layer_types"
    guard let value = reader.members[field] else { return }
    guard let types = value.array else { throw .missingField(file: reader.file, field: field) }
    if let other = types.first(where: { $0 != "full_attention" }) {
      throw .unsupported(file: reader.file, field: field, value: other.string.map(quotedName) ?? "no string", supported: "\"full_attention\"")
    }
    guard types.count == layerCount else { throw .contradiction(file: reader.file, field: field, other: "num_hidden_layers") }
  }

  /// One token or a list of them.
  private static func tokens(_ reader: ConfigurationReader, _ field: String, vocabularySize: Int) throws(ModelError) -> [Int32] {
    guard let value = reader.members[field] else { return [] }
    let values = value.array ?? [value]
    let tokens = values.compactMap { $0.integer }
    guard tokens.count == values.count else { throw .missingField(file: reader.file, field: field) }
    if let stray = tokens.first(where: { !(0..<Int64(vocabularySize)).contains($0) }) {
      throw .impossibleValue(file: reader.file, field: field, value: "\(stray): the vocabulary has \(vocabularySize) tokens")
    }
    return tokens.map { Int32($0) }
  }
}

// MARK: - Writing

extension ModelConfiguration {
  /// What transformers 4 and 5 both read: the rotary base stands in the old place and the new.
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "architectures": [.string(family.architecture)], "model_type": .string(family.rawValue), "hidden_act": "silu",
      "vocab_size": .integer(Int64(vocabularySize)), "hidden_size": .integer(Int64(hiddenSize)),
      "intermediate_size": .integer(Int64(intermediateSize)), "num_hidden_layers": .integer(Int64(layerCount)),
      "num_attention_heads": .integer(Int64(headCount)), "num_key_value_heads": .integer(Int64(keyValueHeadCount)),
      "head_dim": .integer(Int64(headDimension)), "rms_norm_eps": .number(normEpsilon),
      "max_position_embeddings": .integer(Int64(maximumPositionCount)), "initializer_range": .number(initializerRange),
      "rope_theta": .number(ropeTheta), "tie_word_embeddings": .bool(tiesEmbeddings), "attention_dropout": .number(0),
      "bos_token_id": beginToken.map { .integer(Int64($0)) } ?? .null, "eos_token_id": endTokenValue, "torch_dtype": "float32", "use_cache": true,
    ]
    members.merge(ropeMembers) { $1 }
    members.merge(familyMembers) { $1 }
    return .object(members)
  }

  private var ropeMembers: [String: JSONValue] {
    guard let ropeStretch else { return ["rope_parameters": ["rope_type": "default", "rope_theta": .number(ropeTheta)]] }
    let scaling = ropeStretch.members
    return ["rope_scaling": .object(scaling), "rope_parameters": .object(scaling.merging(["rope_theta": .number(ropeTheta)]) { $1 })]
  }

  private var familyMembers: [String: JSONValue] {
    let attention = JSONValue.bool(biases.contains(.output))
    switch family {
    case .llama: return ["attention_bias": attention, "mlp_bias": .bool(biases.contains(.gate))]
    case .qwen2: return ["use_sliding_window": false]
    case .qwen3: return ["attention_bias": attention, "use_sliding_window": false]
    }
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
