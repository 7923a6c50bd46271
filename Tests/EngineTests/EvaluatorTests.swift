import Engine
import Foundation
import Testing

@Suite("Scores")
struct EvaluatorTests {
  @Test("a score is the same integers on any number of threads, with any micro-batch, in any order of records")
  func invariance() throws {
    let base = try SmallTraining.base()
    let reference = try Evaluator(base: base, threads: 1).score(SmallTraining.examples, maximumTokens: 64)
    for (threads, bound) in [(1, 1), (2, 20), (3, 4096)] {
      let evaluator = try Evaluator(base: base, threads: threads, microBatchTokens: bound)
      #expect(try evaluator.score(SmallTraining.examples, maximumTokens: 64) == reference)
      #expect(try evaluator.score(SmallTraining.examples.reversed(), maximumTokens: 64).records == reference.records.reversed())
    }
  }

  @Test("a score agrees with the loss that training reports")
  func agreement() throws {
    var parameters = SmallTraining.parameters(length: .steps(1))
    parameters.examplesPerBatch = 8
    let loss = try SmallTraining.trainer(parameters).step().lossNatsPerToken
    let score = try Evaluator(base: SmallTraining.base(), threads: 1).score(SmallTraining.examples, maximumTokens: 64)
    #expect(abs(score.lossNatsPerToken - loss) < 1e-6)
    #expect(score.tokenCount == SmallTraining.examples.reduce(0) { $0 + $1.supervisedTokenCount })
  }

  @Test("a trained adapter scores lower on what it learnt, and a fresh one scores as its base")
  func adapters() throws {
    let base = try SmallTraining.base()
    let trainer = try SmallTraining.trainer(SmallTraining.parameters(length: .epochs(8)))
    let fresh = try trainer.adapter()
    try trainer.run()
    let bare = try Evaluator(base: base, threads: 1).score(SmallTraining.examples, maximumTokens: 64)
    let trained = try Evaluator(base: base, adapter: trainer.adapter(), threads: 1).score(SmallTraining.examples, maximumTokens: 64)
    #expect(try Evaluator(base: base, adapter: fresh, threads: 1).score(SmallTraining.examples, maximumTokens: 64) == bare)
    #expect(trained.scaledLoss < bare.scaledLoss)
  }

  @Test("records without a supervised token score nothing, and long ones are scored on their beginning")
  func edges() throws {
    let evaluator = try Evaluator(base: SmallTraining.base(), threads: 1)
    let short = EncodedExample(recordID: SmallTraining.id(1), tokens: [4], supervised: [true])
    let empty = EncodedExample(recordID: SmallTraining.id(2), tokens: [], supervised: [])
    let score = try evaluator.score([short, empty, SmallTraining.examples[4]], maximumTokens: 10)
    #expect(score.records.map(\.tokenCount) == [0, 0, 6])
    #expect(score.records.map(\.scaledLoss).prefix(2) == [0, 0])
    #expect(throws: TrainingError.tooLong(maximumTokens: 65, positions: 64)) { try evaluator.score([short], maximumTokens: 65) }
  }
}
