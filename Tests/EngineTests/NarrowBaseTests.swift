import Artifacts
import Engine
import Foundation
import Testing

@Suite("A base in bfloat16", .serialized)
struct NarrowBaseTests {
  /// The numbers of `model`, rounded, once as a file of bfloat16 and once as one of float32.
  private static func twice(_ model: ModelFolder) throws -> (narrow: ModelFolder, wide: ModelFolder) {
    let rounded = model.tensors.map { tensor in
      Tensor(name: tensor.name, shape: tensor.shape, values: tensor.values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) })
    }
    let configuration = model.configuration.file
    let wide = try ModelFolder(files: ["config.json": configuration, "model.safetensors": TensorFile.write(rounded)])
    return (try ModelFolder(files: ["config.json": configuration, "model.safetensors": file(of: rounded)]), wide)
  }

  /// A safetensors file of bfloat16, written here and not by the engine, which writes none.
  private static func file(of tensors: [Tensor]) -> Data {
    var offset = 0
    let entries = tensors.map { tensor -> String in
      let begin = offset
      offset += 2 * tensor.count
      return #""\#(tensor.name)":{"dtype":"BF16","shape":\#(tensor.shape),"data_offsets":[\#(begin),\#(offset)]}"#
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header
    for tensor in tensors {
      let patterns = tensor.values.map { UInt16($0.bitPattern >> 16) }
      patterns.withUnsafeBytes { file.append(contentsOf: $0) }
    }
    return file
  }

  @Test("is held in half the memory, and is the same base", arguments: SmallTraining.Kind.allCases)
  func held(kind: SmallTraining.Kind) throws {
    let (narrow, wide) = try Self.twice(kind.base())
    #expect(narrow.root == wide.root && narrow.files == wide.files && 2 * narrow.byteCount == wide.byteCount)
    #expect(narrow.tensors.map(\.values) == wide.tensors.map(\.values))
  }

  @Test("trains, scores and speaks to the same bits", arguments: SmallTraining.Kind.allCases, [SmallTraining.lora, .full, TrainerTests.dropping])
  func same(kind: SmallTraining.Kind, method: TrainingParameters.Method) throws {
    let (narrow, wide) = try Self.twice(kind.base())
    func run(_ base: ModelFolder, _ threads: Int) throws -> Trainer {
      let trainer = try Trainer(base: base, examples: SmallTraining.examples, parameters: SmallTraining.parameters(method), threads: threads)
      try trainer.run()
      return trainer
    }
    let (one, other) = (try run(narrow, 2), try run(wide, 1))
    #expect(try one.trace == other.trace && one.files() == other.files())
    guard let adapter = try one.adapter() else { return }
    func score(_ base: ModelFolder) throws -> Score { try Evaluator(base: base, adapter: adapter, threads: 1).score(SmallTraining.examples, maximumTokens: 64) }
    #expect(try score(narrow) == score(wide))
    func words(_ base: ModelFolder) throws -> [Int32] {
      try Generator(base: base, adapter: adapter, threads: 1).generate(after: [1, 2, 3], limit: 20, endTokens: [])
    }
    #expect(try words(narrow) == words(wide))
  }

  /// From 2²⁵ numbers on the base is not laid out once more, and products widen what they need of it, block by block. Its head has many blocks, its maps
  /// one, or several of which the last is small.
  @Test("and so does one that is too large to be laid out", arguments: [false, true])
  func large(tied: Bool) throws {
    let configuration = ModelConfiguration(
      vocabularySize: 33_000, hiddenSize: tied ? 1008 : 528, intermediateSize: 1_999, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
      tiesEmbeddings: tied, maximumPositionCount: 64)
    let (narrow, wide) = try Self.twice(ModelFolder.fresh(configuration, seed: 9))
    try #require(configuration.parameterCount >= 1 << 25)
    let plain = TrainingParameters.Method.lora(rank: 3, alpha: 6, targets: TrainingParameters.allLinear)
    for (method, activations) in [(plain, Activations.kept), (TrainerTests.dropping, .recomputed)] {
      func run(_ base: ModelFolder, _ threads: Int) throws -> Trainer {
        let trainer = try Trainer(
          base: base, examples: Array(SmallTraining.examples.prefix(3)), parameters: SmallTraining.parameters(method, length: .steps(2)),
          threads: threads, microBatchTokens: threads == 1 ? 4096 : 1, activations: activations)
        try trainer.run()
        return trainer
      }
      let (one, other) = (try run(narrow, 2), try run(wide, 1))
      #expect(try one.trace == other.trace && one.files() == other.files())
    }
  }

  @Test("infinities and NaNs of its own are found; the estimate counts what it takes")
  func limits() throws {
    let base = try SmallTraining.base()
    for pattern in [0x7F80, 0xFF80, 0x7FC1, 0xFF81] as [UInt32] {
      let broken = base.tensors.map { tensor in
        Tensor(name: tensor.name, shape: tensor.shape, values: tensor.values.enumerated().map { $0 == 3 && tensor.name == "model.norm.weight" ? Float(bitPattern: pattern << 16) : $1 })
      }
      let error = #expect(throws: ModelError.self) {
        try ModelFolder(files: ["config.json": base.configuration.file, "model.safetensors": Self.file(of: broken)])
      }
      #expect(error?.message.contains("model.norm.weight") == true, "\(String(describing: error))")
    }
    let (narrow, wide) = try Self.twice(base)
    func peak(_ base: ModelFolder) throws -> Int {
      try TrainingEstimate(
        base: base.configuration, baseByteCount: base.byteCount, examples: SmallTraining.examples, parameters: SmallTraining.parameters()
      ).peakByteCount
    }
    #expect(try peak(wide) - peak(narrow) == narrow.byteCount)
  }
}
