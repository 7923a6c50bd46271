internal import Artifacts
internal import CKernels
package import Foundation

/// Trains an adapter, or a whole model, on encoded examples: the same inputs give the same bytes on any number of threads, with any
/// micro-batch, stopped and resumed or not.
///
/// Make one, call `run`, take `files`. It belongs to one thread at a time; its workers are its own.
package final class Trainer {
  private let configuration: ModelConfiguration
  private let parameters: TrainingParameters
  private let trainingSet: TrainingSet
  private let order: ExampleOrder
  private let adapterConfiguration: AdapterConfiguration?
  private let transformer: Transformer
  private let optimizer: AdamW
  let validation: Validation?
  private let microBatchTokens: Int
  private let pool: KernelPool
  /// Grows by a step at a time.
  package internal(set) var trace: TrainingTrace

  /// - Parameters:
  ///   - validation: examples that the run is measured on and does not learn from, where the parameters ask for it.
  ///   - start: an adapter to go on from, with the rank, alpha and targets of the parameters; nil starts a fresh one from their seed.
  ///   - baseName: what the adapter's configuration calls its base.
  ///   - microBatchTokens: rows computed at once; bounds the memory and changes no byte.
  ///   - activations: what is kept for the backward pass; likewise.
  package convenience init(
    base: ModelFolder, examples: [EncodedExample], validation: [EncodedExample] = [], parameters: TrainingParameters, start: AdapterFolder? = nil,
    baseName: String? = nil, threads: Int, microBatchTokens: Int = 4096, activations: Activations = .kept
  ) throws {
    try self.init(
      base: base, examples: examples, validation: validation, parameters: parameters, start: start, baseName: baseName, threads: threads,
      microBatchTokens: microBatchTokens, activations: activations, order: nil, fault: nil)
  }

  /// `order` stands in for the plan of the parameters: a parity check follows somebody else's. `layout` stands in for what suits the base's size.
  /// `isDelayed` has workers linger by chance, for the self-check.
  init(
    base: ModelFolder, examples: [EncodedExample], validation: [EncodedExample] = [], parameters: TrainingParameters, start: AdapterFolder?,
    baseName: String?, threads: Int, microBatchTokens: Int, activations: Activations = .kept, order: ExampleOrder?, fault: Fault?, layout: FrozenLayout? = nil, isDelayed: Bool = false
  ) throws {
    if let name = parameters.impossibleValue { throw TrainingError.impossibleParameter(name) }
    trainingSet = try TrainingSet(examples, maximumTokens: parameters.maximumTokens, base: base.configuration)
    configuration = base.configuration
    self.parameters = parameters
    self.order = try order ?? ExampleOrder(of: trainingSet, parameters: parameters)
    self.microBatchTokens = microBatchTokens
    pool = KernelPool(threads: threads, fault: fault, isDelayed: isDelayed)
    let adapter = try Self.startingAdapter(parameters, on: base.configuration, start: start, baseName: baseName)
    adapterConfiguration = adapter?.configuration
    transformer = try Transformer(
      base: base, adapter: adapter, purpose: adapter == nil ? .trainingEverything : .trainingAdapter,
      dropout: AdapterDropout(probability: parameters.method.dropout, seed: parameters.seed),
      frozen: FrozenMatrices(layout ?? FrozenLayout(training: base.configuration)), activations: activations, pool: pool)
    optimizer = AdamW(parameters, block: transformer.parameters)
    let validated = parameters.validation == nil ? [] : try TrainingSet(validation, maximumTokens: parameters.maximumTokens, base: base.configuration).examples
    self.validation = try Self.validation(
      of: validated, parameters, self.order, learnable: trainingSet.learnable.count, transformer, microBatchTokens)
    trace = TrainingTrace(
      commitments: TrainingTrace.Commitments(
        semantics: EngineSemantics.version, base: base.root, parameters: parameters.digest, tokens: StateCommitment.tokenRoot(of: trainingSet.examples),
        validation: self.validation?.tokenRoot, plan: self.order.digest, initialState: StateCommitment.root(of: transformer.parameters, optimizer)))
    let largest = MicroBatches.largest(
      self.order.steps.map { $0.examples.map { [trainingSet] in trainingSet.examples[$0] } } + [validated], tokenBound: microBatchTokens)
    transformer.reserve(tokens: largest.rows, positions: largest.positions)
  }

  private static func startingAdapter(
    _ parameters: TrainingParameters, on base: ModelConfiguration, start: AdapterFolder?, baseName: String?
  ) throws -> AdapterFolder? {
    guard case .lora(let settings) = parameters.method else { return nil }
    let configuration = settings.configuration(baseName: baseName)
    guard let start else { return try AdapterFolder.fresh(configuration, on: base, seed: parameters.seed) }
    guard start.configuration.computesLike(configuration) else { throw TrainingError.otherStart }
    return try AdapterFolder(configuration: configuration, tensors: start.tensors)
  }

  private static func validation(
    of examples: [EncodedExample], _ parameters: TrainingParameters, _ order: ExampleOrder, learnable: Int, _ transformer: Transformer, _ microBatchTokens: Int
  ) throws(TrainingError) -> Validation? {
    guard let settings = parameters.validation,
      let interval = parameters.validationInterval(stepCount: order.plannedStepCount, exampleCount: learnable)
    else { return nil }
    return try Validation(
      settings, after: order.ends(ofEvery: interval), of: order.steps.count, examples: examples, transformer: transformer, microBatchTokens: microBatchTokens)
  }
}

// MARK: - Running

extension Trainer {
  /// Of the whole plan. A run that its validations end takes fewer.
  package var totalSteps: Int { order.steps.count }
  package var completedSteps: Int { trace.steps.count }
  package var isComplete: Bool { !isValidationDue && (completedSteps == totalSteps || isStopped) }

  /// A state that is to be measured, and is not yet.
  package var isValidationDue: Bool { validation?.isDue(after: completedSteps) == true && trace.steps.last?.validation == nil }

  /// Whether the validations ended the run.
  package var isStopped: Bool { validation?.stopping?.isOver == true }

  /// After how many steps the parameters were what `files` has.
  package var keptStep: Int { validation?.stopping?.best?.step ?? completedSteps }

  /// The supervised tokens that a validation is over. Nil where there is none.
  package var validationTokenCount: Int? { validation?.tokenCount }

  /// Examples with nothing to learn within the maximum length: they are in the token root and in no step.
  package var omittedExampleCount: Int { trainingSet.examples.count - trainingSet.learnable.count }

  /// Takes all steps that are left. Asks between steps whether to stop; what was done stays done, and `checkpoint` holds it.
  package func run(
    isCancelled: () -> Bool = { false }, report: (StepReport) -> Void = { _ in }, validated: (ValidationReport) -> Void = { _ in }
  ) throws {
    while !isComplete {
      guard !isCancelled() else { throw TrainingError.cancelled(step: completedSteps) }
      if isValidationDue { validated(try validate(isCancelled: isCancelled)) } else { report(try step()) }
    }
  }

  /// Measures the state as it is. Cancelled, it has changed nothing.
  package func validate(isCancelled: () -> Bool = { false }) throws(TrainingError) -> ValidationReport {
    guard let validation, let step = trace.steps.last, isValidationDue else { preconditionFailure("no validation is due") }
    guard let loss = try validationLoss(validation, isCancelled) else { throw .cancelled(step: completedSteps) }
    validation.note(loss, step: completedSteps)
    // The last step has a root, and this may have become the last one.
    let state = step.state ?? (isStopped ? StateCommitment.root(of: transformer.parameters, optimizer) : nil)
    trace.steps[completedSteps - 1] = TrainingTrace.Step(
      lossNatsPerToken: step.lossNatsPerToken, gradientNorm: step.gradientNorm, state: state, validation: loss)
    return ValidationReport(loss, after: completedSteps, of: totalSteps, tokenCount: validation.tokenCount, validation.stopping)
  }

  private func validationLoss(_ validation: Validation, _ isCancelled: () -> Bool) throws(TrainingError) -> Int64? {
    do {
      return try validation.loss(isCancelled: isCancelled)
    } catch {
      guard case .scoreOverflow = error else { throw error }
      throw .notFinite(what: "the loss on the validation part", step: completedSteps - 1)
    }
  }

  /// Takes the next step. At a number that is not finite it throws, and the trainer is of no further use.
  package func step() throws(TrainingError) -> StepReport {
    precondition(completedSteps < totalSteps && !isStopped, "every step has been taken")
    precondition(!isValidationDue, "the state is to be measured first")
    let started = ContinuousClock.now
    let number = completedSteps
    let planned = order.steps[number]
    let examples = planned.examples.map { trainingSet.examples[$0] }
    let divisor = examples.reduce(0) { $0 + $1.supervisedTokenCount }
    let loss = gradients(of: examples, places: planned.places, divisor: divisor)
    let norm = optimizer.gradientNorm(pool: pool)
    try refuseNonFinite(loss: loss, norm: norm, step: number)
    let rate = parameters.learningRate(atStep: planned.number, of: order.plannedStepCount)
    optimizer.update(learningRate: rate, norm: norm, clip: parameters.clip, pool: pool)
    try refuseNonFinite(transformer.parameters.values, "tensor", step: number)
    record(loss: loss, norm: norm)
    let rows = examples.reduce(0) { $0 + $1.rowCount }
    return StepReport(
      completedSteps: completedSteps, totalSteps: totalSteps, lossNatsPerToken: loss, gradientNorm: norm, learningRate: rate,
      supervisedTokenCount: divisor, tokenCount: rows, duration: ContinuousClock.now - started)
  }

  /// Begins the next step and leaves it after its first micro-batch, as somebody does who is stopped there: for the self-check.
  func beginStep() {
    let planned = order.steps[completedSteps]
    let examples = planned.examples.map { trainingSet.examples[$0] }
    guard let part = MicroBatches.split(examples, tokenBound: microBatchTokens).first else { return }
    transformer.clearGradients()
    _ = transformer.accumulateGradients(RaggedBatch(part, ordinals: planned.places), divisor: 1)
  }

  /// The mean loss, and in the gradients its derivative: chains that go on from part to part.
  private func gradients(of examples: [EncodedExample], places: [Int], divisor: Int) -> Double {
    transformer.clearGradients()
    var sum = 0.0
    var placesLeft = places[...]
    var earlier: [FloatBuffer] = []
    for part in MicroBatches.split(examples, tokenBound: microBatchTokens) {
      let batch = pool.fault == .paddedExamples ? RaggedBatch(paddingInFront: part) : RaggedBatch(part, ordinals: placesLeft)
      placesLeft = placesLeft.dropFirst(part.count)
      let losses = transformer.accumulateGradients(batch, divisor: divisor)
      ck_loss_sum(losses.count, losses, batch.supervisedTargets, &sum)
      if pool.fault == .restartedMicroBatches { earlier.append(transformer.parameters.takeGradients()) }
    }
    for part in earlier { transformer.parameters.addGradients(part, pool: pool) }
    transformer.finishGradients()
    return ck_loss_mean(sum, divisor)
  }

  private func record(loss: Double, norm: Double) {
    let count = completedSteps + 1
    let isCommitted = count == totalSteps || count.isMultiple(of: TrainingTrace.stateInterval)
    let state = isCommitted ? StateCommitment.root(of: transformer.parameters, optimizer) : nil
    trace.steps.append(TrainingTrace.Step(lossNatsPerToken: loss, gradientNorm: norm, state: state))
  }

  private func refuseNonFinite(loss: Double, norm: Double, step: Int) throws(TrainingError) {
    guard !norm.isFinite || !loss.isFinite else { return }
    try refuseNonFinite(transformer.parameters.gradients, "gradient of tensor", step: step)
    throw .notFinite(what: loss.isFinite ? "the gradient's norm" : "the loss", step: step)
  }

  /// Names the first tensor, in name order, with a NaN or an infinity.
  private func refuseNonFinite(_ buffer: FloatBuffer, _ kind: String, step: Int) throws(TrainingError) {
    guard ck_first_nonfinite(pool.handle, buffer.count, buffer.start) >= 0 else { return }
    for slot in transformer.parameters.slots where ck_first_nonfinite(pool.handle, slot.count, buffer.start + slot.offset) >= 0 {
      throw .notFinite(what: "\(kind) \"\(slot.name)\"", step: step)
    }
  }
}

// MARK: - Results

extension Trainer {
  /// The trained adapter, as it was when it did best where validations can end the run. Nil where the whole model was trained.
  package func adapter() throws(ModelError) -> AdapterFolder? {
    guard let adapterConfiguration else { return nil }
    return try AdapterFolder(configuration: adapterConfiguration, tensors: keptTensors)
  }

  /// The trained model, likewise. Nil where an adapter was trained.
  package func model() throws(ModelError) -> ModelFolder? {
    guard adapterConfiguration == nil else { return nil }
    return try ModelFolder(configuration: configuration, tensors: keptTensors)
  }

  /// The adapter's or the model's files, by their paths. The activations give way to them: at the end of a training, nothing else may be free.
  package func files() throws(ModelError) -> [String: Data] {
    transformer.release()
    if let adapter = try adapter() { return adapter.files }
    return try model()?.files ?? [:]
  }

  private var keptTensors: [Tensor] {
    guard let validation, let kept = validation.kept, validation.stopping?.best != nil else { return parameterTensors }
    return transformer.parameters.tensors(kept)
  }

  var parameterTensors: [Tensor] { transformer.parameters.tensors(transformer.parameters.values) }

  /// The gradient of the last step, before clipping, in name order: for checks.
  package var gradientTensors: [Tensor] { transformer.parameters.tensors(transformer.parameters.gradients) }
}

// MARK: - Checkpoints

extension Trainer {
  /// Hands on the complete state, a mebibyte at a time: a trainer made of the same inputs that restores it goes on to the same bytes.
  package func writeCheckpoint(_ write: ([UInt8]) throws -> Void) rethrows {
    let kept = validation?.stopping?.best == nil ? nil : validation?.kept
    try Checkpoint(trace: trace, powers: optimizer.powers).write(state + (kept.map { [$0] } ?? []), to: write)
  }

  /// The same in one piece: as much memory again as what is trained takes with its moments.
  package func checkpoint() -> Data {
    var bytes = Data(capacity: state.reduce(1 << 16) { $0 + $1.rawBytes.count })
    writeCheckpoint { bytes.append(contentsOf: $0) }
    return bytes
  }

  private var state: [FloatBuffer] { [transformer.parameters.values, optimizer.firstMoment, optimizer.secondMoment] }

  /// Refuses a checkpoint that is damaged or of a run with other inputs.
  package func restore(_ bytes: Data) throws(TrainingError) {
    let checkpoint = try Checkpoint(decoding: bytes, commitments: trace.commitments, into: state, kept: validation?.kept, stepLimit: totalSteps)
    trace = checkpoint.trace
    optimizer.powers = checkpoint.powers
    validation?.resume(after: trace.steps)
  }

  /// Restores an opened state: a checkpoint that somebody else made, after `count` steps of a run with this one's commitments. It is believed only
  /// where it has the root that the run's trace has there; its own steps are not believed at all.
  func restore(_ bytes: Data, after count: Int, of claimed: TrainingTrace) throws(TrainingError) {
    try restore(bytes)
    guard completedSteps == count else { throw .stateOfAnotherStep(found: completedSteps, wanted: count) }
    let powers = optimizer.powers(after: count)
    guard claimed.steps[count - 1].state == StateCommitment.root(of: transformer.parameters, optimizer),
      optimizer.powers.beta1_power == powers.beta1_power, optimizer.powers.beta2_power == powers.beta2_power
    else { throw .stateNotCommitted(step: count) }
    trace.steps = Array(claimed.steps.prefix(count))
    validation?.resume(after: trace.steps)
  }
}
