import Artifacts
import Engine
import Foundation
import Hashing

/// One small training, told to the engine through its own API and to the oracle through a file.
struct OracleJob: Sendable {
  let name: String
  var base: ModelFolder
  /// Nil: the oracle is given the base's numbers instead of making them itself.
  var baseSeed: UInt64?
  var examples: [EncodedExample]
  var parameters: TrainingParameters
  var start: AdapterFolder?

  func trainer(threads: Int = 1, microBatchTokens: Int = 4096) throws -> Trainer {
    try Trainer(
      base: base, examples: examples, parameters: parameters, start: start, threads: threads, microBatchTokens: microBatchTokens)
  }

  /// Writes the job beside the numbers that it names, and says where it is. With fewer steps than the parameters say, the initial values
  /// and the schedule can be looked at alone.
  func write(into folder: URL, steps: Int) throws -> URL {
    var text = fields.map { "\($0) \($1)\n" }.joined() + "steps \(steps)\n"
    if baseSeed == nil {
      try numbers(base.tensors).write(to: folder.appending(path: "base"))
      text += "weights \(folder.appending(path: "base").path)\n"
    }
    if let start {
      try numbers(start.tensors).write(to: folder.appending(path: "start"))
      text += "start \(folder.appending(path: "start").path)\n"
    }
    text += "examples \(examples.count)\n"
    for example in examples {
      let pairs = zip(example.tokens, example.supervised).map { " \($0) \($1 ? 1 : 0)" }
      text += "\(example.tokens.count)\(pairs.joined())\n"
    }
    let file = folder.appending(path: "job")
    try Data(text.utf8).write(to: file)
    return file
  }

  /// Swift writes the shortest decimal that reads back as the same number.
  private var fields: [(String, String)] {
    let shape = base.configuration
    var fields = [
      ("vocabulary", "\(shape.vocabularySize)"), ("hidden", "\(shape.hiddenSize)"), ("intermediate", "\(shape.intermediateSize)"),
      ("layers", "\(shape.layerCount)"), ("heads", "\(shape.headCount)"), ("key-heads", "\(shape.keyValueHeadCount)"),
      ("head-dimension", "\(shape.headDimension)"), ("theta", "\(shape.ropeTheta)"), ("norm-epsilon", "\(shape.normEpsilon)"),
      ("range", "\(shape.initializerRange)"), ("tied", shape.tiesEmbeddings ? "1" : "0"), ("base-seed", "\(baseSeed ?? 0)"),
      ("rate", "\(parameters.learningRate)"), ("schedule", parameters.schedule.rawValue), ("warmup", "\(parameters.warmupFraction)"),
      ("beta1", "\(parameters.beta1)"), ("beta2", "\(parameters.beta2)"), ("epsilon", "\(parameters.epsilon)"),
      ("decay", "\(parameters.weightDecay)"), ("clip", "\(parameters.clip)"), ("batch", "\(parameters.examplesPerBatch)"),
      ("longest", "\(parameters.maximumTokens)"), ("seed", "\(parameters.seed)"),
    ]
    if let stretch = shape.ropeStretch {
      fields += [
        ("stretch", "\(stretch.factor)"), ("low", "\(stretch.lowFrequencyFactor)"), ("high", "\(stretch.highFrequencyFactor)"),
        ("original", "\(stretch.originalPositionCount)"),
      ]
    }
    if !shape.biases.isEmpty { fields.append(("biases", list(shape.biases))) }
    if shape.family == .qwen3 { fields.append(("head-norms", "1")) }
    if case .lora(let lora) = parameters.method {
      fields += [
        ("rank", "\(lora.rank)"), ("alpha", "\(lora.alpha)"), ("targets", list(lora.targets)), ("dropout", "\(lora.dropout)"),
        ("rank-stabilized", lora.isRankStabilized ? "1" : "0"),
      ]
    }
    return fields
  }

  private func list(_ projections: Set<Projection>) -> String { "\(projections.count) " + projections.map(\.rawValue).joined(separator: " ") }

  private func numbers(_ tensors: [Tensor]) -> Data {
    Data(tensors.flatMap { $0.values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) } })
  }
}

// MARK: - The jobs

extension OracleJob {
  static func all() throws -> [OracleJob] {
    try [
      adapterEverywhere(), adapterOnSome(), adapterWithOneKeyHead(), adapterContinued(), modelTied(), modelUntied(), modelOfUglyNumbers(),
      modelPastTheLanes(), adapterOnElevenLayers(), modelOfQwen2(), modelOfQwen3(), modelWithBiasesAndStretch(), adapterOnBiases(),
      adapterThatDrops(), adapterThatDropsOnSome(),
    ]
  }

  private static func configuration(
    vocabulary: Int = 37, hidden: Int = 20, intermediate: Int = 27, layers: Int = 2, heads: Int = 4, keyHeads: Int = 2, dimension: Int = 6,
    theta: Double = 10_000, epsilon: Double = 1e-5, tied: Bool = true, positions: Int = 64, range: Double = 0.2
  ) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers, headCount: heads,
      keyValueHeadCount: keyHeads, headDimension: dimension, ropeTheta: theta, normEpsilon: epsilon, tiesEmbeddings: tied,
      maximumPositionCount: positions, initializerRange: range)
  }

  /// Lengths 0 and 1 have nothing to predict; in the last example nothing is supervised.
  private static func examples(_ lengths: [Int], vocabulary: Int) -> [EncodedExample] {
    lengths.enumerated().map { ordinal, length in
      let tokens = (0..<length).map { Int32((ordinal * 29 + $0 * 7 + $0 * $0 * (3 + ordinal) + 1) % vocabulary) }
      let isSupervised = tokens.indices.map { ordinal % 3 == 0 || $0 % 3 != ordinal % 3 }
      return EncodedExample(recordID: SmallTraining.id(ordinal), tokens: tokens, supervised: isSupervised)
    } + [EncodedExample(recordID: SmallTraining.id(-1), tokens: [1, 2, 3], supervised: [true, false, false])]
  }

  private static func fresh(
    _ name: String, _ configuration: ModelConfiguration, seed: UInt64, lengths: [Int], _ parameters: TrainingParameters
  ) throws -> OracleJob {
    try OracleJob(
      name: name, base: .fresh(configuration, seed: seed), baseSeed: seed, examples: examples(lengths, vocabulary: configuration.vocabularySize),
      parameters: parameters)
  }

  /// Clipped at every step; the seeds use their upper words.
  private static func adapterEverywhere() throws -> OracleJob {
    let shape = configuration(vocabulary: 131, hidden: 44, intermediate: 75, heads: 6, keyHeads: 2, dimension: 10, range: 0.08)
    return try fresh(
      "an adapter on all maps", shape, seed: 0xFEDC_BA98_7654_3210, lengths: [5, 23, 2, 17, 40, 1, 9, 31],
      TrainingParameters(
        method: .lora(rank: 3, alpha: 6, targets: TrainingParameters.allLinear), length: .steps(5), learningRate: 1e-2, schedule: .cosine,
        warmupFraction: 0.4, clip: 0.05, examplesPerBatch: 3, maximumTokens: 33, seed: 0x8000_0001_0000_0003))
  }

  /// Of one group some maps, of another none; not clipped, no decay.
  private static func adapterOnSome() throws -> OracleJob {
    try fresh(
      "an adapter on query, value and down", configuration(tied: false), seed: 9, lengths: [4, 19, 7, 30, 0, 11],
      TrainingParameters(
        method: .lora(rank: 1, alpha: 2, targets: [.query, .value, .down]), length: .steps(4), learningRate: 2e-2, schedule: .constant,
        warmupFraction: 0.5, weightDecay: 0, clip: 0, examplesPerBatch: 2, maximumTokens: 64, seed: 1))
  }

  private static func adapterWithOneKeyHead() throws -> OracleJob {
    try fresh(
      "an adapter on key, output and up, one key head", configuration(heads: 3, keyHeads: 1, dimension: 8, theta: 500_000), seed: 10,
      lengths: [12, 3, 25],
      TrainingParameters(
        method: .lora(rank: 5, alpha: 7.5, targets: [.key, .output, .up]), length: .epochs(2), learningRate: 1e-2, weightDecay: 0.3, clip: 1e9,
        examplesPerBatch: 2, maximumTokens: 64, seed: 77))
  }

  private static func adapterContinued() throws -> OracleJob {
    var job = try adapterOnSome()
    let first = try job.trainer()
    try first.run()
    job.start = try first.adapter()
    job.parameters.seed = 4
    return OracleJob(
      name: "an adapter that goes on", base: job.base, baseSeed: job.baseSeed, examples: job.examples, parameters: job.parameters, start: job.start)
  }

  /// Warm-up, two epochs and a part of a third; the embedding is longer than a block of the norm.
  private static func modelTied() throws -> OracleJob {
    let shape = configuration(vocabulary: 211, hidden: 28, intermediate: 43, heads: 4, keyHeads: 2, dimension: 10)
    return try fresh(
      "a whole model, tied", shape, seed: 5, lengths: [4, 19, 7, 2, 30, 11],
      TrainingParameters(
        method: .full, length: .steps(6), learningRate: 5e-3, warmupFraction: 0.35, clip: 1, examplesPerBatch: 3, maximumTokens: 64, seed: 2))
  }

  private static func modelUntied() throws -> OracleJob {
    let shape = configuration(hidden: 18, intermediate: 31, layers: 3, heads: 3, keyHeads: 3, dimension: 4, epsilon: 1e-6, tied: false)
    return try fresh(
      "a whole model, untied, not clipped", shape, seed: 6, lengths: [16, 5, 21],
      TrainingParameters(
        method: .full, length: .steps(3), learningRate: 1e-2, schedule: .constant, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1,
        clip: 0, examplesPerBatch: 8, maximumTokens: 64, seed: 3))
  }

  /// Zeros of both signs, denormal and large weights: softmax saturates, exp and Adam meet their ends.
  private static func modelOfUglyNumbers() throws -> OracleJob {
    let fresh = try ModelFolder.fresh(configuration(range: 1.5), seed: 12)
    let tensors = fresh.tensors.map { tensor in
      let values = tensor.values.enumerated().map { index, value -> Float in
        switch index % 11 {
        case 0: -0.0
        case 1: 0
        case 2: value * 0x1p-140
        case 3: value * 9
        default: value
        }
      }
      return Tensor(name: tensor.name, shape: tensor.shape, values: values)
    }
    return try OracleJob(
      name: "a whole model of ugly numbers", base: ModelFolder(configuration: fresh.configuration, tensors: tensors), baseSeed: nil,
      examples: examples([9, 26, 14], vocabulary: 37),
      parameters: TrainingParameters(
        method: .full, length: .steps(4), learningRate: 0.1, clip: 0.5, examplesPerBatch: 2, maximumTokens: 20, seed: 8))
  }

  /// More keys, more columns and a larger vocabulary than the 64 lanes of a sum.
  private static func modelPastTheLanes() throws -> OracleJob {
    let shape = configuration(vocabulary: 173, hidden: 70, intermediate: 97, layers: 2, heads: 2, keyHeads: 1, dimension: 66, positions: 160, range: 0.1)
    return try fresh(
      "a whole model past the lanes", shape, seed: 13, lengths: [150, 67, 3],
      TrainingParameters(method: .full, length: .steps(3), learningRate: 2e-3, warmupFraction: 1, examplesPerBatch: 2, maximumTokens: 160, seed: 14))
  }

  /// In name order layer 10 stands between 1 and 2: for initial values, and for the tree of the norm.
  private static func adapterOnElevenLayers() throws -> OracleJob {
    try fresh(
      "an adapter on eleven layers", configuration(hidden: 9, intermediate: 11, layers: 11, heads: 2, keyHeads: 1, dimension: 4), seed: 15,
      lengths: [7, 12],
      TrainingParameters(
        method: .lora(rank: 2, alpha: 3, targets: [.query, .down]), length: .steps(3), learningRate: 1e-2, clip: 0.1, examplesPerBatch: 1,
        maximumTokens: 64, seed: 16))
  }

  // MARK: The families

  private static func kind(_ name: String, _ kind: SmallTraining.Kind, lengths: [Int], _ parameters: TrainingParameters) throws -> OracleJob {
    try OracleJob(name: name, base: kind.base(), baseSeed: nil, examples: examples(lengths, vocabulary: 37), parameters: parameters)
  }

  /// From initial values of its own: biases begin at zero, and do not decay.
  private static func modelOfQwen2() throws -> OracleJob {
    try fresh(
      "a whole Qwen2", SmallTraining.Kind.qwen2.configuration, seed: 17, lengths: [4, 19, 7, 30, 11],
      TrainingParameters(method: .full, length: .steps(4), learningRate: 1e-2, weightDecay: 0.2, examplesPerBatch: 2, maximumTokens: 64, seed: 18))
  }

  private static func modelOfQwen3() throws -> OracleJob {
    try kind(
      "a whole Qwen3", .qwen3, lengths: [9, 26, 14, 5],
      TrainingParameters(method: .full, length: .steps(4), learningRate: 1e-2, clip: 0.5, examplesPerBatch: 2, maximumTokens: 64, seed: 19))
  }

  private static func modelWithBiasesAndStretch() throws -> OracleJob {
    let shape = ModelConfiguration(
      vocabularySize: 37, hiddenSize: 20, intermediateSize: 27, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headDimension: 10,
      tiesEmbeddings: false, maximumPositionCount: 64, initializerRange: 0.2, biases: Set(Projection.allCases),
      ropeStretch: RotaryStretch(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 16, originalPositionCount: 256))
    return try fresh(
      "a whole Llama 3 with biases", shape, seed: 20, lengths: [40, 12, 3],
      TrainingParameters(method: .full, length: .steps(3), learningRate: 1e-2, examplesPerBatch: 2, maximumTokens: 64, seed: 21))
  }

  /// The bias comes after the adapter's part of the chain.
  private static func adapterOnBiases() throws -> OracleJob {
    try kind(
      "an adapter on a Llama with biases", .biasedLlama, lengths: [5, 23, 17],
      TrainingParameters(
        method: .lora(rank: 3, alpha: 6, targets: [.query, .value, .output, .up, .down]), length: .steps(4), learningRate: 1e-2, examplesPerBatch: 2,
        maximumTokens: 64, seed: 22))
  }

  /// Epochs enough for an example to come twice, which are to drop different inputs.
  private static func adapterThatDrops() throws -> OracleJob {
    try kind(
      "an adapter on a Qwen3 that drops inputs, rank-stabilised", .qwen3, lengths: [5, 23, 2, 17],
      TrainingParameters(
        method: .lora(rank: 3, alpha: 5, targets: TrainingParameters.allLinear, isRankStabilized: true, dropout: 0.3), length: .steps(6),
        learningRate: 1e-2, clip: 0.5, examplesPerBatch: 2, maximumTokens: 20, seed: 0x1_0000_0017))
  }

  private static func adapterThatDropsOnSome() throws -> OracleJob {
    try kind(
      "an adapter on key and gate that drops inputs", .stretchedLlama, lengths: [8, 13, 21],
      TrainingParameters(
        method: .lora(rank: 2, alpha: 4, targets: [.key, .gate], dropout: 0.75), length: .steps(4), learningRate: 1e-2, examplesPerBatch: 3,
        maximumTokens: 64, seed: 23))
  }
}
