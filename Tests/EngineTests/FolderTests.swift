import Artifacts
import Engine
import Foundation
import Testing

@Suite("Model and adapter folders")
struct FolderTests {
  static let configuration = ModelConfiguration(
    vocabularySize: 11, hiddenSize: 8, intermediateSize: 12, layerCount: 2, headCount: 2, keyValueHeadCount: 1, tiesEmbeddings: false, maximumPositionCount: 16)

  @Test("a new model is a function of its configuration and seed, and survives its files")
  func freshModel() throws {
    let model = try ModelFolder.fresh(Self.configuration, seed: 3)
    let again = try ModelFolder(files: model.files)
    #expect(again.configuration == Self.configuration)
    #expect(again.files == model.files)
    #expect(again.root == model.root)
    #expect(try ModelFolder.fresh(Self.configuration, seed: 4).root != model.root)
    #expect(model["model.layers.1.self_attn.k_proj.weight"]?.shape == [4, 8])
    #expect(model["lm_head.weight"]?.shape == [11, 8])
    #expect(model["model.norm.weight"]?.values == [Float](repeating: 1, count: 8))
  }

  @Test("missing, extra, wrong-shaped and non-finite tensors are refused by name")
  func tensorChecks() throws {
    let model = try ModelFolder.fresh(Self.configuration, seed: 3)
    func folder(_ change: (inout [Tensor]) -> Void) throws -> ModelFolder {
      var tensors = model.tensors
      change(&tensors)
      return try ModelFolder(files: model.files.merging(["model.safetensors": TensorFile.write(tensors)]) { $1 })
    }
    #expect(throws: ModelError.missingTensor("lm_head.weight")) { try folder { $0.removeAll { $0.name == "lm_head.weight" } } }
    #expect(throws: ModelError.unexpectedTensor("model.extra")) { try folder { $0.append(Tensor(name: "model.extra", shape: [1], values: [0])) } }
    #expect(throws: ModelError.wrongShape(tensor: "model.norm.weight", expected: [8], found: [4, 2])) {
      try folder { $0 = $0.map { $0.name == "model.norm.weight" ? Tensor(name: $0.name, shape: [4, 2], values: $0.values) : $0 } }
    }
    #expect(throws: ModelError.self) {
      try folder { $0 = $0.map { $0.name == "model.norm.weight" ? Tensor(name: $0.name, shape: [8], values: [Float](repeating: .nan, count: 8)) : $0 } }
    }
    #expect(throws: ModelError.missingFile("config.json")) { try ModelFolder(files: [:]) }
  }

  @Test("a configuration with biases or norms of heads, and tensors without, contradict each other; so the other way round")
  func otherTensors() throws {
    let plain = try ModelFolder.fresh(Self.configuration, seed: 3)
    for kind in [SmallTraining.Kind.qwen2, .qwen3, .biasedLlama] {
      let model = try kind.base()
      #expect(try ModelFolder(files: model.files).root == model.root)
      let own = Set(model.tensors.map(\.name)).subtracting(try SmallTraining.base(tied: kind != .qwen3).tensors.map(\.name))
      #expect(own.count == (kind == .biasedLlama ? 14 : kind == .qwen2 ? 6 : 4))
      for name in own {
        let error = #expect(throws: ModelError.self) {
          try ModelFolder(configuration: model.configuration, tensors: model.tensors.filter { $0.name != name })
        }
        #expect(error == .missingTensor(name))
      }
    }
    let bias = Tensor(name: "model.layers.0.self_attn.q_proj.bias", shape: [8], values: [Float](repeating: 1, count: 8))
    let error = #expect(throws: ModelError.self) { try ModelFolder(configuration: Self.configuration, tensors: plain.tensors + [bias]) }
    #expect(error == .unexpectedTensor(bias.name) && error?.hint?.contains("attention_bias") == true)
  }

  @Test("a configuration that claims more layers than there are is refused at once, and so is one of a hundred million")
  func tooManyLayers() throws {
    let model = try ModelFolder.fresh(Self.configuration, seed: 3)
    var members = try #require(model.configuration.json.object)
    func files(_ layers: Int64) -> [String: Data] {
      members["num_hidden_layers"] = .integer(layers)
      return model.files.merging(["config.json": JSONValue.object(members).canonical]) { $1 }
    }
    #expect(throws: ModelError.missingTensor("model.layers.\(model.tensors.count).input_layernorm.weight")) { try ModelFolder(files: files(4000)) }
    let many = ModelError.impossibleValue(file: "config.json", field: "num_hidden_layers", value: "200000000")
    #expect(throws: many) { try ModelFolder(files: files(200_000_000)) }
  }

  @Test("a tied head that is stored again is the embedding or a contradiction; stored frequencies are recomputed")
  func copies() throws {
    let model = try SmallTraining.base()
    let embedding = try #require(model["model.embed_tokens.weight"])
    let frequencies = Tensor(name: "model.layers.0.self_attn.rotary_emb.inv_freq", shape: [3], values: [1, 0.1, 0.01])
    func folder(_ more: [Tensor]) throws -> ModelFolder {
      try ModelFolder(files: model.files.merging(["model.safetensors": TensorFile.write(model.tensors + more)]) { $1 })
    }
    #expect(try folder([Tensor(name: "lm_head.weight", shape: embedding.shape, values: embedding.values), frequencies]).root == model.root)
    var values = embedding.values
    values[7] += 1
    #expect(throws: ModelError.untiedHead) { try folder([Tensor(name: "lm_head.weight", shape: embedding.shape, values: values)]) }
    #expect(throws: ModelError.untiedHead) { try folder([Tensor(name: "lm_head.weight", shape: [1], values: [0])]) }
  }

  // MARK: Shards

  /// A model in two files: even tensors in the first.
  private static func sharded(_ model: ModelFolder, change: (inout [String: JSONValue]) -> Void = { _ in }) -> [String: Data] {
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    var map = Dictionary(uniqueKeysWithValues: model.tensors.enumerated().map { ($1.name, JSONValue.string(names[$0 % 2])) })
    change(&map)
    var files: [String: Data] = ["config.json": model.configuration.file]
    for (number, name) in names.enumerated() {
      files[name] = TensorFile.write(model.tensors.enumerated().filter { $0.offset % 2 == number }.map(\.element))
    }
    files["model.safetensors.index.json"] = JSONValue.object(["metadata": ["total_size": 1], "weight_map": .object(map)]).canonical
    return files
  }

  @Test("a model in shards is the model in one file")
  func shards() throws {
    let model = try ModelFolder.fresh(Self.configuration, seed: 3)
    #expect(try ModelFolder(files: Self.sharded(model)).root == model.root)
  }

  @Test("an index that names a missing shard, a path outside the folder, or says otherwise than the shards, is refused")
  func badIndexes() throws {
    let model = try ModelFolder.fresh(Self.configuration, seed: 3)
    let (first, second) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    let norm = "model.norm.weight"
    let home = try #require(model.tensors.firstIndex { $0.name == norm }) % 2 == 0 ? first : second
    let away = home == first ? second : first
    var files = Self.sharded(model)
    files[second] = nil
    #expect(throws: ModelError.missingShard(second)) { try ModelFolder(files: files) }
    for path in ["../model.safetensors", "/etc/model.safetensors", "sub/model.safetensors", "..\\model.safetensors", ".safetensors", "", "model.bin"] {
      #expect(throws: ModelError.shardOutsideFolder(path)) { try ModelFolder(files: Self.sharded(model) { $0[norm] = .string(path) }) }
    }
    #expect(throws: ModelError.self) { try ModelFolder(files: Self.sharded(model) { $0[norm] = .string(away) }) }
    #expect(throws: ModelError.unindexedTensor(norm, shard: home)) { try ModelFolder(files: Self.sharded(model) { $0[norm] = nil }) }
    #expect(throws: ModelError.tensorNotInShard("model.more", shard: home)) { try ModelFolder(files: Self.sharded(model) { $0["model.more"] = .string(home) }) }
    #expect(throws: ModelError.self) { try ModelFolder(files: Self.sharded(model) { $0[norm] = 3 }) }
    for text in ["[]", "{", "{}", #"{"weight_map":{}}"#, #"{"weight_map":[]}"#] {
      files = Self.sharded(model)
      files["model.safetensors.index.json"] = Data(text.utf8)
      #expect(throws: ModelError.self) { try ModelFolder(files: files) }
    }
    files = Self.sharded(model)
    files[first] = files[first]?.dropLast(3)
    let error = #expect(throws: ModelError.self) { try ModelFolder(files: files) }
    #expect(error?.message.hasPrefix(first) == true)
    #expect([ModelError.missingShard(first), .shardOutsideFolder("../x"), .unindexedTensor(norm, shard: first)].allSatisfy { $0.hint != nil })
  }

  @Test("a fresh adapter has PEFT's names, shapes and start")
  func freshAdapter() throws {
    let adapter = try AdapterFolder.fresh(AdapterConfiguration(rank: 3, alpha: 6, targets: [.query, .down]), on: Self.configuration, seed: 1)
    try adapter.check(against: Self.configuration)
    #expect(adapter.tensors.count == 8)
    let a = try #require(adapter.tensors.first { $0.name == "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" })
    let b = try #require(adapter.tensors.first { $0.name == "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight" })
    #expect(a.shape == [3, 8])
    #expect(b.shape == [8, 3])
    #expect(b.values.allSatisfy { $0.bitPattern == 0 })
    let bound = Float(1 / 8.0.squareRoot())
    #expect(a.values.allSatisfy { -bound <= $0 && $0 < bound } && Set(a.values).count > 20)
  }

  @Test("an adapter survives its files")
  func adapterRoundTrip() throws {
    let configuration = AdapterConfiguration(rank: 2, alpha: 4, targets: [.gate, .query], baseName: "models/ember")
    let adapter = try AdapterFolder.fresh(configuration, on: Self.configuration, seed: 9)
    let again = try AdapterFolder(files: adapter.files)
    #expect(again.configuration == configuration)
    #expect(again.files == adapter.files)
    #expect(configuration.json["target_modules"] == ["gate_proj", "q_proj"])
    #expect(configuration.json["lora_alpha"] == 4)
    #expect(configuration.json["inference_mode"] == true)
  }

  static let refused: [(field: String, value: JSONValue)] = [
    ("peft_type", "IA3"), ("bias", "all"), ("use_dora", true), ("fan_in_fan_out", true), ("rank_pattern", ["q_proj": 4]),
    ("alpha_pattern", ["q_proj": 4]), ("modules_to_save", ["lm_head"]), ("layers_to_transform", [1]), ("target_modules", ".*proj"),
    ("target_modules", ["c_attn"]), ("target_modules", []), ("r", 0), ("lora_alpha", 0), ("task_type", "SEQ_CLS"),
    ("init_lora_weights", "pissa"), ("init_lora_weights", "pissa_niter_16"), ("init_lora_weights", "olora"), ("init_lora_weights", "corda"),
    ("init_lora_weights", "loftq"), ("init_lora_weights", "unheard_of"), ("init_lora_weights", 1),
  ]

  @Test("another kind of adapter is refused by the field that makes it so", arguments: refused)
  func adapterRefusals(field: String, value: JSONValue) throws {
    var members = try #require(AdapterConfiguration(rank: 2, alpha: 4, targets: [.query]).json.object)
    members[field] = value
    let error = #expect(throws: ModelError.self) { try AdapterConfiguration(parsing: JSONValue.object(members).canonical) }
    #expect(error?.message.contains(field) == true)
  }

  @Test("a start that leaves the base as it is makes a plain adapter; of one that changes it the way out is said", arguments: [true, false, "gaussian", "eva", "orthogonal", nil] as [JSONValue])
  func starts(start: JSONValue) throws {
    let plain = AdapterConfiguration(rank: 2, alpha: 4, targets: [.query])
    var members = try #require(plain.json.object)
    members["init_lora_weights"] = start
    #expect(try AdapterConfiguration(parsing: JSONValue.object(members).canonical) == plain)
    members["init_lora_weights"] = "pissa"
    let error = #expect(throws: ModelError.self) { try AdapterConfiguration(parsing: JSONValue.object(members).canonical) }
    #expect(error?.hint?.contains("path_initial_model_for_weight_conversion") == true)
  }

  @Test("an adapter of another base does not fit")
  func mismatch() throws {
    let adapter = try AdapterFolder.fresh(AdapterConfiguration(rank: 2, alpha: 4, targets: [.query]), on: Self.configuration, seed: 9)
    let deeper = ModelConfiguration(
      vocabularySize: 11, hiddenSize: 8, intermediateSize: 12, layerCount: 3, headCount: 2, keyValueHeadCount: 1, maximumPositionCount: 16)
    let wider = ModelConfiguration(
      vocabularySize: 11, hiddenSize: 16, intermediateSize: 12, layerCount: 2, headCount: 2, keyValueHeadCount: 1, maximumPositionCount: 16)
    #expect(throws: ModelError.self) { try adapter.check(against: deeper) }
    #expect(throws: ModelError.self) { try adapter.check(against: wider) }
  }
}
