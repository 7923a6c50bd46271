import Artifacts
import Engine
import Foundation
import Testing

@Suite("Training without some of the examples")
struct LeftOutTests {
  private static func examples(without ordinals: Set<Int>) -> [EncodedExample] {
    SmallTraining.examples.enumerated().map { ordinal, example in
      var example = example
      example.isLeftOut = ordinals.contains(ordinal)
      return example
    }
  }

  private static func parameters(_ examplesPerBatch: Int) -> TrainingParameters {
    var parameters = SmallTraining.parameters(TrainerTests.dropping, length: .epochs(3))
    (parameters.examplesPerBatch, parameters.warmupFraction) = (examplesPerBatch, 0.3)
    return parameters
  }

  private static func plan(without ordinals: Set<Int>, _ parameters: TrainingParameters) throws -> TrainingPlan {
    try TrainingPlan(base: SmallTraining.configuration(), examples: examples(without: ordinals), parameters: parameters)
  }

  private static func trainer(without ordinals: Set<Int>, _ parameters: TrainingParameters) throws -> Trainer {
    try Trainer(base: SmallTraining.base(), examples: examples(without: ordinals), parameters: parameters, threads: 2)
  }

  @Test("the others stay in their steps, at their rates; a step of which nothing is left is not taken", arguments: [1, 2, 3, 8])
  func plan(examplesPerBatch: Int) throws {
    let parameters = Self.parameters(examplesPerBatch)
    let whole = try Self.plan(without: [], parameters).steps
    for group: Set<Int> in [[1], [0, 4, 5], [1, 2, 4, 5, 7]] {
      let rest = whole.map { ($0.examples.filter { !group.contains($0) }, $0.learningRate) }.filter { !$0.0.isEmpty }
      let found = try Self.plan(without: group, parameters).steps
      #expect(found.map(\.examples) == rest.map(\.0) && found.map(\.learningRate) == rest.map(\.1))
    }
    #expect(try Self.plan(without: [1, 2, 4, 5, 7], Self.parameters(1)).steps.count < Self.plan(without: [], Self.parameters(1)).steps.count)
  }

  /// At a rate that changes nothing, a step's loss and gradient depend on its own examples and on what they drop.
  @Test("a step that lost nothing computes what it computed, dropout included; one that lost an example does not")
  func steps() throws {
    var parameters = Self.parameters(2)
    (parameters.learningRate, parameters.weightDecay) = (1e-30, 0)
    let whole = try Self.trainer(without: [], parameters)
    let without = try Self.trainer(without: [4], parameters)
    try whole.run()
    try without.run()
    let planned = try Self.plan(without: [], parameters).steps
    #expect(planned.count == whole.trace.steps.count && planned.count == without.trace.steps.count)
    for (step, (own, other)) in zip(planned, zip(whole.trace.steps, without.trace.steps)) {
      let isSame = own.lossNatsPerToken == other.lossNatsPerToken && own.gradientNorm == other.gradientNorm
      #expect(isSame != step.examples.contains(4))
    }
  }

  /// Validations are measured where the whole training measures them, whatever is left of the steps between.
  @Test("it is measured on the validation part after the planned steps", arguments: [1, 2, 3])
  func validations(examplesPerBatch: Int) throws {
    for interval: ValidationSettings.Interval in [.epoch, .steps(2), .steps(3)] {
      var parameters = Self.parameters(examplesPerBatch)
      parameters.validation = ValidationSettings(interval: interval)
      func trainer(without ordinals: Set<Int>) throws -> Trainer {
        try Trainer(
          base: SmallTraining.base(), examples: Self.examples(without: ordinals), validation: [SmallTraining.example(30, length: 9)], parameters: parameters,
          threads: 1)
      }
      let whole = try trainer(without: [])
      try whole.run()
      let planned = try Self.plan(without: [], parameters).steps.map(\.examples)
      let measured = whole.trace.steps.indices.filter { whole.trace.steps[$0].validation != nil }
      for group: Set<Int> in [[1], [0, 4, 5], [1, 2, 4, 5, 7]] {
        let without = try trainer(without: group)
        try without.run()
        // Of each measured step, how many steps up to it have something left; a stretch of which nothing is left is measured at its end no more.
        let left = planned.map { !group.isSuperset(of: $0) }
        let wanted = Set(measured.map { last in left[...last].count { $0 } }.filter { $0 > 0 })
        #expect(Set(without.trace.steps.indices.filter { without.trace.steps[$0].validation != nil }.map { $0 + 1 }) == wanted)
      }
    }
  }

  @Test("nothing left out is the training itself; what is not learned anyway changes nothing when it goes")
  func nothing() throws {
    let parameters = Self.parameters(3)
    let whole = try Self.trainer(without: [], parameters)
    // Of 2 and of 1 token: no target.
    let without = try Self.trainer(without: [6], parameters)
    try whole.run()
    try without.run()
    #expect(try whole.trace == without.trace && whole.files() == without.files())
  }

  @Test("its checkpoint goes on to the same bytes, and is none of the whole training's; with nothing left it is refused")
  func states() throws {
    let parameters = Self.parameters(2)
    let reference = try Self.trainer(without: [0, 3], parameters)
    try reference.run()
    let half = try Self.trainer(without: [0, 3], parameters)
    for _ in 0..<4 { _ = try half.step() }
    let rest = try Self.trainer(without: [0, 3], parameters)
    try rest.restore(half.checkpoint())
    try rest.run()
    #expect(rest.trace == reference.trace)
    #expect(throws: TrainingError.self) { try Self.trainer(without: [], parameters).restore(half.checkpoint()) }
    #expect(throws: TrainingError.nothingLeft) { try Self.trainer(without: Set(0..<8), parameters) }
  }
}
