import Engine
import Substrates
import Synchronization
import Testing

/// A training that is allowed less memory takes more time and gives the same bytes, and says so before it begins.
@Suite("Memory")
struct MemoryTests {
  @Test("with less memory the same bytes, and the way is said")
  func less() async throws {
    let job = try SmallJob.job()
    let free = try Bench()
    let reference = try await train(job, at: try free.workbench())
    #expect(!free.told.withLock { $0.notes }.contains { $0.contains("to fit into memory") })
    func estimate(_ economy: TrainingEconomy) throws -> Int {
      try TrainingEstimate(
        base: job.base.configuration, examples: job.train.examples, parameters: job.parameters, microBatchTokens: economy.microBatchTokens,
        activations: economy.activations
      ).peakByteCount
    }
    let sizes = try TrainingEconomy.all.map(estimate)
    for size in Set(sizes) {
      let bench = try Bench()
      let other = try await train(job, at: try bench.workbench(memoryByteCount: Int64(size)))
      #expect(other.files == reference.files && other.account == reference.account)
      #expect(bench.told.withLock { $0.notes }.contains { $0.contains("to fit into memory") } == (size < sizes[0]))
    }
    let least = try #require(sizes.min())
    #expect(least < sizes[0])
    await #expect(throws: NotEnoughMemory.self) {
      _ = try await EmbeddedSubstrate().train(job, at: try Bench().workbench(memoryByteCount: Int64(least - 1)))
    }
  }

  private func train(_ job: TrainingJob, at bench: Workbench) async throws -> TrainedCandidate {
    guard case .trained(let candidate) = try await EmbeddedSubstrate().train(job, at: bench) else { throw Diverged() }
    return candidate
  }

  private struct Diverged: Error {}
}
