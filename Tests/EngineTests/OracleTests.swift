import Artifacts
import Engine
import Foundation
import Hashing
import Testing

/// The engine against the page: `oracle/` computes docs/numerics.md a second time, and every bit must be the same.
@Suite("Oracle", .serialized)
struct OracleTests {
  @Test("losses, norms, rates, parameters, moments and scores have the oracle's bits", arguments: OracleProgram.Compiler.allCases)
  func agreement(compiler: OracleProgram.Compiler) throws {
    guard let path = compiler.path else { try Test.cancel("no \(compiler.rawValue) on PATH") }
    let oracle = try OracleProgram(path)
    var clips: [Double] = []
    for job in try OracleJob.all() {
      let engine = try EngineAnswer(job)
      let answer = try oracle.answer(job, steps: engine.steps.count)
      #expect(try engine.differences(from: answer) == [], "\(job.name), built by \(compiler.rawValue)")
      clips += answer.steps.map(\.clip)
    }
    #expect(clips.contains { $0 < 1 } && clips.contains(1), "the jobs clip some steps and leave others")
  }

  @Test("every vector path, with any threads and micro-batches, has the oracle's bits", arguments: VectorPath.available)
  func paths(path: VectorPath) throws {
    guard let compiler = OracleProgram.Compiler.first?.path else { try Test.cancel("no C compiler on PATH") }
    let oracle = try OracleProgram(compiler)
    for job in try OracleJob.all() {
      let answer = try oracle.answer(job, steps: job.trainer().totalSteps)
      for (threads, microBatchTokens) in [(1, 1), (3, 24), (2, 4096)] {
        let engine = try path.whileForced { try EngineAnswer(job, threads: threads, microBatchTokens: microBatchTokens) }
        #expect(
          try engine.differences(from: answer) == [],
          "\(job.name) on the \(path) path, \(threads) threads, micro-batches of \(microBatchTokens) tokens")
      }
    }
  }

  @Test("initial values have the oracle's bits")
  func initialValues() throws {
    guard let compiler = OracleProgram.Compiler.first?.path else { try Test.cancel("no C compiler on PATH") }
    let oracle = try OracleProgram(compiler)
    for job in try OracleJob.all() where job.baseSeed != nil {
      let start = try job.trainer().adapter()?.tensors ?? job.base.tensors
      let answer = try oracle.answer(job, steps: 0)
      #expect(start.map(\.name) == answer.tensors.map(\.name))
      for (ours, theirs) in zip(start, answer.tensors) {
        #expect(ours.values.map(\.bitPattern) == theirs.values.map(\.bitPattern), "\(ours.name) of \(job.name)")
      }
    }
  }

  /// Each is what somebody could write who reads the page carelessly.
  private static let misreadings: [OracleProgram.Misreading] = [
    .init("32 lanes", in: "functions.c", "LANES = 64", "LANES = 32"),
    .init("squares rounded before they are added", in: "functions.c", "fmaf(a[i], b[i], lane[i % LANES])", "a[i] * b[i] + lane[i % LANES]"),
    .init("the last digit of a constant of exp", in: "functions.c", "0x1.11127p-7f", "0x1.111272p-7f"),
    .init("a factor of RMSNorm in another order", in: "operators.c", "d * rr;", "d * r[t] * r[t];"),
    .init("a turn without fma", in: "operators.c", "fmaf(*upper, a.cosine, -from_lower)", "*upper * a.cosine - from_lower"),
    .init("softmax by division", in: "operators.c", "w[j] = w[j] * z;", "w[j] = w[j] / (1 / z);"),
    .init("a coefficient before the difference", in: "operators.c", "x[j] = error * *coefficient;", "x[j] = probability * *coefficient - (j == target ? *coefficient : 0);"),
    .init("shorter blocks of the norm", in: "operators.c", "BLOCK = 4096", "BLOCK = 2048"),
    .init("warm-up from nothing", in: "operators.c", "(double)(step + 1)", "(double)step"),
    .init("a final norm that decays", in: "model.c", #""model.norm.weight", 1, config.hidden, false"#, #""model.norm.weight", 1, config.hidden, true"#),
    .init(
      "each adapter's dx after its own base", in: "model.c", "  }\n  for (size_t i = 0; i < maps; i++) {\n    const Linear *l = map[i];\n    if", "    if"),
    .init("the tied head in the embedding's chain", in: "model.c", "? tied_gradient :", "? embedding->gradient :"),
    .init("positions from the batch's start", in: "model.c", "batch.positions[batch.tokens] = i;", "batch.positions[batch.tokens] = batch.tokens;"),
    .init(
      "a bias before the adapter's part of the chain", in: "model.c", "    product_forward(tokens, map->outputs, map->rank, map->g, map->b->value, y);",
      "    if (map->bias) bias_forward(tokens, map->outputs, map->bias->value, y), map->bias = NULL;\n    product_forward(tokens, map->outputs, map->rank, map->g, map->b->value, y);"),
    .init("a factor of another row of heads", in: "model.c", "dk, layer->raw_k, layer->key_norm->value, layer->r_k", "dk, layer->raw_k, layer->key_norm->value, layer->r_q"),
    .init("the wavelengths of half turns", in: "operators.c", "0x1.921fb54442d18p+2", "0x1.921fb54442d18p+1"),
    .init("positions mixed the wrong way round", in: "operators.c", "(1 - s) * frequency", "s * frequency"),
    .init("the same inputs dropped in every epoch", in: "model.c", "(uint32_t)(first + e)", "(uint32_t)e"),
    .init("all maps of a layer drop alike", in: "model.c", " + (uint32_t)projection;", ";"),
    .init("α/r where α/√r is meant", in: "model.c", "shape->rank_stabilized ?", "0 ?"),
    .init("a bias that decays", in: "model.c", "append(&model->base, name, 1, outputs, false)", "append(&model->base, name, 1, outputs, true)"),
    .init("every example a candidate", in: "oracle.c", "if (supervised_count(&job->examples[e]) > 0)", "if (job->examples[e].count > 0)"),
  ]

  @Test("a misreading of the page is noticed", arguments: misreadings)
  func sensitivity(misreading: OracleProgram.Misreading) throws {
    guard let compiler = OracleProgram.Compiler.first?.path else { try Test.cancel("no C compiler on PATH") }
    let oracle = try OracleProgram(compiler, misreading: misreading)
    let noticed = try OracleJob.all().contains { job in
      let engine = try EngineAnswer(job)
      return try !engine.differences(from: oracle.answer(job, steps: engine.steps.count)).isEmpty
    }
    #expect(noticed)
  }
}

/// What the engine made of a job.
private struct EngineAnswer {
  let steps: [StepReport]
  let trace: TrainingTrace
  let tensors: [Tensor]
  let scores: [RecordScore]

  init(_ job: OracleJob, threads: Int = 1, microBatchTokens: Int = 4096) throws {
    let trainer = try job.trainer(threads: threads, microBatchTokens: microBatchTokens)
    var reports: [StepReport] = []
    try trainer.run(report: { reports.append($0) })
    steps = reports
    trace = trainer.trace
    let adapter = try trainer.adapter()
    let model = try trainer.model() ?? job.base
    tensors = adapter?.tensors ?? model.tensors
    let evaluator = try Evaluator(base: model, adapter: adapter, threads: threads, microBatchTokens: microBatchTokens)
    scores = try evaluator.score(job.examples, maximumTokens: job.parameters.maximumTokens).records
  }

  /// In words, the first of each kind.
  func differences(from oracle: OracleAnswer) throws -> [String] {
    var found: [String] = []
    let pairs = zip(steps, oracle.steps)
    try #require(steps.count == oracle.steps.count && trace.steps.count == steps.count)
    if let step = pairs.firstIndex(where: { $0.lossNatsPerToken.bitPattern != $1.loss }) { found.append("loss of step \(step)") }
    if let step = pairs.firstIndex(where: { $0.gradientNorm.bitPattern != $1.norm }) { found.append("norm of step \(step)") }
    if let step = pairs.firstIndex(where: { $0.learningRate.bitPattern != $1.rate }) { found.append("rate of step \(step)") }
    try #require(tensors.map(\.name) == oracle.tensors.map(\.name))
    for (ours, theirs) in zip(tensors, oracle.tensors) {
      try #require(ours.values.count == theirs.values.count)
      let index = zip(ours.values, theirs.values).firstIndex { $0.bitPattern != $1.bitPattern }
      if let index { found.append("\(ours.name)[\(index)]: \(ours.values[index]), the oracle \(theirs.values[index])") }
    }
    if trace.steps.last?.state != root(of: oracle) { found.append("root over parameters and moments") }
    let scores = scores.map { OracleAnswer.Score(scaledLoss: $0.scaledLoss, tokenCount: $0.tokenCount) }
    if scores != oracle.scores { found.append("scores") }
    return found
  }

  /// The trace's commitment to the state after the last step, made of the oracle's numbers.
  private func root(of oracle: OracleAnswer) -> Digest {
    let leaves = zip(tensors, oracle.tensors).flatMap { shape, trained in
      let head: JSONValue = ["name": .string(trained.name), "shape": .array(shape.shape.map { .integer(Int64($0)) })]
      let tiles = stride(from: 0, to: trained.values.count, by: 4096).map { first in
        let range = first..<min(first + 4096, trained.values.count)
        let numbers = trained.values[range] + trained.firstMoments[range] + trained.secondMoments[range]
        return Digest(hashing: Data(numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }))
      }
      return [Digest(hashing: head)] + tiles
    }
    return MerkleTree.root(of: leaves)
  }
}

extension Zip2Sequence {
  /// How many pairs stand before the first that `isFound`.
  fileprivate func firstIndex(where isFound: (Element) -> Bool) -> Int? { enumerated().first { isFound($0.element) }?.offset }
}
