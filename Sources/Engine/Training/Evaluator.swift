package import Artifacts
internal import CKernels
internal import Foundation

/// What one record came to: an integer, so that honest validators agree to the last bit.
package struct RecordScore: Hashable, Sendable {
  /// 2²⁰.
  package static let unitsPerNat = 1_048_576.0

  package let recordID: RecordID
  /// Σ round(nll · 2²⁰) over the record's supervised tokens, nll in nats.
  package let scaledLoss: Int64
  package let tokenCount: Int
}

/// The score of a base, with or without an adapter, on some records.
package struct Score: Hashable, Sendable {
  /// In the order in which they were given.
  package let records: [RecordScore]

  package var scaledLoss: Int64 { records.reduce(0) { $0 + $1.scaledLoss } }
  package var tokenCount: Int { records.reduce(0) { $0 + $1.tokenCount } }
  /// For people: decisions are taken on the integers.
  package var lossNatsPerToken: Double { Double(scaledLoss) / RecordScore.unitsPerNat / Double(tokenCount) }
}

/// Measures losses. It belongs to one thread at a time.
package final class Evaluator {
  private let transformer: Transformer
  private let microBatchTokens: Int

  /// `layout` nil: what suits the base's size, as in training.
  package init(
    base: ModelFolder, adapter: AdapterFolder? = nil, threads: Int, microBatchTokens: Int = 4096, layout: FrozenLayout? = nil
  ) throws(ModelError) {
    transformer = try Transformer(
      base: base, adapter: adapter, purpose: .inference, frozen: FrozenMatrices(layout ?? FrozenLayout(training: base.configuration)),
      pool: KernelPool(threads: threads))
    self.microBatchTokens = microBatchTokens
  }

  /// Of the model that a generator speaks for, with its matrices and its workers: the two take turns.
  package init(sharing generator: Generator, microBatchTokens: Int) {
    transformer = generator.transformer
    self.microBatchTokens = microBatchTokens
  }

  /// Records longer than `maximumTokens` are scored on their beginning. One without a supervised token scores 0 over 0 tokens.
  package func score(
    _ examples: [EncodedExample], maximumTokens: Int, isCancelled: () -> Bool = { false }, report: (_ done: Int) -> Void = { _ in }
  ) throws(TrainingError) -> Score {
    let set = try TrainingSet(examples, maximumTokens: maximumTokens, base: transformer.configuration)
    var records: [RecordScore] = []
    for part in MicroBatches.split(set.examples, tokenBound: microBatchTokens) {
      guard !isCancelled() else { throw .cancelled(step: records.count) }
      records += try transformer.scores(of: part)
      report(records.count)
    }
    return Score(records: records)
  }
}

extension Transformer {
  func scores(of part: [EncodedExample]) throws(TrainingError) -> [RecordScore] {
    let batch = RaggedBatch(part)
    var losses = losses(batch)[...]
    var targets = batch.supervisedTargets[...]
    var scores: [RecordScore] = []
    for example in part {
      let count = example.supervisedTokenCount
      var scaled: Int64 = 0
      guard ck_score_sum(count, Array(losses.prefix(count)), Array(targets.prefix(count)), &scaled) else {
        throw .scoreOverflow(example.recordID)
      }
      losses = losses.dropFirst(count)
      targets = targets.dropFirst(count)
      scores.append(RecordScore(recordID: example.recordID, scaledLoss: scaled, tokenCount: count))
    }
    return scores
  }
}
