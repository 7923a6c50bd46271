import Artifacts
import Engine
import Foundation
import Substrates
import Testing

@Suite("The plan of a training")
struct PlanTests {
  @Test("it is what the engine follows: as many steps, the same rates, the same number of tokens to learn in each", arguments: [1, 3])
  func followed(epochs: Int) throws {
    let job = try SmallJob.job(epochs: epochs)
    let plan = try TrainingPlan(base: job.base.configuration, examples: job.train.examples, parameters: job.parameters)
    let trainer = try Trainer(base: job.base, examples: job.train.examples, parameters: job.parameters, threads: 1)
    var reports: [StepReport] = []
    try trainer.run(report: { reports.append($0) })
    #expect(plan.steps.map(\.learningRate) == reports.map(\.learningRate))
    #expect(Set(reports.map(\.learningRate)).count > 1, "a schedule that never changes shows nothing")
    let learnt = plan.steps.map { $0.examples.reduce(0) { $0 + job.train.examples[$1].supervisedTokenCount } }
    #expect(learnt == reports.map(\.supervisedTokenCount))
    #expect(plan.steps.flatMap(\.examples).sorted() == job.train.examples.indices.flatMap { Array(repeating: $0, count: epochs) })
  }

  @Test("its lines are JSON that gives the examples back: a label for each token, never the first")
  func lines() throws {
    let examples = try SmallJob.job().train
    let lines = String(decoding: examples.jsonLines, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == examples.examples.count)
    for (line, example) in zip(lines, examples.examples) {
      let value = try JSONValue(parsing: Data(line.utf8))
      #expect(value["input_ids"]?.array?.compactMap(\.integer) == example.tokens.map(Int64.init))
      let labels = value["labels"]?.array?.compactMap(\.integer) ?? []
      #expect(labels.count == example.tokens.count && labels.first == -100)
      #expect(labels.count { $0 != -100 } == example.supervisedTokenCount)
    }
  }
}
