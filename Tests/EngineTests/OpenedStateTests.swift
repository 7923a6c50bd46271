import Artifacts
import Engine
import Foundation
import Hashing
import Testing

@Suite("Opened states")
struct OpenedStateTests {
  private static let parameters = SmallTraining.parameters(length: .steps(37))

  private static func trainer() throws -> Trainer { try SmallTraining.trainer(parameters, threads: 2) }

  private func run() throws -> TrainingTrace {
    let trainer = try Self.trainer()
    try trainer.run()
    return trainer.trace
  }

  private func state(after count: Int) throws -> Data {
    let trainer = try Self.trainer()
    for _ in 0..<count { _ = try trainer.step() }
    return trainer.checkpoint()
  }

  @Test("a step is checked from the last committed state before it", arguments: [(1, 0), (16, 0), (17, 16), (32, 16), (33, 32), (37, 32)])
  func openings(step: Int, opening: Int) throws {
    #expect(TrainingTrace.opening(before: step) == opening)
    let claimed = try run()
    let opened = opening == 0 ? nil : try state(after: opening)
    var taken: [Int] = []
    let difference = try Self.trainer().difference(atStep: step, of: claimed, opened: opened) { taken.append($0.completedSteps) }
    #expect(difference == nil)
    #expect(taken == Array(opening + 1...step))
  }

  @Test("what a run claims otherwise is named, and nothing before the opened state is looked at")
  func differences() throws {
    let honest = try run()
    func claimed(_ index: Int, _ change: (TrainingTrace.Step) -> TrainingTrace.Step) -> TrainingTrace {
      TrainingTrace(commitments: honest.commitments, steps: honest.steps.enumerated().map { $0 == index ? change($1) : $1 })
    }
    let other = Digest(hashing: Data("other".utf8))
    let loss = claimed(19) { TrainingTrace.Step(lossNatsPerToken: $0.lossNatsPerToken.nextUp, gradientNorm: $0.gradientNorm, state: $0.state) }
    let norm = claimed(19) { TrainingTrace.Step(lossNatsPerToken: $0.lossNatsPerToken, gradientNorm: $0.gradientNorm.nextDown, state: $0.state) }
    let root = claimed(31) { TrainingTrace.Step(lossNatsPerToken: $0.lossNatsPerToken, gradientNorm: $0.gradientNorm, state: other) }
    let opened = try state(after: 16)
    #expect(try Self.trainer().difference(atStep: 20, of: loss, opened: opened) == .step(20, .loss))
    #expect(try Self.trainer().difference(atStep: 25, of: norm, opened: opened) == .step(20, .norm))
    #expect(try Self.trainer().difference(atStep: 32, of: root, opened: opened) == .step(32, .state))
    #expect(try Self.trainer().difference(atStep: 19, of: loss, opened: opened) == nil)
    let early = claimed(3) { TrainingTrace.Step(lossNatsPerToken: $0.lossNatsPerToken + 1, gradientNorm: $0.gradientNorm, state: $0.state) }
    #expect(try Self.trainer().difference(atStep: 20, of: early, opened: opened) == nil)
    #expect(try Self.trainer().difference(upTo: 16, of: early) == .step(4, .loss))
  }

  @Test("a state that the run does not commit to is not believed")
  func forged() throws {
    let claimed = try run()
    #expect(throws: TrainingError.stateOfAnotherStep(found: 15, wanted: 16)) {
      _ = try Self.trainer().difference(atStep: 20, of: claimed, opened: try state(after: 15))
    }
    var damaged = try state(after: 16)
    damaged[damaged.count - 1] ^= 1
    #expect(throws: TrainingError.checkpointDamaged) { _ = try Self.trainer().difference(atStep: 20, of: claimed, opened: damaged) }
    // Whole in itself, and of another number than the run came to.
    let forged = Digest(hashing: damaged.dropFirst(Digest.byteCount)).bytes + damaged.dropFirst(Digest.byteCount)
    #expect(throws: TrainingError.stateNotCommitted(step: 16)) { _ = try Self.trainer().difference(atStep: 20, of: claimed, opened: Data(forged)) }
  }
}
