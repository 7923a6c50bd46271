/// What a run will take, before it starts: exact in steps and tokens, near in operations and memory.
package struct TrainingEstimate: Hashable, Sendable {
  package let stepCount: Int
  /// Rows that are learned from, over all steps.
  package let tokenCount: Int
  /// Additions and multiplications of the products and of attention, which are nearly all of the work; of the validations too, all that the plan has.
  package let operations: Double
  /// Weights as products read them, trained numbers with gradients and moments, and the larger of what the layers and the head keep of the largest
  /// micro-batch and what the trained numbers take on their way into files.
  package let peakByteCount: Int
  /// What it is an estimate for.
  package let economy: TrainingEconomy

  /// Of the fastest way that takes no more than `byteCount`; where none does, of the way that takes the least.
  package static func fitting(
    _ byteCount: Int, base: ModelConfiguration, baseByteCount: Int? = nil, examples: [EncodedExample], validation: [EncodedExample] = [],
    parameters: TrainingParameters
  ) throws(TrainingError) -> TrainingEstimate {
    var least = try TrainingEstimate(base: base, baseByteCount: baseByteCount, examples: examples, validation: validation, parameters: parameters)
    for economy in TrainingEconomy.all.dropFirst() where least.peakByteCount > byteCount {
      let next = try TrainingEstimate(
        base: base, baseByteCount: baseByteCount, examples: examples, validation: validation, parameters: parameters,
        microBatchTokens: economy.microBatchTokens, activations: economy.activations)
      if next.peakByteCount < least.peakByteCount { least = next }
    }
    return least
  }

  /// `baseByteCount`: `ModelFolder.byteCount`; nil where its numbers are float32.
  package init(
    base: ModelConfiguration, baseByteCount: Int? = nil, examples: [EncodedExample], validation: [EncodedExample] = [], parameters: TrainingParameters,
    microBatchTokens: Int = 4096, activations: Activations = .kept
  ) throws(TrainingError) {
    if let name = parameters.impossibleValue { throw .impossibleParameter(name) }
    let set = try TrainingSet(examples, maximumTokens: parameters.maximumTokens, base: base)
    let order = try ExampleOrder(of: set, parameters: parameters)
    let steps = order.steps.map { $0.examples.map { set.examples[$0] } }
    let cost = ModelCost(base, baseByteCount, parameters.method, activations)
    let interval = parameters.validationInterval(stepCount: order.plannedStepCount, exampleCount: set.learnable.count)
    let validated = interval == nil ? [] : try TrainingSet(validation, maximumTokens: parameters.maximumTokens, base: base).examples
    let validationCount = interval.map { order.ends(ofEvery: $0).count } ?? 0
    economy = TrainingEconomy(activations: activations, microBatchTokens: microBatchTokens)
    stepCount = steps.count
    tokenCount = steps.joined().reduce(0) { $0 + $1.rowCount }
    operations =
      steps.joined().reduce(0) { $0 + cost.operations(of: $1) } + Double(validationCount) * validated.reduce(0) { $0 + cost.forwardOperations(of: $1) }
    let largest = MicroBatches.largest(steps + [validated], tokenBound: microBatchTokens)
    let kept = parameters.validation?.stopping == nil ? 0 : 4 * cost.trainedCount
    peakByteCount = cost.fixedByteCount + kept + max(cost.byteCount(rows: largest.rows, supervised: largest.supervised), cost.filesByteCount)
  }

  /// At a machine's measured speed.
  package func duration(operationsPerSecond: Double) -> Duration { .seconds(operations / operationsPerSecond) }

  /// At the speed that this machine trains with now, which takes a fraction of a second to find out, once.
  package func duration(threads: Int) throws -> Duration {
    duration(operationsPerSecond: try MachineSpeed.trainingOperationsPerSecond(threads: threads))
  }
}

/// The sizes of a model that its cost follows from.
private struct ModelCost {
  private let base: ModelConfiguration
  private let isFull: Bool
  private let activations: Activations
  /// Of all layers' linear maps.
  private let linearWeightCount: Int
  private let headWeightCount: Int
  /// Numbers that are trained.
  let trainedCount: Int
  /// All but what grows with a micro-batch.
  let fixedByteCount: Int
  private let layout: RowLayout

  init(_ base: ModelConfiguration, _ baseByteCount: Int?, _ method: TrainingParameters.Method, _ activations: Activations) {
    self.base = base
    self.activations = activations
    linearWeightCount = base.linearWeightCount
    headWeightCount = base.headWeightCount
    let all = TensorShape.model(base).reduce(0) { $0 + $1.count }
    var widths = AdapterWidths(nil)
    let stored: Int
    switch method {
    case .full:
      isFull = true
      trainedCount = all
      stored = 4 * all + (base.tiesEmbeddings ? headWeightCount : 0)  // Value, gradient, two moments; the tied head's own gradient.
    case .lora(let adapter):
      isFull = false
      widths = AdapterWidths(rank: adapter.rank, targets: adapter.targets, drops: adapter.dropout > 0)
      trainedCount = TensorShape.adapter(base, rank: adapter.rank, targets: adapter.targets).reduce(0) { $0 + $1.count }
      let copies = FrozenLayout(training: base) == .packed ? 2 * (linearWeightCount + headWeightCount) : 0
      stored = copies + 4 * trainedCount
    }
    fixedByteCount = (baseByteCount ?? 4 * all) + 4 * stored  // The folder that was read is counted once.
    layout = PassLayout(base, widths, activations).layout
  }

  /// As tensors, and as the bytes of a file.
  var filesByteCount: Int { 2 * 4 * trainedCount }

  /// What the arenas of layers and head take.
  func byteCount(rows: Int, supervised: Int) -> Int {
    RowArena.byteCount(layout, tokens: rows) + LanguageHead.byteCount(base, supervisedRows: supervised)
  }

  /// Two operations for each weight and token forward, two for dX, two for dW where it is trained; attention over half of the square. What is
  /// recomputed is all layers' forward pass but the last one's.
  func operations(of example: EncodedExample) -> Double {
    let passes = isFull ? 6.0 : 4.0
    let rows = Double(example.rowCount)
    let linear = rows * Double(linearWeightCount)
    let head = Double(example.supervisedTokenCount) * Double(headWeightCount)
    let attentionForward = 2 * rows * rows * Double(base.headCount * base.headDimension * base.layerCount)
    let again = activations == .recomputed ? Double(base.layerCount - 1) / Double(base.layerCount) : 0
    return passes * (linear + head) + 3.5 * attentionForward + again * (2 * linear + attentionForward)
  }

  /// Two for each weight and token; attention over half of the square.
  func forwardOperations(of example: EncodedExample) -> Double {
    let rows = Double(example.rowCount)
    let products = rows * Double(linearWeightCount) + Double(example.supervisedTokenCount) * Double(headWeightCount)
    return 2 * products + 2 * rows * rows * Double(base.headCount * base.headDimension * base.layerCount)
  }
}
