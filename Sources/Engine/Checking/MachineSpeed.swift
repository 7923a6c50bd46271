internal import Artifacts
internal import CKernels
internal import Hashing
internal import Synchronization

/// How fast this machine works, for an estimate of hours. Nothing that is built depends on it.
package enum MachineSpeed {
  /// Operations of a product the size of a layer's, each second: the best of a few, a tenth of a second in all.
  package static func operationsPerSecond(threads: Int) -> Double {
    let (rows, columns, inner) = (512, 768, 576)
    let pool = KernelPool(threads: threads)
    let (a, b, c) = (FloatBuffer(count: rows * inner), FloatBuffer(count: columns * inner), FloatBuffer(count: rows * columns))
    var best = Duration.seconds(1)
    for _ in 0..<8 {
      let started = ContinuousClock.now
      pool.multiply(
        rows, columns, inner, .rows(a.start, stride: inner), .transposed(b.start, stride: inner), into: MatrixRows(start: c.start, stride: columns),
        accumulate: false)
      best = min(best, ContinuousClock.now - started)
    }
    return 2 * Double(rows * columns * inner) / (best / .seconds(1))
  }

  /// Of training: what `TrainingEstimate` counts, each second, with all that it does not count (norms, softmax, optimiser) in the time. Found by
  /// training a model of middling size for three steps, a fraction of a second; measured once for each number of threads.
  package static func trainingOperationsPerSecond(threads: Int) throws -> Double {
    if let known = trainingSpeeds.withLock({ $0[threads] }) { return known }
    let speed = try MiddlingModel.operationsPerSecond(threads: threads)
    trainingSpeeds.withLock { $0[threads] = speed }
    return speed
  }

  private static let trainingSpeeds = Mutex<[Int: Double]>([:])
}

/// A model large enough that its steps are mostly products, as those of real jobs are.
private enum MiddlingModel {
  private static let stepCount = 3
  private static let examplesPerStep = 4
  private static let exampleTokens = 128

  static func operationsPerSecond(threads: Int) throws -> Double {
    let configuration = ModelConfiguration(
      vocabularySize: 512, hiddenSize: 256, intermediateSize: 512, layerCount: 2, headCount: 4, keyValueHeadCount: 2, headDimension: 64,
      tiesEmbeddings: true, maximumPositionCount: exampleTokens, initializerRange: 0.02)
    let parameters = TrainingParameters(
      method: .full, length: .steps(stepCount), learningRate: 1e-4, schedule: .constant, warmupFraction: 0, clip: 1,
      examplesPerBatch: examplesPerStep, maximumTokens: exampleTokens, seed: 1)
    let trainer = try Trainer(base: try ModelFolder.fresh(configuration, seed: 1), examples: examples, parameters: parameters, threads: threads)
    let operations = try TrainingEstimate(base: configuration, examples: examples, parameters: parameters).operations / Double(stepCount)
    // The first step touches memory that nobody has touched yet.
    let best = try (0..<stepCount).map { _ in try trainer.step().duration }.dropFirst().min() ?? .zero
    return operations / max(best / .seconds(1), 1e-9)
  }

  private static var examples: [EncodedExample] {
    (0..<examplesPerStep).map { ordinal in
      let tokens = (0..<exampleTokens).map { Int32((ordinal * 37 + $0 * 11 + 3) % 512) }
      let id = RecordID(Digest(hashing: [UInt8(ordinal)]))
      return EncodedExample(recordID: id, tokens: tokens, supervised: tokens.map { _ in true })
    }
  }
}
