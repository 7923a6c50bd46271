// swift run -c release engine-bench [LAYERS]
//
// How training scales, as ratios within one run: threads, vector paths, micro-batches, methods; and whether all ways gave the same
// bytes. The generic path is left to the self-check: it is made to be plain, not fast. The model has the sizes of SmolLM2-135M with fewer layers (six where not said), random weights and random tokens; a batch is
// four examples of 256 tokens, LoRA of rank 8 on all linear maps. Each figure is the best of three steps.
import Artifacts
import Engine
import Foundation
import Hashing

@main
struct EngineBench {
  static func main() throws {
    let layers = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 6
    let bench = try EngineBench(layers: layers)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let widest = VectorPath.available[VectorPath.available.count - 1]
    let best = try bench.measure("LoRA, \(cores) threads, \(widest)", threads: cores, against: nil)
    _ = try bench.measure("one thread", threads: 1, against: best)
    _ = try bench.measure("micro-batches of one example", threads: cores, microBatchTokens: 1, against: best)
    for path in VectorPath.available.dropFirst().dropLast() { _ = try bench.measure("\(path)", threads: cores, path: path, against: best) }
    _ = try bench.measure("full", method: .full, threads: cores, against: best)
    let products = MachineSpeed.operationsPerSecond(threads: cores)
    let achieved = try bench.operationsPerToken * best.tokensPerSecond
    write("products alone reach \(Int(products / 1e9)) GFLOP/s, LoRA training \(Int(achieved / 1e9)): \(ratio(achieved, products))")
  }

  private struct Measurement {
    let tokensPerSecond: Double
    let adapter: Digest
  }

  private let base: ModelFolder
  private let examples: [EncodedExample]
  private static let lora = TrainingParameters.Method.lora(rank: 8, alpha: 16, targets: TrainingParameters.allLinear)

  private init(layers: Int) throws {
    let configuration = ModelConfiguration(
      vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536, layerCount: layers, headCount: 9, keyValueHeadCount: 3,
      ropeTheta: 100_000, maximumPositionCount: 2048)
    base = try ModelFolder.fresh(configuration, seed: 1)
    examples = (0..<4).map { ordinal in
      let tokens = (0..<256).map { Int32(($0 * 7919 + ordinal * 104_729) % 49152) }
      return EncodedExample(recordID: RecordID(Digest(hashing: [UInt8(ordinal)])), tokens: tokens, supervised: tokens.map { _ in true })
    }
  }

  private func parameters(_ method: TrainingParameters.Method) -> TrainingParameters {
    TrainingParameters(method: method, length: .steps(3), examplesPerBatch: 4, maximumTokens: 256)
  }

  private var operationsPerToken: Double {
    get throws {
      let estimate = try TrainingEstimate(base: base.configuration, examples: examples, parameters: parameters(Self.lora))
      return estimate.operations / Double(estimate.tokenCount)
    }
  }

  private func measure(
    _ name: String, method: TrainingParameters.Method = lora, threads: Int, microBatchTokens: Int = 4096, path: VectorPath? = nil,
    against best: Measurement?
  ) throws -> Measurement {
    let measurement = try (path ?? VectorPath.available[VectorPath.available.count - 1]).whileForced {
      let trainer = try Trainer(
        base: base, examples: examples, parameters: parameters(method), threads: threads, microBatchTokens: microBatchTokens)
      var fastest = 0.0
      try trainer.run(report: { fastest = max(fastest, $0.tokensPerSecond) })
      return Measurement(tokensPerSecond: fastest, adapter: trainer.trace.root)
    }
    var line = "\(name): \(Int(measurement.tokensPerSecond)) tokens/s"
    if let best {
      line += ", \(ratio(measurement.tokensPerSecond, best.tokensPerSecond)) of the first"
      if method != .full { line += measurement.adapter == best.adapter ? ", same bytes" : ", OTHER BYTES" }
    }
    write(line)
    return measurement
  }
}

private func ratio(_ part: Double, _ whole: Double) -> String { String(format: "%.2f", part / whole) }

/// Unbuffered: a run takes minutes, and each line is worth reading as it comes.
private func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
