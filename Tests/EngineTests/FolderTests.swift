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
  ]

  @Test("another kind of adapter is refused by the field that makes it so", arguments: refused)
  func adapterRefusals(field: String, value: JSONValue) throws {
    var members = try #require(AdapterConfiguration(rank: 2, alpha: 4, targets: [.query]).json.object)
    members[field] = value
    let error = #expect(throws: ModelError.self) { try AdapterConfiguration(parsing: JSONValue.object(members).canonical) }
    #expect(error?.message.contains(field) == true)
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
