package import Artifacts
internal import CKernels
internal import Foundation
internal import Hashing

/// Trains small models every way this machine can, and asks whether all ways give the same bytes: the promise of the engine, checked
/// where it runs.
package enum SelfCheck {
  /// What is trained. Each has a digest of its own, so that a new kind of model changes none of the others.
  package enum Subject: String, CaseIterable, Hashable, Sendable {
    /// A Llama without biases.
    case plain
    /// Biases on every map, and Llama 3's positions.
    case biased
    /// Qwen3's norms of heads, and an adapter that is rank-stabilised and drops inputs.
    case headNorms = "head-norms"

    /// What every machine gives with these semantics. A change of it is a change of `EngineSemantics`.
    package var releaseDigest: String {
      switch self {
      case .plain: "675e5c8e9dba32d068236946b06ad538f0c13450ff10558ad98abcbe93b17077"
      case .biased: "db6ea9e8d946196b37286e826888e8b61850c5f563dc857f7856e342b0642270"
      case .headNorms: "9d898ceafd49db063e61b7fdaea15902ff5a726d75020cdf8a7b4254919e3853"
      }
    }
  }

  /// One way of computing the same thing.
  package struct Variation: Hashable, Sendable, CustomStringConvertible {
    package let path: VectorPath
    package let threads: Int
    package let microBatchTokens: Int
    /// The base's matrices are read where they lie, as those of large models are, and not from copies laid out for the products.
    package let sharesWeights: Bool
    package let activations: Activations
    /// Stopped after a step and the first micro-batch of the next, and gone on with from a checkpoint by another trainer.
    package let isInterrupted: Bool
    /// Workers linger by chance.
    package let isDelayed: Bool

    package init(
      path: VectorPath, threads: Int, microBatchTokens: Int, sharesWeights: Bool = false, activations: Activations = .kept, isInterrupted: Bool = false,
      isDelayed: Bool = false
    ) {
      self.path = path
      self.threads = threads
      self.microBatchTokens = microBatchTokens
      self.sharesWeights = sharesWeights
      self.activations = activations
      self.isInterrupted = isInterrupted
      self.isDelayed = isDelayed
    }

    package var description: String {
      let plain = "\(path) path, \(threads) threads, micro-batches of \(microBatchTokens) tokens"
      let special = [
        (sharesWeights, "weights where they lie"), (activations == .recomputed, "layers computed again"), (isInterrupted, "interrupted"),
        (isDelayed, "workers delayed"),
      ]
      return ([plain] + special.filter(\.0).map(\.1)).joined(separator: ", ")
    }
  }

  package struct Result: Sendable {
    /// What the plainest way gave.
    package let digests: [Subject: Digest]
    package let variations: [Variation]
    package let disagreeing: [Variation]
    /// Operators that do not give their known answer.
    package let operators: [KnownAnswers.Difference]

    /// The subjects whose digest is not the one that this release is known by.
    package var changed: [Subject] { Subject.allCases.filter { digests[$0]?.hex != $0.releaseDigest } }
    package var isSound: Bool { disagreeing.isEmpty && operators.isEmpty && digests.allSatisfy { $1.hex == $0.releaseDigest } }
  }

  /// Every vector path that this CPU has, one to seven threads, micro-batches from one example to all of them; each path with shared weights,
  /// with layers computed again, interrupted in the middle of a step, with workers that linger, and with all of it at once.
  package static var variations: [Variation] {
    VectorPath.available.flatMap { path in
      [1, 2, 3, 7].flatMap { threads in [1, 24, 4096].map { Variation(path: path, threads: threads, microBatchTokens: $0) } }
        + [1, 24, 4096].map { Variation(path: path, threads: 2, microBatchTokens: $0, activations: .recomputed) }
        + [
          Variation(path: path, threads: 2, microBatchTokens: 24, sharesWeights: true),
          Variation(path: path, threads: 2, microBatchTokens: 24, isInterrupted: true),
          Variation(path: path, threads: 3, microBatchTokens: 24, isDelayed: true),
          Variation(path: path, threads: 7, microBatchTokens: 1, sharesWeights: true, activations: .recomputed, isInterrupted: true, isDelayed: true),
        ]
    }
  }

  package static func run() throws -> Result {
    let reference = try digests(Variation(path: .generic, threads: 1, microBatchTokens: 24))
    let variations = variations
    return Result(
      digests: reference, variations: variations, disagreeing: try variations.filter { try digests($0) != reference },
      operators: try KnownAnswers.differences())
  }

  private static func digests(_ variation: Variation) throws -> [Subject: Digest] {
    try Dictionary(uniqueKeysWithValues: Subject.allCases.map { ($0, try digest(variation, of: $0)) })
  }

  /// One digest over a trained adapter, a trained model, their traces, a score and generated tokens. With a fault, another one.
  package static func digest(_ variation: Variation, of subject: Subject, fault: Fault? = nil) throws -> Digest {
    try variation.path.whileForced {
      let base = try SmallModel.base(subject)
      let adapter = try train(base, SmallModel.adapter(subject), variation, fault)
      let model = try train(base, .full, variation, fault)
      let evaluator = try Evaluator(base: base, adapter: adapter.adapter(), threads: variation.threads, microBatchTokens: variation.microBatchTokens)
      let score = try evaluator.score(SmallModel.examples, maximumTokens: SmallModel.maximumTokens)
      let generator = try Generator(base: base, adapter: adapter.adapter(), threads: variation.threads)
      let tokens = try generator.generate(
        after: SmallModel.examples[0].tokens, limit: 8, endTokens: [], sampling: Sampling(temperature: 0.8, topP: 0.9, seed: 7))
      return Digest(
        hashing: [
          "adapter": .digest(weights(adapter)), "adapterTrace": .digest(adapter.trace.root), "model": .digest(weights(model)),
          "modelTrace": .digest(model.trace.root), "score": .array(score.records.map { .integer($0.scaledLoss) }),
          "tokens": .array(tokens.map { .integer(Int64($0)) }),
        ])
    }
  }

  private static func train(_ base: ModelFolder, _ method: TrainingParameters.Method, _ variation: Variation, _ fault: Fault?) throws -> Trainer {
    let trainer = try trainer(base, method, variation, fault)
    guard variation.isInterrupted else {
      try trainer.run()
      return trainer
    }
    _ = try trainer.step()
    trainer.beginStep()
    let other = try self.trainer(base, method, variation, fault)
    // What somebody began who was stopped, and what is left of an earlier step in the one that goes on, must not be seen.
    other.beginStep()
    try other.restore(trainer.checkpoint())
    try other.run()
    return other
  }

  private static func trainer(_ base: ModelFolder, _ method: TrainingParameters.Method, _ variation: Variation, _ fault: Fault?) throws -> Trainer {
    try Trainer(
      base: base, examples: SmallModel.examples, parameters: SmallModel.parameters(method), start: nil, baseName: nil, threads: variation.threads,
      microBatchTokens: variation.microBatchTokens, activations: variation.activations, order: nil, fault: fault,
      layout: variation.sharesWeights ? .shared : .packed, isDelayed: variation.isDelayed)
  }

  private static func weights(_ trainer: Trainer) -> Digest { Digest(hashing: TensorFile.write(trainer.parameterTensors)) }
}
