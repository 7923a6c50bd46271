import Artifacts
import Engine
import Foundation
import Testing

@Suite("An adapter taken into its base")
struct MergedModelTests {
  private static let stabilised = TrainingParameters.Method.lora(rank: 3, alpha: 5, targets: [.query, .down, .gate], isRankStabilized: true)

  private static func adapter(_ method: TrainingParameters.Method, on base: ModelFolder) throws -> AdapterFolder {
    var parameters = SmallTraining.parameters(method, length: .epochs(8))
    parameters.learningRate = 3e-2
    let trainer = try Trainer(base: base, examples: SmallTraining.examples, parameters: parameters, threads: 1)
    try trainer.run()
    return try #require(try trainer.adapter())
  }

  private static func files(_ base: ModelFolder, _ adapter: AdapterFolder, threads: Int = 1, limit: Int64 = MergedModel.usualShardByteCount) throws -> [String: Data] {
    var files: [String: Data] = [:]
    try MergedModel(base: base, adapter: adapter, threads: threads).write(shardByteLimit: limit) { files[$0, default: Data()] += $1 }
    return files
  }

  @Test("loses what base and adapter lose", arguments: SmallTraining.Kind.allCases, [SmallTraining.lora, MergedModelTests.stabilised, TrainerTests.dropping])
  func losses(kind: SmallTraining.Kind, method: TrainingParameters.Method) throws {
    let base = try kind.base()
    let adapter = try Self.adapter(method, on: base)
    let whole = try ModelFolder(files: Self.files(base, adapter))
    #expect(whole.configuration == base.configuration)
    let bare = try Evaluator(base: base, threads: 1).score(SmallTraining.examples, maximumTokens: 64).lossNatsPerToken
    let both = try Evaluator(base: base, adapter: adapter, threads: 1).score(SmallTraining.examples, maximumTokens: 64).lossNatsPerToken
    let merged = try Evaluator(base: whole, threads: 1).score(SmallTraining.examples, maximumTokens: 64).lossNatsPerToken
    #expect(abs(merged - both) < 1e-5 && abs(bare - both) > 0.1, "\(bare) \(both) \(merged)")
  }

  /// docs/numerics.md, section 14, "Merging", written once more.
  @Test("each number is what the page says, to the last bit")
  func arithmetic() throws {
    let base = try SmallTraining.base()
    let adapter = try Self.adapter(Self.stabilised, on: base)
    let whole = try ModelFolder(files: Self.files(base, adapter, threads: 3))
    let scale = Float(5 / Double(3).squareRoot())
    var adapted = 0
    for weight in base.tensors {
      let stem = "base_model.model." + weight.name.dropLast(".weight".count)
      let (found, target) = (try #require(whole[weight.name]), adapter.tensors.first { $0.name == stem + ".lora_A.weight" })
      guard let a = target, let b = adapter.tensors.first(where: { $0.name == stem + ".lora_B.weight" }) else {
        #expect(found.values == weight.values)
        continue
      }
      adapted += 1
      let inputs = weight.shape[1]
      for index in weight.values.indices {
        var sum: Float = 0
        for rank in 0..<3 { sum.addProduct(b.values[index / inputs * 3 + rank], a.values[rank * inputs + index % inputs]) }
        let expected = weight.values[index] + sum * scale
        try #require(found.values[index].bitPattern == expected.bitPattern, "\(weight.name) \(index)")
      }
    }
    #expect(adapted == 6)
  }

  @Test("an adapter that has not begun changes no number")
  func fresh() throws {
    let base = try SmallTraining.base(tied: false)
    let adapter = try AdapterFolder.fresh(AdapterConfiguration(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, baseName: nil), on: base.configuration, seed: 3)
    #expect(try ModelFolder(files: Self.files(base, adapter)).root == base.root)
  }

  @Test("threads change no byte, and shards no number; a tensor larger than a shard may be is one of its own")
  func shards() throws {
    let base = try SmallTraining.base(tied: false)
    let adapter = try Self.adapter(SmallTraining.lora, on: base)
    let one = try Self.files(base, adapter)
    #expect(one.keys.sorted() == ["config.json", "model.safetensors"])
    #expect(try Self.files(base, adapter, threads: 3) == one)
    let root = try ModelFolder(files: one).root
    // The embedding has 37·20·4 bytes.
    for limit in [1, 2_000, 2_960, 10_000] as [Int64] {
      let several = try Self.files(base, adapter, limit: limit)
      let shards = several.keys.filter { $0.hasSuffix(".safetensors") }.sorted()
      #expect(shards.count > 1 && several["model.safetensors.index.json"] != nil)
      #expect(shards.first == String(format: "model-00001-of-%05d.safetensors", shards.count))
      #expect(try ModelFolder(files: several).root == root)
      for shard in shards {
        let tensors = try TensorFile.read(try #require(several[shard]))
        #expect(tensors.count == 1 || tensors.reduce(0) { $0 + $1.values.count * 4 } <= Int(limit))
      }
    }
    let all = base.tensors.reduce(0) { $0 + $1.values.count * 4 }
    #expect(try Self.files(base, adapter, limit: Int64(all)) == one)
  }

  @Test("an adapter of another base, or one whose sum is no number, is refused")
  func refused() throws {
    let base = try SmallTraining.base()
    let other = try AdapterFolder.fresh(AdapterConfiguration(rank: 2, alpha: 4, targets: [.query], baseName: nil), on: FolderTests.configuration, seed: 3)
    #expect(throws: ModelError.self) { try Self.files(base, other) }
    let huge = try AdapterFolder(
      configuration: AdapterConfiguration(rank: 2, alpha: 4, targets: [.query], baseName: nil),
      tensors: AdapterFolder.fresh(AdapterConfiguration(rank: 2, alpha: 4, targets: [.query], baseName: nil), on: base.configuration, seed: 3).tensors.map {
        Tensor(name: $0.name, shape: $0.shape, values: $0.values.map { _ in 3e38 })
      })
    let error = #expect(throws: ModelError.self) { try Self.files(base, huge) }
    #expect(error?.message.contains("model.layers.0.self_attn.q_proj.weight") == true, "\(String(describing: error))")
  }
}
