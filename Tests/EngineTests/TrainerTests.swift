import Artifacts
import Engine
import Foundation
import Testing

@Suite("Training")
struct TrainerTests {
  static let methods: [TrainingParameters.Method] = [SmallTraining.lora, .full]

  @Test("the loss falls", arguments: methods)
  func learning(method: TrainingParameters.Method) throws {
    var parameters = SmallTraining.parameters(method, length: .steps(60))
    parameters.examplesPerBatch = 8
    parameters.learningRate = 2e-2
    let trainer = try SmallTraining.trainer(parameters)
    try trainer.run()
    let steps = trainer.trace.steps
    #expect(steps[59].lossNatsPerToken < 0.7 * steps[0].lossNatsPerToken)
  }

  @Test("threads and micro-batches change no byte", arguments: methods, [(1, 1), (1, 40), (2, 17), (3, 4096)])
  func invariance(method: TrainingParameters.Method, way: (threads: Int, microBatchTokens: Int)) throws {
    for tied in [true, false] {
      let parameters = SmallTraining.parameters(method)
      let reference = try SmallTraining.trainer(parameters, tied: tied)
      let other = try SmallTraining.trainer(parameters, tied: tied, threads: way.threads, microBatchTokens: way.microBatchTokens)
      try reference.run()
      try other.run()
      #expect(try other.files() == reference.files())
      #expect(other.trace == reference.trace)
    }
  }

  /// Four layers, of which three share all but their inputs.
  @Test("layers computed again in the backward pass change no byte", arguments: [SmallTraining.lora, .full, TrainerTests.dropping], [true, false])
  func recomputing(method: TrainingParameters.Method, tied: Bool) throws {
    let base = try ModelFolder.fresh(
      ModelConfiguration(
        vocabularySize: 37, hiddenSize: 20, intermediateSize: 27, layerCount: 4, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
        tiesEmbeddings: tied, maximumPositionCount: 64, initializerRange: 0.2), seed: 5)
    func trainer(_ activations: Activations, _ threads: Int, _ tokens: Int) throws -> Trainer {
      try Trainer(
        base: base, examples: SmallTraining.examples, parameters: SmallTraining.parameters(method), threads: threads, microBatchTokens: tokens,
        activations: activations)
    }
    let reference = try trainer(.kept, 1, 4096)
    try reference.run()
    for (threads, tokens) in [(1, 4096), (2, 1), (7, 17)] {
      let other = try trainer(.recomputed, threads, tokens)
      try other.run()
      #expect(try other.files() == reference.files())
      #expect(other.trace == reference.trace)
    }
    let half = try trainer(.recomputed, 2, 40)
    for _ in 0..<2 { _ = try half.step() }
    let rest = try trainer(.kept, 1, 4096)
    try rest.restore(half.checkpoint())
    try rest.run()
    #expect(rest.trace == reference.trace)
  }

  static let dropping = TrainingParameters.Method.lora(
    rank: 2, alpha: 4, targets: TrainingParameters.allLinear, isRankStabilized: true, dropout: 0.4)

  @Test(
    "on the other kinds of model too, and with dropout", arguments: SmallTraining.Kind.allCases,
    [SmallTraining.lora, .full, TrainerTests.dropping])
  func invarianceOfKinds(kind: SmallTraining.Kind, method: TrainingParameters.Method) throws {
    let parameters = SmallTraining.parameters(method)
    func trainer(_ threads: Int, _ tokens: Int) throws -> Trainer {
      try Trainer(base: kind.base(), examples: SmallTraining.examples, parameters: parameters, threads: threads, microBatchTokens: tokens)
    }
    let reference = try trainer(1, 4096)
    try reference.run()
    for (threads, tokens) in [(1, 1), (2, 17), (3, 4096)] {
      let other = try trainer(threads, tokens)
      try other.run()
      #expect(try other.files() == reference.files())
      #expect(other.trace == reference.trace)
    }
    let half = try trainer(2, 40)
    for _ in 0..<2 { _ = try half.step() }
    let rest = try trainer(1, 4096)
    try rest.restore(half.checkpoint())
    try rest.run()
    #expect(rest.trace == reference.trace)
  }

  @Test("dropout changes every step's loss, and by the seed; it ends with training")
  func dropout() throws {
    func losses(_ dropout: Double, seed: UInt64 = 2) throws -> [Double] {
      var parameters = SmallTraining.parameters(.lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, dropout: dropout))
      parameters.seed = seed
      let start = try GradientTests.startedAdapter(on: SmallTraining.configuration())
      let trainer = try Trainer(
        base: SmallTraining.base(), examples: SmallTraining.examples, parameters: parameters, start: start, threads: 1)
      try trainer.run()
      let adapter = try #require(try trainer.adapter())
      #expect(adapter.configuration.json["lora_dropout"]?.number == 0)
      return trainer.trace.steps.map(\.lossNatsPerToken)
    }
    let plain = try losses(0)
    let dropped = try losses(0.5)
    #expect(zip(plain, dropped).allSatisfy { $0 != $1 })
    #expect(try losses(0.5) == dropped)
    #expect(try losses(0.5, seed: 3)[0] != dropped[0])
  }

  @Test("the digest of plain parameters is what it was before adapters had options; options change it")
  func optionsInDigest() throws {
    let plain = SmallTraining.parameters()
    #expect(plain.digest.hex == "84c4b5ae73e856f47a2afaf584a8883ac877ca25f103884ffa77ebd253a5d822")
    let options: [TrainingParameters.Method] = [
      .lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, isRankStabilized: true),
      .lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, dropout: 0.1),
    ]
    #expect(Set(([plain.method] + options).map { SmallTraining.parameters($0).digest }).count == 3)
  }

  @Test("a rank-stabilised adapter says so, and another cannot go on from it")
  func rankStabilized() throws {
    let method = TrainingParameters.Method.lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, isRankStabilized: true)
    let trainer = try SmallTraining.trainer(SmallTraining.parameters(method))
    try trainer.run()
    let adapter = try #require(try trainer.adapter())
    #expect(adapter.configuration.json["use_rslora"] == true)
    #expect(throws: TrainingError.otherStart) {
      try Trainer(
        base: SmallTraining.base(), examples: SmallTraining.examples, parameters: SmallTraining.parameters(), start: adapter, threads: 1)
    }
  }

  @Test("stopped anywhere and resumed, the bytes are those of a run that went through", arguments: methods, [0, 1, 2, 3])
  func resuming(method: TrainingParameters.Method, stop: Int) throws {
    let parameters = SmallTraining.parameters(method)
    let whole = try SmallTraining.trainer(parameters)
    try whole.run()
    let first = try SmallTraining.trainer(parameters, threads: 2)
    #expect(throws: TrainingError.cancelled(step: stop)) { try first.run(isCancelled: { first.completedSteps == stop }) }
    let checkpoint = first.checkpoint()
    let second = try SmallTraining.trainer(parameters)
    try second.restore(checkpoint)
    #expect(second.completedSteps == stop)
    #expect(second.checkpoint() == checkpoint)
    try second.run()
    #expect(try second.files() == whole.files())
    #expect(second.trace == whole.trace)
  }

  @Test("files may be taken at any step, and the training goes on", arguments: methods)
  func filesMidway(method: TrainingParameters.Method) throws {
    let parameters = SmallTraining.parameters(method)
    let (whole, looked) = (try SmallTraining.trainer(parameters), try SmallTraining.trainer(parameters))
    try whole.run()
    try looked.run(report: { _ in #expect(throws: Never.self) { try looked.files() } })
    #expect(try looked.files() == whole.files() && looked.trace == whole.trace)
  }

  @Test("a checkpoint is handed on in pieces of a mebibyte at most, which are its bytes")
  func checkpointPieces() throws {
    let base = ModelConfiguration(
      vocabularySize: 1500, hiddenSize: 64, intermediateSize: 64, layerCount: 1, headCount: 2, keyValueHeadCount: 1, maximumPositionCount: 64)
    func trainer() throws -> Trainer {
      try Trainer(base: try ModelFolder.fresh(base, seed: 1), examples: SmallTraining.examples, parameters: SmallTraining.parameters(.full), threads: 1)
    }
    let first = try trainer()
    _ = try first.step()
    var pieces: [[UInt8]] = []
    first.writeCheckpoint { pieces.append($0) }
    let bytes = Data(pieces.joined())
    #expect(bytes.count > 12 * base.parameterCount && pieces.allSatisfy { $0.count <= 1 << 20 }, "\(pieces.map(\.count))")
    #expect(bytes == first.checkpoint())
    let second = try trainer()
    try second.restore(bytes)
    #expect(second.completedSteps == 1 && second.checkpoint() == bytes)
  }

  @Test("a checkpoint of another run, or with a flipped bit, is refused and changes nothing")
  func checkpoints() throws {
    let trainer = try SmallTraining.trainer()
    _ = try trainer.step()
    let checkpoint = trainer.checkpoint()
    var otherParameters = SmallTraining.parameters()
    otherParameters.seed = 99
    let other = try SmallTraining.trainer(otherParameters)
    let before = other.checkpoint()
    #expect(throws: TrainingError.checkpointOfAnotherRun(what: "set of parameters")) { try other.restore(checkpoint) }
    #expect(other.checkpoint() == before)
    for offset in [0, 31, 32, 39, 60, checkpoint.count / 2, checkpoint.count - 1] {
      var damaged = checkpoint
      damaged[offset] ^= 0x10
      #expect(throws: TrainingError.checkpointDamaged) { try trainer.restore(damaged) }
    }
    for count in [0, 31, 40, checkpoint.count - 4] {
      #expect(throws: TrainingError.checkpointDamaged) { try trainer.restore(checkpoint.prefix(count)) }
    }
  }

  @Test("every epoch sees every example that has something to learn, once, in an order of its own")
  func order() throws {
    var parameters = SmallTraining.parameters(length: .epochs(2))
    parameters.examplesPerBatch = 1
    let trainer = try SmallTraining.trainer(parameters)
    #expect(trainer.omittedExampleCount == 2)  // A single token has nothing before it; of two, the second is not supervised.
    #expect(trainer.totalSteps == 12)
    var counts: [Int] = []
    try trainer.run(report: { counts.append($0.tokenCount) })
    let expected = [3, 18, 6, 29, 10, 15].sorted()
    #expect(counts.prefix(6).sorted() == expected)
    #expect(counts.suffix(6).sorted() == expected)
    #expect(Array(counts.prefix(6)) != Array(counts.suffix(6)))
  }

  @Test("steps go over as many epochs as they need, and longer examples are cut")
  func stepsAndCuts() throws {
    var parameters = SmallTraining.parameters(length: .steps(7))
    parameters.maximumTokens = 9
    let trainer = try SmallTraining.trainer(parameters)
    #expect(trainer.totalSteps == 7)
    var counts: [Int] = []
    try trainer.run(report: { counts.append($0.tokenCount) })
    #expect(counts.allSatisfy { $0 <= 3 * 8 })
  }

  @Test("the trace commits to all that went in")
  func commitments() throws {
    let reference = try SmallTraining.trainer().trace.commitments
    var parameters = SmallTraining.parameters()
    parameters.weightDecay = 0.5
    let decayed = try SmallTraining.trainer(parameters).trace.commitments
    #expect(decayed.parameters != reference.parameters && decayed.base == reference.base && decayed.initialState == reference.initialState)
    parameters = SmallTraining.parameters()
    parameters.seed = 77
    let seeded = try SmallTraining.trainer(parameters).trace.commitments
    #expect(seeded.plan != reference.plan && seeded.initialState != reference.initialState && seeded.tokens == reference.tokens)
    var examples = SmallTraining.examples
    examples[0] = EncodedExample(recordID: examples[0].recordID, tokens: examples[0].tokens, supervised: examples[0].tokens.map { _ in true })
    let relabelled = try Trainer(base: SmallTraining.base(), examples: examples, parameters: SmallTraining.parameters(), threads: 1).trace.commitments
    #expect(relabelled.tokens != reference.tokens && relabelled.plan == reference.plan)
    let otherBase = try ModelFolder.fresh(SmallTraining.configuration(), seed: 6)
    let rebased = try Trainer(base: otherBase, examples: SmallTraining.examples, parameters: SmallTraining.parameters(), threads: 1).trace.commitments
    #expect(rebased.base != reference.base)
  }

  @Test("a trace survives its JSON, and a changed one is refused or named")
  func traceJSON() throws {
    let trainer = try SmallTraining.trainer(SmallTraining.parameters(length: .steps(18)))
    try trainer.run()
    let trace = trainer.trace
    #expect(trace.steps.indices.filter { trace.steps[$0].state != nil } == [15, 17])
    #expect(try TrainingTrace(canonical: JSONValue(parsing: trace.canonical.canonical)) == trace)
    var members = try #require(trace.canonical.object)
    members["steps"] = .array(Array(try #require(members["steps"]?.array).dropLast()))
    #expect(TrainingTrace(canonical: .object(members)) == nil)
    var parameters = SmallTraining.parameters(length: .steps(18))
    parameters.learningRate *= 1.0001
    let other = try SmallTraining.trainer(parameters)
    try other.run()
    #expect(other.trace.firstDifference(from: trace) == 1)  // The first loss is taken before the first update.
    #expect(trace.firstDifference(from: trace) == nil)
    #expect(other.trace.difference(from: trace) == .commitment("parameters") && trace.difference(from: trace) == nil)
    var steps = trace.steps
    steps[4] = .init(lossNatsPerToken: steps[4].lossNatsPerToken, gradientNorm: steps[4].gradientNorm.nextUp, state: steps[4].state)
    #expect(TrainingTrace(commitments: trace.commitments, steps: steps).difference(from: trace) == .step(5, .norm))
    #expect(TrainingTrace(commitments: trace.commitments, steps: trace.steps.dropLast()).difference(from: trace) == .length(17))
  }

  @Test("a run goes on from an adapter that it is given")
  func continuing() throws {
    let first = try SmallTraining.trainer()
    try first.run()
    let adapter = try #require(try first.adapter())
    let second = try Trainer(
      base: SmallTraining.base(), examples: SmallTraining.examples, parameters: SmallTraining.parameters(), start: adapter, threads: 1)
    #expect(second.trace.commitments.initialState != first.trace.commitments.initialState)
    #expect(try second.adapter()?.tensors.map(\.values) == adapter.tensors.map(\.values))
    var wider = SmallTraining.parameters()
    wider.method = .lora(rank: 3, alpha: 4, targets: TrainingParameters.allLinear)
    #expect(throws: TrainingError.otherStart) {
      try Trainer(base: SmallTraining.base(), examples: SmallTraining.examples, parameters: wider, start: adapter, threads: 1)
    }
  }

  @Test("a run that leaves the finite numbers stops and names the step and the tensor")
  func notFinite() throws {
    var parameters = SmallTraining.parameters(.full)
    parameters.learningRate = 1e38
    parameters.clip = 0
    parameters.schedule = .constant
    let trainer = try SmallTraining.trainer(parameters)
    let error = #expect(throws: TrainingError.self) { try trainer.run() }
    guard case .notFinite(let what, let step) = error else {
      Issue.record("stopped with \(String(describing: error))")
      return
    }
    #expect(step <= 1)
    #expect(what.contains("model.") || what.contains("loss"))
    #expect(trainer.completedSteps <= 1)
  }

  @Test("examples with nothing to learn, foreign tokens and impossible parameters are refused before any work")
  func refusals() throws {
    let base = try SmallTraining.base()
    func start(_ examples: [EncodedExample], _ parameters: TrainingParameters = SmallTraining.parameters()) throws {
      _ = try Trainer(base: base, examples: examples, parameters: parameters, threads: 1)
    }
    let unsupervised = EncodedExample(recordID: SmallTraining.id(1), tokens: [1, 2, 3], supervised: [true, false, false])
    #expect(throws: TrainingError.nothingSupervised(exampleCount: 1)) { try start([unsupervised]) }
    #expect(throws: TrainingError.nothingSupervised(exampleCount: 0)) { try start([]) }
    let foreign = EncodedExample(recordID: SmallTraining.id(2), tokens: [1, 37], supervised: [true, true])
    #expect(throws: TrainingError.tokenOutsideVocabulary(SmallTraining.id(2), token: 37, vocabularySize: 37)) { try start([foreign]) }
    let negative = EncodedExample(recordID: SmallTraining.id(3), tokens: [-1, 3], supervised: [true, true])
    #expect(throws: TrainingError.self) { try start([negative]) }
    var parameters = SmallTraining.parameters()
    parameters.maximumTokens = 65
    #expect(throws: TrainingError.tooLong(maximumTokens: 65, positions: 64)) { try start(SmallTraining.examples, parameters) }
    parameters = SmallTraining.parameters()
    parameters.learningRate = .nan
    #expect(throws: TrainingError.impossibleParameter("learning rate")) { try start(SmallTraining.examples, parameters) }
    for dropout in [-0.1, 1, .nan] {
      parameters = SmallTraining.parameters(.lora(rank: 2, alpha: 4, targets: TrainingParameters.allLinear, dropout: dropout))
      #expect(throws: TrainingError.impossibleParameter("method")) { try start(SmallTraining.examples, parameters) }
    }
  }
}

@Suite("Estimates")
struct EstimateTests {
  @Test("steps and tokens are exact, and more work is estimated as more", arguments: TrainerTests.methods)
  func estimate(method: TrainingParameters.Method) throws {
    let parameters = SmallTraining.parameters(method)
    func estimate(_ parameters: TrainingParameters, microBatchTokens: Int = 4096) throws -> TrainingEstimate {
      try TrainingEstimate(
        base: SmallTraining.configuration(), examples: SmallTraining.examples, parameters: parameters, microBatchTokens: microBatchTokens)
    }
    let trainer = try SmallTraining.trainer(parameters)
    var tokens = 0
    try trainer.run(report: { tokens += $0.tokenCount })
    let expected = try estimate(parameters)
    #expect(expected.stepCount == trainer.totalSteps)
    #expect(expected.tokenCount == tokens)
    var longer = parameters
    longer.length = .epochs(4)
    #expect(try estimate(longer).operations == 2 * expected.operations)
    #expect(try estimate(longer).peakByteCount == expected.peakByteCount)
    #expect(try estimate(parameters, microBatchTokens: 1).peakByteCount < expected.peakByteCount)
    #expect(expected.duration(operationsPerSecond: expected.operations) == .seconds(1))
  }

  @Test("layers computed again take less memory and more work, and what fits is found", arguments: TrainerTests.methods)
  func economies(method: TrainingParameters.Method) throws {
    let base = ModelConfiguration(
      vocabularySize: 37, hiddenSize: 20, intermediateSize: 27, layerCount: 8, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
      tiesEmbeddings: true, maximumPositionCount: 64, initializerRange: 0.2)
    let (examples, parameters) = (SmallTraining.examples, SmallTraining.parameters(method))
    let kept = try TrainingEstimate(base: base, examples: examples, parameters: parameters)
    let again = try TrainingEstimate(base: base, examples: examples, parameters: parameters, activations: .recomputed)
    #expect(again.peakByteCount < kept.peakByteCount)
    #expect(again.operations > kept.operations && again.operations < 1.6 * kept.operations)
    func fitting(_ byteCount: Int) throws -> TrainingEstimate {
      try TrainingEstimate.fitting(byteCount, base: base, examples: examples, parameters: parameters)
    }
    #expect(try fitting(kept.peakByteCount) == kept)
    #expect(try fitting(kept.peakByteCount - 1).economy == TrainingEconomy(activations: .recomputed, microBatchTokens: 1024), "all of these examples fit into 256 tokens")
    let least = try fitting(0)
    // Of a whole model the files take more than so few rows do.
    #expect(least.economy == TrainingEconomy(activations: .recomputed, microBatchTokens: method == .full ? 1024 : 1))
    #expect(least.peakByteCount < again.peakByteCount || method == .full)
  }

  @Test("what the files of a whole model take at the end is counted, where it is more than the activations")
  func files() throws {
    let base = ModelConfiguration(
      vocabularySize: 1500, hiddenSize: 64, intermediateSize: 64, layerCount: 1, headCount: 2, keyValueHeadCount: 1, tiesEmbeddings: false,
      maximumPositionCount: 64)
    let estimate = try TrainingEstimate(base: base, examples: [SmallTraining.example(0, length: 4)], parameters: SmallTraining.parameters(.full))
    // The folder, values, gradients and two moments; then tensors and bytes.
    #expect(estimate.peakByteCount == (4 + 16 + 8) * base.parameterCount)
  }

  @Test("of the head's rows as many are counted as a micro-batch has, and not as many as there could be")
  func headRows() throws {
    let base = ModelConfiguration(
      vocabularySize: 50_000, hiddenSize: 16, intermediateSize: 16, layerCount: 1, headCount: 2, keyValueHeadCount: 1, maximumPositionCount: 1024)
    func peak(_ length: Int) throws -> Int {
      let example = EncodedExample(
        recordID: SmallTraining.id(0), tokens: (0..<length).map { Int32($0) }, supervised: Array(repeating: true, count: length))
      var parameters = SmallTraining.parameters()
      parameters.maximumTokens = 1024
      return try TrainingEstimate(base: base, examples: [example], parameters: parameters).peakByteCount
    }
    let logits = 4 * base.vocabularySize
    let folder = 4 * base.parameterCount
    let few = try peak(10)
    #expect(few > folder + 16 * logits && few < 4 * folder + 32 * logits)
    // A row of logits, of what was gathered, of what was normed, and of its gradient for each.
    #expect(try peak(401) - few >= 384 * (logits + 3 * 4 * base.hiddenSize))
  }

  @Test("a full run of the same model takes more than an adapter")
  func methods() throws {
    let estimates = try TrainerTests.methods.map {
      try TrainingEstimate(base: SmallTraining.configuration(), examples: SmallTraining.examples, parameters: SmallTraining.parameters($0))
    }
    #expect(estimates[1].operations > estimates[0].operations)
    #expect(MachineSpeed.operationsPerSecond(threads: 1) > 0)
    let speed = try MachineSpeed.trainingOperationsPerSecond(threads: 1)
    #expect(speed > 0)
    #expect(try MachineSpeed.trainingOperationsPerSecond(threads: 1) == speed, "it is measured once")
    #expect(try estimates[0].duration(threads: 1) == estimates[0].duration(operationsPerSecond: speed))
  }

  @Test(
    "a time is said with no more digits than an estimate has",
    arguments: [
      (0.01, "a second"), (89.4, "89 s"), (95, "2 min"), (5390, "90 min"), (5400, "1.5 h"), (100_000, "27.8 h"), (200_000, "2 days"),
    ] as [(Double, String)])
  func approximateDurations(seconds: Double, words: String) {
    #expect(ApproximateDuration(.seconds(seconds)).description == words)
  }
}
