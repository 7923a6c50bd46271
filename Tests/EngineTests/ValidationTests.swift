import Artifacts
import Engine
import Foundation
import Testing

@Suite("Measured while it trains")
struct ValidationTests {
  /// One that is learned from, and others: the loss on them falls, and rises again.
  private static let part = [SmallTraining.examples[4]] + [23, 9, 14].enumerated().map { SmallTraining.example(20 + $0, length: $1) }

  private static let methods: [TrainingParameters.Method] = [SmallTraining.lora, .full, TrainerTests.dropping]

  /// A constant rate: then a run of fewer steps is the beginning of a longer one.
  private static func parameters(
    _ method: TrainingParameters.Method = SmallTraining.lora, length: TrainingParameters.Length = .epochs(30), every interval: ValidationSettings.Interval = .steps(3),
    stopping: ValidationSettings.Stopping? = ValidationSettings.Stopping(patience: 3, minimumChange: 0)
  ) -> TrainingParameters {
    var parameters = SmallTraining.parameters(method, length: length)
    parameters.schedule = .constant
    parameters.learningRate = 2e-2
    parameters.validation = ValidationSettings(interval: interval, stopping: stopping)
    return parameters
  }

  private static func trainer(
    _ parameters: TrainingParameters, part: [EncodedExample] = part, threads: Int = 1, microBatchTokens: Int = 4096, activations: Activations = .kept
  ) throws -> Trainer {
    try Trainer(
      base: SmallTraining.base(), examples: SmallTraining.examples, validation: part, parameters: parameters, threads: threads,
      microBatchTokens: microBatchTokens, activations: activations)
  }

  /// A run of so many steps that looks at nothing else.
  private static func plain(_ method: TrainingParameters.Method, steps: Int) throws -> Trainer {
    var parameters = parameters(method, length: .steps(steps))
    parameters.validation = nil
    let trainer = try SmallTraining.trainer(parameters)
    try trainer.run()
    return trainer
  }

  @Test("it ends where the loss no longer falls, and keeps what a run of that many steps gives", arguments: methods)
  func stopping(method: TrainingParameters.Method) throws {
    let trainer = try Self.trainer(Self.parameters(method))
    var told: [ValidationReport] = []
    try trainer.run(validated: { told.append($0) })
    let losses = trainer.trace.steps.map(\.validation)
    let measured = losses.indices.filter { losses[$0] != nil }.map { $0 + 1 }
    #expect(measured == Array(stride(from: 3, through: trainer.completedSteps, by: 3)))
    let least = try #require(losses.compactMap { $0 }.min())
    let best = try #require(losses.firstIndex(of: least)) + 1
    #expect(trainer.isStopped && trainer.isComplete && trainer.keptStep == best)
    #expect(best > 3 && best == trainer.completedSteps - 9 && trainer.completedSteps < trainer.totalSteps, "a run that shows it")
    #expect(trainer.trace.steps.last?.state != nil)
    #expect(try trainer.files() == Self.plain(method, steps: best).files())
    let last = try #require(told.last?.best)
    #expect(told.count == measured.count && last.step == best && last.waited == 3 && last.isOver)
    #expect(told.dropLast().allSatisfy { $0.best?.isOver == false })
  }

  @Test("a loss is the evaluator's, of what training has made by then, and nothing is left out for it", arguments: methods)
  func agreement(method: TrainingParameters.Method) throws {
    let trainer = try Self.trainer(Self.parameters(method, length: .steps(5), every: .steps(2), stopping: nil))
    try trainer.run()
    #expect(trainer.trace.steps.map { $0.validation != nil } == [false, true, false, true, true])
    for steps in [2, 4, 5] {
      let run = try Self.plain(method, steps: steps)
      let evaluator = try run.model().map { try Evaluator(base: $0, threads: 1) } ?? Evaluator(base: SmallTraining.base(), adapter: run.adapter(), threads: 1)
      #expect(try trainer.trace.steps[steps - 1].validation == evaluator.score(Self.part, maximumTokens: 64).scaledLoss)
    }
  }

  @Test("looking changes no byte of what is trained", arguments: methods)
  func looking(method: TrainingParameters.Method) throws {
    let plain = try Self.plain(method, steps: 7)
    let trainer = try Self.trainer(Self.parameters(method, length: .steps(7), every: .steps(1), stopping: nil))
    try trainer.run()
    #expect(try trainer.files() == plain.files())
    #expect(trainer.trace.steps.map(\.lossNatsPerToken) == plain.trace.steps.map(\.lossNatsPerToken))
    #expect(trainer.trace.steps.map(\.gradientNorm) == plain.trace.steps.map(\.gradientNorm))
    #expect(trainer.trace.steps.map(\.state) == plain.trace.steps.map(\.state))
    #expect(trainer.keptStep == 7 && trainer.trace.root != plain.trace.root)
  }

  @Test("an epoch is as many steps as it has, whatever the length is told in")
  func epochs() throws {
    // Six examples have something to learn, three a step.
    for (length, expected) in [(TrainingParameters.Length.epochs(3), [2, 4, 6]), (.steps(5), [2, 4, 5]), (.paced(epochs: 2, stepsPerEpoch: 3), [3, 6])] {
      let trainer = try Self.trainer(Self.parameters(length: length, every: .epoch, stopping: nil))
      try trainer.run()
      #expect(trainer.trace.steps.indices.filter { trainer.trace.steps[$0].validation != nil }.map { $0 + 1 } == expected)
    }
    let rare = try Self.trainer(Self.parameters(length: .steps(5), every: .steps(1000), stopping: nil))
    try rare.run()
    #expect(rare.trace.steps.map { $0.validation != nil } == [false, false, false, false, true])
  }

  @Test("threads, micro-batches and what is computed again change nothing", arguments: methods, [(2, 1), (3, 17), (7, 4096)])
  func invariance(method: TrainingParameters.Method, way: (threads: Int, microBatchTokens: Int)) throws {
    let reference = try Self.trainer(Self.parameters(method))
    let other = try Self.trainer(Self.parameters(method), threads: way.threads, microBatchTokens: way.microBatchTokens, activations: .recomputed)
    try reference.run()
    try other.run()
    #expect(try other.trace == reference.trace && other.files() == reference.files())
  }

  @Test("stopped anywhere, before a validation and after it, the bytes are those of a run that went through", arguments: methods)
  func resuming(method: TrainingParameters.Method) throws {
    let whole = try Self.trainer(Self.parameters(method))
    try whole.run()
    let first = try Self.trainer(Self.parameters(method))
    while !first.isComplete {
      if first.isValidationDue { _ = try first.validate() } else { _ = try first.step() }
      let state = first.checkpoint()
      let second = try Self.trainer(Self.parameters(method), threads: 2)
      try second.restore(state)
      #expect(second.checkpoint() == state && second.isValidationDue == first.isValidationDue && second.isComplete == first.isComplete)
      try second.run()
      #expect(try second.trace == whole.trace && second.files() == whole.files())
    }
  }

  @Test("a validation that is cancelled has changed nothing, and comes first when the run goes on")
  func cancelled() throws {
    let whole = try Self.trainer(Self.parameters())
    try whole.run()
    let trainer = try Self.trainer(Self.parameters(), microBatchTokens: 1)
    var asked = 0
    // Asked before the first three steps, before the validation, before each of its parts.
    #expect(throws: TrainingError.cancelled(step: 3)) { try trainer.run(isCancelled: { asked += 1; return asked == 6 }) }
    #expect(trainer.isValidationDue)
    let other = try Self.trainer(Self.parameters())
    try other.restore(trainer.checkpoint())
    try other.run()
    #expect(try other.trace == whole.trace && other.files() == whole.files())
  }

  @Test("the trace commits to the validation part and its losses, survives its JSON, and refuses numbers that are no sums")
  func trace() throws {
    let trainer = try Self.trainer(Self.parameters())
    try trainer.run()
    let trace = trainer.trace
    #expect(try TrainingTrace(canonical: JSONValue(parsing: trace.canonical.canonical)) == trace)
    let other = try Self.trainer(Self.parameters(), part: Array(Self.part.dropLast()))
    #expect(other.trace.difference(from: trace) == .commitment("validation"))
    #expect(throws: TrainingError.checkpointOfAnotherRun(what: "validation part")) { try other.restore(trainer.checkpoint()) }
    for number in [-1, Int64.min, Int64.max] as [Int64] {
      let steps = trace.steps.map { step in step.validation.map { _ in step.with(validation: number) } ?? step }
      #expect(TrainingTrace(canonical: TrainingTrace(commitments: trace.commitments, steps: steps).canonical) == nil)
    }
  }

  @Test("of one step a loss that was claimed otherwise is named; a run that was cut short or goes on too long is no run")
  func opened() throws {
    let parameters = Self.parameters(stopping: ValidationSettings.Stopping(patience: 7, minimumChange: 0))
    let run = try Self.trainer(parameters)
    try run.run()
    let honest = run.trace
    try #require(honest.steps.count > 20 && run.isStopped)
    let opener = try Self.trainer(parameters)
    #expect(try opener.difference(upTo: 16, of: honest) == nil)
    let state = opener.checkpoint()
    func difference(_ step: Int, _ claimed: TrainingTrace) throws -> TraceDifference? {
      try Self.trainer(parameters, threads: 2).difference(atStep: step, of: claimed, opened: state)
    }
    for step in 17...honest.steps.count where (step - 1) / 16 == 1 { #expect(try difference(step, honest) == nil) }
    func claimed(_ index: Int, _ validation: Int64?) -> TrainingTrace {
      TrainingTrace(commitments: honest.commitments, steps: honest.steps.enumerated().map { $0 == index ? $1.with(validation: validation) : $1 })
    }
    let loss = try #require(honest.steps[17].validation)
    #expect(try difference(18, claimed(17, loss + 1)) == .step(18, .validation))
    #expect(try difference(18, claimed(17, nil)) == .step(18, .validation))
    #expect(try difference(17, claimed(16, loss)) == .step(17, .validation))
    // Among the steps that are not taken again: said where none is measured, and not said where one is.
    #expect(try difference(17, claimed(0, loss)) == .step(1, .validation))
    #expect(try difference(17, claimed(5, nil)) == .step(6, .validation))
    let many = TrainingTrace(commitments: honest.commitments, steps: honest.steps.enumerated().map { $0 < 5 ? $1.with(validation: loss) : $1 })
    #expect(try difference(17, many) == .step(1, .validation))
    let short = TrainingTrace(commitments: honest.commitments, steps: honest.steps.dropLast())
    #expect(try difference(18, short) == .length(short.steps.count))
    let long = TrainingTrace(commitments: honest.commitments, steps: honest.steps + [honest.steps[17]])
    #expect(try difference(18, long) == .length(honest.steps.count))
  }

  @Test("progress is what falls by more than the change since the last progress; the least loss is kept in any case")
  func progress() {
    func best(_ progress: EarlyStopping) -> [Int64] { progress.best.map { [Int64($0.step), $0.loss] } ?? [] }
    func follow(_ losses: [Int64], patience: Int, change: Double) -> EarlyStopping {
      var progress = EarlyStopping(ValidationSettings.Stopping(patience: patience, minimumChange: change), tokenCount: 1)
      for (index, loss) in losses.enumerated() where !progress.isOver { progress.note(loss, step: index + 1) }
      return progress
    }
    let nat: Int64 = 1 << 20
    #expect(best(follow([5, 4, 3, 2], patience: 1, change: 0)) == [4, 2])
    #expect(best(follow([5, 5, 4], patience: 1, change: 0)) == [1, 5])
    #expect(best(follow([5, 6, 6, 4], patience: 3, change: 0)) == [4, 4])
    #expect(best(follow([5, 6, 6, 4], patience: 2, change: 0)) == [1, 5])
    // Falls that are small each, and add up.
    let slow = (0..<10).map { 10 * nat - $0 * (nat / 2) }
    #expect(!follow(slow, patience: 3, change: 1).isOver)
    #expect(best(follow(slow, patience: 2, change: 1)) == [3, 9 * nat])
    // Exactly the change is no progress.
    #expect(follow([2 * nat, nat], patience: 1, change: 1).isOver)
    #expect(!follow([2 * nat, nat - 1], patience: 1, change: 1).isOver)
  }

  @Test("the digest of the parameters knows it; what cannot be is refused")
  func refused() throws {
    var parameters = SmallTraining.parameters()
    let plain = parameters.digest
    let settings = [
      ValidationSettings(interval: .epoch), ValidationSettings(interval: .steps(2)),
      ValidationSettings(interval: .epoch, stopping: .init(patience: 2, minimumChange: 0)),
      ValidationSettings(interval: .epoch, stopping: .init(patience: 2, minimumChange: 0.5)),
    ]
    let digests = settings.map { (setting: ValidationSettings) -> Digest in
      parameters.validation = setting
      return parameters.digest
    }
    #expect(Set(digests + [plain]).count == 5)
    let impossible = [
      ValidationSettings(interval: .steps(0)), ValidationSettings(interval: .epoch, stopping: .init(patience: 0, minimumChange: 0)),
      ValidationSettings(interval: .epoch, stopping: .init(patience: 1, minimumChange: -.ulpOfOne)),
      ValidationSettings(interval: .epoch, stopping: .init(patience: 1, minimumChange: .nan)),
    ]
    for setting in impossible {
      parameters.validation = setting
      #expect(throws: TrainingError.impossibleParameter("validation")) { try Self.trainer(parameters) }
    }
    #expect(throws: TrainingError.nothingToValidate(exampleCount: 0)) { try Self.trainer(Self.parameters(), part: []) }
    let silent = EncodedExample(recordID: SmallTraining.id(9), tokens: [1, 2, 3], supervised: [true, false, false])
    #expect(throws: TrainingError.nothingToValidate(exampleCount: 1)) { try Self.trainer(Self.parameters(), part: [silent]) }
    let foreign = EncodedExample(recordID: SmallTraining.id(9), tokens: [1, 99], supervised: [true, true])
    #expect(throws: TrainingError.tokenOutsideVocabulary(SmallTraining.id(9), token: 99, vocabularySize: 37)) {
      try Self.trainer(Self.parameters(), part: [foreign])
    }
  }

  @Test("the estimate counts the validations, and the state that is kept")
  func estimate() throws {
    func estimate(_ parameters: TrainingParameters) throws -> TrainingEstimate {
      try TrainingEstimate(base: SmallTraining.configuration(), examples: SmallTraining.examples, validation: Self.part, parameters: parameters)
    }
    var plain = Self.parameters()
    plain.validation = nil
    let (bare, rare, often) = (try estimate(plain), try estimate(Self.parameters(every: .steps(30), stopping: nil)), try estimate(Self.parameters(stopping: nil)))
    // Sixty steps: after every third there are ten times as many as after every thirtieth.
    #expect(abs((often.operations - bare.operations) / (rare.operations - bare.operations) - 10) < 1e-9)
    #expect(try estimate(Self.parameters()).peakByteCount > often.peakByteCount && often.stepCount == bare.stepCount)
  }
}

extension TrainingTrace.Step {
  fileprivate func with(validation: Int64?) -> Self {
    Self(lossNatsPerToken: lossNatsPerToken, gradientNorm: gradientNorm, state: state, validation: validation)
  }
}
