import Artifacts
import Foundation
import Hashing
import Planning
import Running
import Store
import Synchronization
import Testing

@Suite("Carrying out a plan", .timeLimit(.minutes(1)))
struct BuildTests {
  @Test("an action runs after those it takes inputs from, and with their outputs")
  func order() async throws {
    let shop = try Workshop()
    let report = try await shop.build([Action("a"), Action("b", after: "a"), Action("c", after: "a", "b")], jobs: 4)
    #expect(shop.events == ["started a", "finished a", "started b", "finished b", "started c", "finished c"])
    #expect(report.isComplete && report.ranCount == 3)
    let a = try #require(report.output("out", of: "a"))
    let said = try JSONValue(parsing: try shop.store.objects.get(try #require(report.output("out", of: "b"))))
    #expect(said["inputs"]?["a"]?.digest == a)
  }

  @Test("what was done is not done again, whatever it is called now")
  func reuse() async throws {
    let shop = try Workshop()
    let first = try await shop.build([Action("a"), Action("b", after: "a")])
    let second = try await shop.build([Action("a"), Action("b", after: "a")])
    #expect(second.words == ["a reused", "b reused"] && second.output("out", of: "b") == first.output("out", of: "b"))
    #expect(try await shop.build([Action("renamed", says: "a")]).words == ["renamed reused"])
    #expect(try await shop.build([Action("a", says: "other")]).words == ["a ran"])
    #expect(try await shop.build([Action("a", kind: .split)]).words == ["a ran"])
  }

  @Test("a step that gives the same bytes as before cuts the work off there")
  func earlyCutOff() async throws {
    let shop = try Workshop()
    let constant: @Sendable (StepContext) throws -> [String: Digest] = { context in
      context.action.id == "a" ? ["out": try context.store.objects.put(Data("always".utf8))] : try Workshop.echo(context)
    }
    #expect(try await shop.build([Action("a"), Action("b", after: "a")], step: constant).ranCount == 2)
    let report = try await shop.build([Action("a", says: "changed"), Action("b", after: "a")], step: constant)
    #expect(report.words == ["a ran", "b reused"])
  }

  @Test("as many actions run at once as there are jobs, and never more", arguments: [1, 2, 3])
  func jobs(limit: Int) async throws {
    let shop = try Workshop()
    let room = Room()
    let report = try await shop.build((1...6).map { Action("a\($0)") }, jobs: limit) { context in
      try await room.visit(together: limit) { try Workshop.echo(context) }
    }
    #expect(report.ranCount == 6 && room.most == limit)
  }

  @Test("a score goes before the trainings that stand before it")
  func scoresFirst() async throws {
    let shop = try Workshop()
    _ = try await shop.build([Action("t1", kind: .train), Action("t2", kind: .train), Action("s", kind: .score), Action("s1", after: "t1", kind: .score)])
    #expect(shop.events.filter { $0.hasPrefix("started") } == ["started s", "started t1", "started s1", "started t2"])
  }

  @Test("of two actions with one key one is done, whatever there is room for")
  func oneKey() async throws {
    let shop = try Workshop()
    let room = Room()
    let report = try await shop.build([Action("a", says: "same"), Action("b", says: "same"), Action("c")], jobs: 3) { context in
      try await room.visit(together: 2) { try Workshop.echo(context) }
    }
    #expect(report.words == ["a ran", "b reused", "c ran"] && room.most == 2)
  }

  @Test("the engine's actions take turns, and others run beside them")
  func engineLane() async throws {
    let shop = try Workshop()
    let engine = Room()
    let all = Room()
    let actions = [Action("t1", kind: .train), Action("t2", kind: .train), Action("s1", kind: .score), Action("c1"), Action("c2"), Action("c3")]
    let report = try await shop.build(actions, jobs: 6) { context in
      guard context.action.kind != .curate else { return try await all.visit(together: 2) { try Workshop.echo(context) } }
      return try await engine.visit(together: 1) { try await all.visit(together: 2) { try Workshop.echo(context) } }
    }
    #expect(report.isComplete && engine.most == 1)
  }

  @Test("after a failure nothing new begins")
  func failure() async throws {
    let shop = try Workshop()
    let report = try await shop.build([Action("a"), Action("b"), Action("c", after: "a")], step: failing("a"))
    #expect(report.words == ["a failed", "b interrupted", "c skipped by a"])
    #expect(report.failures.map(\.action) == ["a"] && !report.isComplete)
    #expect(shop.events == ["started a", "failed a: made up", "skipped c: a"])
  }

  @Test("with -k what does not depend on a failure is done, and what is skipped names the first cause")
  func keepGoing() async throws {
    let shop = try Workshop()
    let actions = [Action("a"), Action("b"), Action("c", after: "a"), Action("d", after: "b", "c"), Action("e", after: "b")]
    let report = try await shop.build(actions, jobs: 2, keepsGoing: true, step: failing("a"))
    #expect(report.words == ["a failed", "b ran", "c skipped by a", "d skipped by a", "e ran"])
    let two = try await shop.build([Action("x"), Action("y")], keepsGoing: true, step: failing("x", "y"))
    #expect(two.failures.map(\.action) == ["x", "y"])
    #expect(try await shop.build(actions).words == ["a ran", "b reused", "c ran", "d ran", "e reused"])
  }

  @Test("a failed action leaves no row, and no action a folder")
  func nothingLeft() async throws {
    let shop = try Workshop()
    let report = try await shop.build([Action("a"), Action("b")], keepsGoing: true) { context in
      try Data("draft".utf8).write(to: context.workFolder.appending(path: "draft"))
      if context.action.id == "a" { throw MadeUpFailure() }
      return try Workshop.echo(context)
    }
    #expect(report.words == ["a failed", "b ran"])
    let key = ActionKey(action: Action("a"), inputs: [:])
    #expect(try shop.store.actions.lookup(key.digest) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: shop.store.root.appending(path: "work").path) == [])
    #expect(try shop.store.fsck().isSound)
  }

  @Test("a work folder that cannot be removed neither undoes a success nor hides a failure")
  func leftWorkFolder() async throws {
    let shop = try Workshop()
    let report = try await shop.build([Action("a"), Action("b")], keepsGoing: true) { context in
      // Gone already: removing it fails.
      try FileManager.default.removeItem(at: context.workFolder)
      if context.action.id == "a" { throw MadeUpFailure() }
      return try Workshop.echo(context)
    }
    #expect(report.words == ["a failed", "b ran"] && report.failures.first?.error is MadeUpFailure)
    #expect(try await shop.build([Action("b")]).words == ["b reused"])
  }

  @Test("an output that was not stored is a failure, and nothing is remembered")
  func brokenPromise() async throws {
    let shop = try Workshop()
    let report = try await shop.build([Action("a")]) { _ in ["out": Digest(hashing: Data("never put".utf8))] }
    #expect(report.words == ["a failed"])
    #expect(report.failures.first?.error as? StoreError == .objectMissing(Digest(hashing: Data("never put".utf8))))
    #expect(try await shop.build([Action("a")]).words == ["a ran"])
  }

  @Test("an output that is gone from the store is made anew")
  func lostOutput() async throws {
    let shop = try Workshop()
    let first = try await shop.build([Action("a"), Action("b", after: "a")])
    try shop.store.objects.remove([try #require(first.output("out", of: "a"))])
    let second = try await shop.build([Action("a"), Action("b", after: "a")])
    #expect(second.words == ["a ran", "b reused"])
  }

  @Test("cancelled, what runs is asked to stop, nothing new begins, and nothing half done is remembered")
  func cancellation() async throws {
    let shop = try Workshop()
    let task = Task {
      try await shop.build([Action("a"), Action("b"), Action("c", after: "a")]) { context in
        withUnsafeCurrentTask { $0?.cancel() }
        try Task.checkCancellation()
        return try Workshop.echo(context)
      }
    }
    let report = try await task.value
    #expect(report.words == ["a interrupted", "b interrupted", "c interrupted"])
    #expect(report.failures.isEmpty && !report.isComplete && !shop.events.contains { $0.hasPrefix("failed") })
    #expect(try await shop.build([Action("a")]).words == ["a ran"])
  }

  @Test("a build that is cancelled from outside ends, though a step waits")
  func cancelledFromOutside() async throws {
    let shop = try Workshop()
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await shop.build([Action("a"), Action("b")], jobs: 2) { _ in
        begin.yield()
        try await Task.sleep(for: .seconds(600))
        return [:]
      }
    }
    for await _ in begun { break }
    task.cancel()
    #expect(try await task.value.words == ["a interrupted", "b interrupted"])
  }

  @Test("once the wall budget is used up nothing begins, and what was done before is still found")
  func deadline() async throws {
    let shop = try Workshop()
    _ = try await shop.build([Action("a")])
    let report = try await shop.build([Action("a"), Action("b", after: "a")], deadline: .now)
    #expect(report.words == ["a reused", "b interrupted"] && report.failures.isEmpty)
  }

  @Test("a kind of action that nobody carries out is a defect, and says so")
  func missingStep() async throws {
    let shop = try Workshop()
    let report = try await shop.build([Action("a", kind: .seal)], steps: [:])
    let error = try #require(report.failures.first?.error as? MissingStep)
    #expect(error.message == "no step is there for \"seal\"" && error.hint?.contains("report") == true)
  }

  @Test("a key is the digest of what can change the output: not of the name, but of kind, parameters, and each input under its name")
  func keys() {
    let digest = Digest(hashing: Data("x".utf8))
    let key = ActionKey(action: Action("a"), inputs: ["in": digest])
    #expect(ActionKey(action: Action("b", says: "a"), inputs: ["in": digest]) == key)
    for other in [
      ActionKey(action: Action("a", says: "b"), inputs: ["in": digest]), ActionKey(action: Action("a"), inputs: ["input": digest]),
      ActionKey(action: Action("a", kind: .split), inputs: ["in": digest]), ActionKey(action: Action("a"), inputs: [:]),
    ] { #expect(other.digest != key.digest) }
    #expect(Digest(hashing: key.preimage) == key.digest)
  }

  private func failing(_ names: ActionID...) -> @Sendable (StepContext) throws -> [String: Digest] {
    { context in
      if names.contains(context.action.id) { throw MadeUpFailure() }
      return try Workshop.echo(context)
    }
  }
}

/// Counts who is in it at once.
private final class Room: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  /// Stays until so many have been in at the same moment.
  func visit<Value>(together count: Int, _ body: () async throws -> Value) async throws -> Value {
    state.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
    defer { state.withLock { $0.now -= 1 } }
    while most < count { try await Task.sleep(for: .milliseconds(1)) }
    return try await body()
  }
}
