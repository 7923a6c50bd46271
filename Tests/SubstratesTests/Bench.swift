import Artifacts
import Engine
import Foundation
import Hashing
import Substrates
import Synchronization

/// A folder for one job, removed with the value, and what the substrate told while it worked there.
final class Bench: Sendable {
  struct Told {
    var progress: [StepProgress] = []
    var notes: [String] = []
    var words: [String] = []
    var state: Data?
    var saves = 0
    var largestPiece = 0
  }

  let folder: URL
  let told = Mutex(Told())

  init() throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "soulpack-substrate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path): \(error)") }
  }

  /// Gives a new job's bench each time: its folder is empty, its kept state the last one's.
  func workbench(
    within limit: Duration? = nil, memoryByteCount: Int64? = nil, onProgress: @escaping @Sendable (StepProgress) -> Void = { _ in }
  ) throws -> Workbench {
    let own = folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
    return Workbench(
      threads: 1, deadline: limit.map { ContinuousClock.now + $0 }, memoryByteCount: memoryByteCount, folder: own,
      state: Workbench.State(
        load: { self.told.withLock { $0.state } },
        save: { writing in
          var (state, largest) = (Data(), 0)
          try writing { piece in
            state += piece
            largest = max(largest, piece.count)
          }
          self.told.withLock { ($0.state, $0.saves, $0.largestPiece) = (state, $0.saves + 1, largest) }
        },
        remove: { self.told.withLock { $0.state = nil } }),
      report: { step in
        self.told.withLock { $0.progress.append(step) }
        onProgress(step)
      },
      note: { note in self.told.withLock { $0.notes.append(note) } })
  }

  /// The command substrate over `trainer.py`, told to do one thing.
  func command(_ what: String, _ arguments: String..., limits: CommandSubstrate.Limits = .init()) -> CommandSubstrate {
    CommandSubstrate(
      command: ["python3", "{input.program}", what] + arguments, programs: ["program": Digest(hashing: Data("trainer".utf8))], limits: limits,
      layOut: { folder in
        let inputs = folder.appending(path: "inputs")
        try FileManager.default.createDirectory(at: inputs, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Bench.program, to: inputs.appending(path: "program"))
      },
      showWords: { words in self.told.withLock { $0.words += words } })
  }

  private static let program = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "trainer.py")
}

/// A job so small that a second trains it many times over.
enum SmallJob {
  static let method = TrainingParameters.Method.lora(rank: 2, alpha: 4, targets: [.query, .down])

  static func job(
    _ method: TrainingParameters.Method = method, epochs: Int = 2, learningRate: Double = 1e-2, scale: Float = 1, texts: [String] = texts,
    validation: ValidationSettings? = nil
  ) throws -> TrainingJob {
    let configuration = ModelConfiguration(
      vocabularySize: 300, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 2, keyValueHeadCount: 1, maximumPositionCount: 64)
    let fresh = try ModelFolder.fresh(configuration, seed: 3)
    let tensors = fresh.tensors.map { Tensor(name: $0.name, shape: $0.shape, values: $0.values.map { $0 * scale }) }
    let base = try ModelFolder(configuration: configuration, tensors: tensors)
    let records = texts.map { DatasetRecord(content: .text($0)) }
    let tokenizer = try TokenizerTrainer(vocabularySize: 300, specialTokens: ChatFormat.specialTokens).train(on: Self.texts)
    let encoder = ExampleEncoder(format: try ChatFormat(tokenizer: tokenizer), contextLength: 32)
    return TrainingJob(
      base: base, baseDigest: Digest(hashing: Data("base".utf8)), textFiles: ["tokenizer.json": Data()], train: try encoder.encode(records),
      validation: try encoder.encode(records.prefix(2)),
      parameters: TrainingParameters(
        method: method, length: .epochs(epochs), learningRate: learningRate, warmupFraction: 0.2, examplesPerBatch: 3, maximumTokens: 32, seed: 7, validation: validation))
  }

  static let texts = (1...8).map { "The tide \($0) came in, and the keeper wrote \($0 * 7) into the book." }
}
