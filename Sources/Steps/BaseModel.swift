internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
internal import Planning
internal import Running
internal import Store
internal import Substrates

/// A model with the text format it reads: what training starts from and what scores are taken on.
struct BaseModel {
  let model: ModelFolder
  let format: ChatFormat
  /// The tokenizer's files, which go wherever the whole model goes.
  let textFiles: [String: Data]

  private static let tokenizerPath = "tokenizer.json"
  private static let tokenizerConfigPath = "tokenizer_config.json"
  private static let templatePath = "chat_template.jinja"

  /// Reads a model folder in Hugging Face's format, from an input that is one. Refuses, before it reads the weights, one that the memory cannot hold.
  init(_ context: StepContext, _ input: String) throws {
    self = try UnusableBase.explaining(context, input) {
      try Memory.require(byteCount: try BaseOutline(context, input).readingByteCount, for: .reading)
      return try BaseModel(files: try context.files(input))
    }
  }

  init(files: [String: Data]) throws {
    model = try ModelFolder(files: files)
    format = try BaseModel.format(files)
    try format.tokenizer.requireRows(model.configuration.vocabularySize)
    textFiles = files.filter { BaseModel.textPaths.contains($0.key) }
  }

  private static let textPaths = [tokenizerPath, tokenizerConfigPath, templatePath]

  /// The format alone, of an input that is a model folder: its weights are not read.
  static func format(_ context: StepContext, _ input: String) throws -> ChatFormat {
    try UnusableBase.explaining(context, input) { try format(of: try context.snapshot(input), in: context.store.objects) }
  }

  static func format(of folder: Snapshot, in objects: ObjectStore<some StoreAccess>) throws -> ChatFormat {
    let entries = folder.entries.filter { textPaths.contains($0.path) }
    return try format(Dictionary(uniqueKeysWithValues: zip(entries.map(\.path), try objects.get(entries.map(\.digest)))))
  }

  private static func format(_ files: [String: Data]) throws -> ChatFormat {
    guard let tokenizer = files[tokenizerPath] else { throw ModelError.missingFile(tokenizerPath) }
    return try ChatFormat(
      tokenizer: try TokenizerFile.read(tokenizer), tokenizerConfig: files[tokenizerConfigPath], templateFile: files[templatePath])
  }

  /// A new model of the given shape around a tokenizer that was trained for it.
  init(new shape: TrainingSettings.NewModel, tokenizer file: Data, seed: UInt64) throws {
    format = try ChatFormat(tokenizer: try TokenizerFile.read(file))
    let configuration = shape.configuration(format)
    // Value, gradient and two moments of each number, and the folder itself.
    try Memory.require(byteCount: configuration.parameterCount * 5 * MemoryLayout<Float>.size)
    model = try ModelFolder.fresh(configuration, seed: seed)
    textFiles = [
      BaseModel.tokenizerPath: file, BaseModel.templatePath: ChatFormat.templateFile,
      BaseModel.tokenizerConfigPath: Data(ChatFormat.tokenizerConfig(contextLength: shape.context).pretty.utf8),
    ]
  }

  /// The examples of a dataset that is an input of the action; of its first records, where there is a limit.
  func encode(_ context: StepContext, _ input: String, contextLength: Int, recordLimit: Int? = nil) throws -> EncodedDataset {
    try format.encode(context, input, contextLength: contextLength, recordLimit: recordLimit)
  }
}

extension ChatFormat {
  /// The same for who has no weights.
  func encode(_ context: StepContext, _ input: String, contextLength: Int, recordLimit: Int? = nil) throws -> EncodedDataset {
    let records = try context.dataset(input).records()
    if let untrainable = UntrainableRecords(records) { throw untrainable }
    return try ExampleEncoder(format: self, contextLength: contextLength).encode(Array(records.prefix(recordLimit ?? records.count)))
  }
}

/// What is wrong with a base that the recipe names by its path: the engine knows the file, the person also needs the folder.
struct UnusableBase: ExplainedError {
  let path: String
  let cause: any ExplainedError

  var message: String { "base \"\(path)\": \(cause.message)" }
  var hint: String? { cause.hint }

  /// Names the base, where the recipe has a path for this input.
  static func explaining<Value>(_ context: StepContext, _ input: String, _ read: () throws -> Value) throws -> Value {
    do {
      return try read()
    } catch let error as any ExplainedError {
      guard let reference = context.action.inputs[input], case .source(let source) = reference else { throw error }
      throw UnusableBase(path: source.path, cause: error)
    }
  }
}

/// A dataset holds records that no method of this version learns from. To leave them out in silence would train on less than was curated.
struct UntrainableRecords: ExplainedError {
  /// How many there are of each kind.
  let counts: [String: Int]

  /// Nil where all can be trained on.
  init?(_ records: [DatasetRecord]) {
    var counts: [String: Int] = [:]
    for record in records {
      switch record.content {
      case .messages, .text: continue
      case .toolUse, .preference, .judged: counts[record.content.kind, default: 0] += 1
      }
    }
    guard !counts.isEmpty else { return nil }
    self.counts = counts
  }

  var message: String {
    let list = counts.sorted { $0.key < $1.key }.map { "\($0.value) of kind \"\($0.key)\"" }
    return "the dataset holds \(list.joined(separator: ", ")): \"sft\" and \"full\" learn from conversations and texts alone"
  }

  var hint: String? { "leave their files out with \"files\", or read them as another dialect with \"format\" (docs/curation.md, \"Dialects\")" }
}
