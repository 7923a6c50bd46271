package import Artifacts
package import Engine
package import Foundation
internal import Judging
internal import Substrates

/// The loss of a Soul, and of what it stands on, over records that somebody brings: the engine's own evaluator, outside of any build.
package struct SoulMeasurement: Sendable {
  /// The files of a Soul's component, by path.
  package enum Subject: Sendable {
    case adapter([String: Data], base: [String: Data])
    case model([String: Data])
  }

  /// What the Soul is held against.
  package enum Reference: String, Sendable {
    case base
    /// A whole model stands on nothing: every token of the vocabulary alike.
    case blindGuess = "blind-guess"
  }

  package let reference: Reference
  /// Σ round(nats × 2²⁰) over the supervised tokens.
  package let referenceScaledLoss: Int64
  package let soulScaledLoss: Int64
  package let counts: EncodedDataset.Counts
  /// The most tokens of an example.
  package let contextLength: Int

  package var referenceNatsPerToken: Double { natsPerToken(referenceScaledLoss) }
  package var soulNatsPerToken: Double { natsPerToken(soulScaledLoss) }
  private func natsPerToken(_ scaledLoss: Int64) -> Double { Double(scaledLoss) / RecordScore.unitsPerNat / Double(counts.supervisedTokens) }

  /// Measures. `contextLength` nil, or not one that an example can have: the longest that the model has positions for. Throws `NothingToPredict` where no
  /// record has a token that is learnt from; `CancellationError` where the task is cancelled.
  package init(
    of subject: consuming Subject, on records: [DatasetRecord], contextLength: Int?, threads: Int, report: (StepProgress) -> Void = { _ in }
  ) throws {
    let (base, adapter) = try subject.read()
    let longest = base.model.configuration.maximumPositionCount
    let context = contextLength.flatMap { $0 >= 2 && $0 <= longest ? $0 : nil } ?? max(2, longest)
    let dataset = try ExampleEncoder(format: base.format, contextLength: context).encode(records)
    guard dataset.counts.supervisedTokens > 0 else { throw NothingToPredict(records: dataset.counts.records, contextLength: context) }
    self.contextLength = context
    counts = dataset.counts
    let count = Int64(dataset.examples.count)
    func measure(_ adapter: AdapterFolder?, after: Int64, of total: Int64) throws -> Int64 {
      let evaluator = try Evaluator.fitting(dataset.examples, contextLength: context, base: base.model, adapter: adapter, threads: threads)
      return try Self.uninterrupted {
        try evaluator.score(
          dataset.examples, maximumTokens: context, isCancelled: { Task.isCancelled },
          report: { report(StepProgress(done: after + Int64($0), total: total, unit: "examples")) }
        ).scaledLoss
      }
    }
    if let adapter {
      (reference, referenceScaledLoss) = (.base, try measure(nil, after: 0, of: 2 * count))
      soulScaledLoss = try measure(adapter, after: count, of: 2 * count)
    } else {
      let guess = BlindGuess(vocabulary: Int64(base.model.configuration.vocabularySize)).total(tokens: Int64(counts.supervisedTokens))
      (reference, referenceScaledLoss) = (.blindGuess, guess)
      soulScaledLoss = try measure(nil, after: 0, of: count)
    }
  }

  /// The engine's word for a cancelled task, as everybody else's.
  private static func uninterrupted<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch TrainingError.cancelled { throw CancellationError() }
  }
}

extension SoulMeasurement.Subject {
  /// The model, and what stands on it. The files go with the subject: whoever keeps it has them in memory twice.
  consuming func read() throws -> (BaseModel, AdapterFolder?) {
    switch self {
    case .model(let files):
      try Memory.require(byteCount: try BaseOutline(files: files).readingByteCount, for: .reading)
      return (try BaseModel(files: files), nil)
    case .adapter(let files, let baseFiles):
      try Memory.require(byteCount: try BaseOutline(files: baseFiles).readingByteCount, for: .reading)
      let base = try BaseModel(files: baseFiles)
      let adapter = try AdapterFolder(files: files)
      try adapter.check(against: base.model.configuration)
      return (base, adapter)
    }
  }
}

/// Records that a loss cannot be measured on.
package struct NothingToPredict: ExplainedError {
  let records: Int
  let contextLength: Int

  package var message: String {
    "none of \(records) \(records == 1 ? "record" : "records") has a token to be predicted within the Soul's context of \(contextLength) tokens"
  }

  package var hint: String? { "in a conversation only what the assistant says is predicted, and only what comes before the context's end" }
}
