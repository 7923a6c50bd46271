internal import Artifacts
internal import Foundation
internal import Hashing

/// A stored run of PEFT: `base/`, `init.safetensors`, `batch.json`, `losses.json`, `final.safetensors`, and perhaps `grads1.safetensors`,
/// `grads2.safetensors`.
///
/// Hyper-parameters that the engine does not have are refused by name, so that a difference in them cannot pass for a defect.
struct ParityFolder {
  let base: ModelFolder
  let start: AdapterFolder
  let final: [Tensor]
  let gradients: [[Tensor]]
  let examples: [EncodedExample]
  let order: ExampleOrder
  let parameters: TrainingParameters
  let losses: [Double]
  let gradientNorms: [Double]

  init(_ folder: URL) throws {
    let run = try ConfigurationReader(file: "losses.json", bytes: Data(contentsOf: folder.appending(path: "losses.json")))
    guard let hyper = run.members["hyper"]?.object else { throw ModelError.missingField(file: run.file, field: "hyper") }
    let reader = ConfigurationReader(file: run.file, members: hyper)
    base = try ModelFolder(files: Self.files(folder.appending(path: "base")))
    losses = try Self.numbers(run, "losses")
    gradientNorms = try Self.numbers(run, "grad_norms")
    examples = try Self.examples(ConfigurationReader(file: "batch.json", bytes: Data(contentsOf: folder.appending(path: "batch.json"))))
    let tensors = try Self.tensors(folder, "init.safetensors")
    let configuration = AdapterConfiguration(
      rank: try reader.count("r"), alpha: try reader.positiveNumber("lora_alpha"), targets: Self.targets(of: tensors),
      isRankStabilized: try reader.flag("use_rslora", default: false))
    start = try AdapterFolder(configuration: configuration, tensors: tensors)
    final = try TensorShape.check(Self.tensors(folder, "final.safetensors"), against: start.shapes(on: base.configuration))
    gradients = try Self.storedGradients(folder, start.shapes(on: base.configuration))
    let batchSize = try reader.count("batch", default: examples.count)
    order = Self.order(exampleCount: examples.count, batchSize: batchSize, stepCount: losses.count)
    parameters = try Self.parameters(
      reader, configuration, stepCount: losses.count, batchSize: batchSize, maximumTokens: examples.map(\.tokens.count).max() ?? 2)
  }

  private static func parameters(
    _ hyper: ConfigurationReader, _ adapter: AdapterConfiguration, stepCount: Int, batchSize: Int, maximumTokens: Int
  ) throws -> TrainingParameters {
    for (field, neutral) in neutralValues { try hyper.requireNeutral(field, neutral) }
    let name = hyper.members["schedule"]?.string ?? "constant"
    guard let schedule = TrainingParameters.Schedule(rawValue: name) else {
      throw ModelError.unsupported(file: hyper.file, field: "schedule", value: quotedName(name), supported: "\"constant\" and \"cosine\"")
    }
    let betas = hyper.members["betas"]?.array?.compactMap(\.number) ?? []
    guard betas.count == 2 else { throw ModelError.missingField(file: hyper.file, field: "betas") }
    return TrainingParameters(
      method: .lora(
        rank: adapter.rank, alpha: adapter.alpha, targets: Set(adapter.targets), isRankStabilized: adapter.isRankStabilized),
      length: .steps(stepCount),
      learningRate: try hyper.positiveNumber("lr"), schedule: schedule, beta1: betas[0], beta2: betas[1], epsilon: try hyper.positiveNumber("eps"),
      weightDecay: try Self.number(hyper, "weight_decay"), clip: try Self.number(hyper, "grad_clip"), examplesPerBatch: batchSize,
      maximumTokens: maximumTokens)
  }

  private static let neutralValues: [(field: String, neutral: [JSONValue])] = [
    ("optimizer", ["AdamW"]), ("dropout", [0]), ("lora_dropout", [0]), ("dtype", ["float32", "fp32"]), ("warmup", [0]), ("warmup_steps", [0]),
    ("warmup_ratio", [0]), ("amsgrad", [false]), ("label_smoothing", [0]),
  ]

  /// Zero where the field is absent: a run without clipping may not mention it.
  private static func number(_ reader: ConfigurationReader, _ field: String) throws -> Double {
    guard let value = reader.members[field] else { return 0 }
    guard let number = value.number, number >= 0 else { throw ModelError.missingField(file: reader.file, field: field) }
    return number
  }

  private static func numbers(_ reader: ConfigurationReader, _ field: String) throws -> [Double] {
    guard let values = reader.members[field]?.array else { throw ModelError.missingField(file: reader.file, field: field) }
    let numbers = values.compactMap(\.number)
    guard numbers.count == values.count else { throw ModelError.missingField(file: reader.file, field: field) }
    return numbers
  }

  /// Step s of a run over several batches reads batch s modulo their number.
  private static func order(exampleCount: Int, batchSize: Int, stepCount: Int) -> ExampleOrder {
    let batches = stride(from: 0, to: exampleCount, by: batchSize).map { Array($0..<min($0 + batchSize, exampleCount)) }
    return ExampleOrder((0..<stepCount).map { batches[$0 % batches.count] })
  }

  /// The configuration and the weights, in one file or several.
  private static func files(_ folder: URL) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") || $0.hasSuffix(".safetensors") }
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appending(path: $0))) })
  }

  private static func tensors(_ folder: URL, _ name: String) throws -> [Tensor] {
    try readTensors([name: Data(contentsOf: folder.appending(path: name))], name)
  }

  private static func storedGradients(_ folder: URL, _ shapes: [TensorShape]) throws -> [[Tensor]] {
    var steps: [[Tensor]] = []
    while FileManager.default.fileExists(atPath: folder.appending(path: "grads\(steps.count + 1).safetensors").path) {
      steps.append(try TensorShape.check(tensors(folder, "grads\(steps.count + 1).safetensors"), against: shapes))
    }
    return steps
  }

  private static func targets(of tensors: [Tensor]) -> Set<Projection> {
    Set(tensors.compactMap { tensor in Projection.allCases.first { tensor.name.contains(".\($0.rawValue).lora_") } })
  }
}

// MARK: - The batch

extension ParityFolder {
  /// `labels` are the token ids where they are learnt and −100 elsewhere; without them everything is learnt. The shift by one is the reader's.
  private static func examples(_ reader: ConfigurationReader) throws -> [EncodedExample] {
    let tokens = try matrix(reader, "input_ids")
    guard !tokens.isEmpty else { throw ModelError.impossibleValue(file: reader.file, field: "input_ids", value: "a batch of no example") }
    let labels = reader.has("labels") ? try matrix(reader, "labels") : tokens
    guard labels.map(\.count) == tokens.map(\.count) else { throw ModelError.contradiction(file: reader.file, field: "labels", other: "input_ids") }
    return try zip(tokens, labels).enumerated().map { index, row in
      guard zip(row.0, row.1).allSatisfy({ $1 == -100 || $1 == $0 }) else {
        throw ModelError.contradiction(file: reader.file, field: "labels", other: "input_ids")
      }
      return EncodedExample(recordID: RecordID(Digest(hashing: Data("row \(index)".utf8))), tokens: row.0, supervised: row.1.map { $0 != -100 })
    }
  }

  private static func matrix(_ reader: ConfigurationReader, _ field: String) throws -> [[Int32]] {
    guard let rows = reader.members[field]?.array else { throw ModelError.missingField(file: reader.file, field: field) }
    return try rows.map { row in
      let values = row.array?.compactMap { $0.integer.flatMap { Int32(exactly: $0) } } ?? []
      guard values.count == row.array?.count else { throw ModelError.missingField(file: reader.file, field: field) }
      return values
    }
  }
}
