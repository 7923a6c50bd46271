import Artifacts
import Engine
import Foundation
import Substrates
import Synchronization
import Testing

/// What holds for every substrate, whatever trains behind it.
@Suite("Every substrate")
struct ConformanceTests {
  enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded, command

    var testDescription: String { rawValue }

    func substrate(_ bench: Bench, doing what: String = "good") -> any Substrate {
      switch self {
      case .embedded: EmbeddedSubstrate()
      case .command: bench.command(what, limits: .init(grace: .milliseconds(200)))
      }
    }
  }

  @Test("the adapter is the promised one, in canonical bytes", arguments: Kind.allCases)
  func trains(kind: Kind) async throws {
    let bench = try Bench()
    let job = try SmallJob.job()
    let candidate = try await trained(try await kind.substrate(bench).train(job, at: try bench.workbench()))
    let adapter = try AdapterFolder(files: candidate.files)
    try adapter.check(against: job.base.configuration)
    #expect(adapter.configuration == AdapterConfiguration(rank: 2, alpha: 4, targets: [.query, .down], baseName: TrainingJob.baseName))
    #expect(adapter.files == candidate.files)
    #expect(adapter.tensors.map(\.values) != (try start(of: job)).tensors.map(\.values), "it learnt nothing")
  }

  @Test("progress is told, and ends where the work ends", arguments: Kind.allCases)
  func progress(kind: Kind) async throws {
    let bench = try Bench()
    let job = try SmallJob.job()
    _ = try await kind.substrate(bench).train(job, at: try bench.workbench())
    let steps = try TrainingPlan(base: job.base.configuration, examples: job.train.examples, parameters: job.parameters).steps.count
    let last = try #require(bench.told.withLock { $0.progress.last })
    #expect(last.done == Int64(steps) && last.total == Int64(steps) && last.unit == "steps")
  }

  @Test("the account says what the word is worth, and holds nothing of a record", arguments: Kind.allCases)
  func account(kind: Kind) async throws {
    let bench = try Bench()
    let substrate = kind.substrate(bench)
    let account = try await trained(try await substrate.train(try SmallJob.job(), at: try bench.workbench())).account
    #expect((account["label"]?.string ?? "reproducible") == substrate.capabilities.label)
    #expect(account["counts"]?["examples"]?.integer == 8)
    #expect(!account.canonicalText.contains("tide"))
  }

  @Test("whoever says reproducible gives the same bytes again", arguments: Kind.allCases)
  func reproducible(kind: Kind) async throws {
    let bench = try Bench()
    let substrate = kind.substrate(bench)
    guard substrate.capabilities.isReproducible else { return }
    let job = try SmallJob.job()
    let first = try await trained(try await substrate.train(job, at: try bench.workbench()))
    let second = try await trained(try await substrate.train(job, at: try bench.workbench()))
    #expect(first.files == second.files && first.account == second.account)
  }

  @Test("stopped, whoever resumes has kept its state and comes to the same bytes; whoever does not has kept none", arguments: Kind.allCases)
  func resumes(kind: Kind) async throws {
    let bench = try Bench()
    let substrate = kind.substrate(bench)
    let job = try SmallJob.job(epochs: 40)
    let whole = try await trained(try await substrate.train(job, at: try bench.workbench()))
    let stopped = Task {
      try await substrate.train(job, at: try bench.workbench(onProgress: { _ in withUnsafeCurrentTask { $0?.cancel() } }))
    }
    if kind == .command { stopped.cancel() }  // Its progress is told on another task than the one that waits.
    await #expect(throws: CancellationError.self) { _ = try await stopped.value }
    #expect(bench.told.withLock { $0.state != nil } == substrate.capabilities.resumes)
    guard substrate.capabilities.resumes else { return }
    #expect(bench.told.withLock { 0 < $0.largestPiece && $0.largestPiece <= 1 << 20 })
    let resumed = try await trained(try await substrate.train(job, at: try bench.workbench()))
    #expect(resumed.files == whole.files && resumed.account == whole.account)
    #expect(bench.told.withLock { $0.notes.contains { $0.hasPrefix("going on from step 1 of") } })
  }

  @Test("the deadline ends the work", arguments: Kind.allCases)
  func deadline(kind: Kind) async throws {
    let bench = try Bench()
    let substrate = kind.substrate(bench, doing: "silent")
    let job = try SmallJob.job(epochs: 100_000)
    await #expect(throws: DeadlinePassed.self) { _ = try await substrate.train(job, at: try bench.workbench(within: .milliseconds(300))) }
  }

  @Test("numbers that run away are an outcome, with the step", arguments: Kind.allCases)
  func divergence(kind: Kind) async throws {
    let bench = try Bench()
    let job = try SmallJob.job(learningRate: 10, scale: 1e18)
    guard case .diverged(let divergence) = try await kind.substrate(bench, doing: "diverged").train(job, at: try bench.workbench()) else {
      Issue.record("it did not diverge")
      return
    }
    #expect(divergence.document["schema"] == "soulpack.divergence/1")
    #expect(divergence.document["step"]?.integer == (kind == .command ? 1 : divergence.step) && divergence.step >= 0)
    #expect(divergence.document["reason"]?.string?.isEmpty == false)
  }

  @Test("a job without a token to learn is refused before anything runs", arguments: Kind.allCases)
  func nothingToLearn(kind: Kind) async throws {
    let bench = try Bench()
    let job = try SmallJob.job(texts: [])
    await #expect(throws: TrainingError.nothingSupervised(exampleCount: 0)) {
      _ = try await kind.substrate(bench).train(job, at: try bench.workbench())
    }
    #expect(bench.told.withLock { $0.progress.isEmpty })
  }

  @Test("a method that a substrate offers is carried out, another is refused", arguments: Kind.allCases)
  func methods(kind: Kind) async throws {
    let bench = try Bench()
    let substrate = kind.substrate(bench)
    let job = try SmallJob.job(.full)
    if substrate.capabilities.methods.contains(.full) {
      let candidate = try await trained(try await substrate.train(job, at: try bench.workbench()))
      #expect(candidate.files.keys.sorted() == ["config.json", "model.safetensors", "tokenizer.json"])
    } else {
      await #expect(throws: JobFailure.self) { _ = try await substrate.train(job, at: try bench.workbench()) }
    }
  }

  private func trained(_ outcome: TrainingOutcome) async throws -> TrainedCandidate {
    guard case .trained(let candidate) = outcome else { throw DidNotTrain() }
    return candidate
  }

  private struct DidNotTrain: Error {}

  private func start(of job: TrainingJob) throws -> AdapterFolder {
    try AdapterFolder.fresh(AdapterConfiguration(rank: 2, alpha: 4, targets: [.query, .down]), on: job.base.configuration, seed: job.parameters.seed)
  }
}
