import Artifacts
import Foundation
import Planning
import Running
import Synchronization
import Testing

@Suite("Saying beforehand what actions will take", .timeLimit(.minutes(1)))
struct ForeseeingTests {
  @Test("a step is shown, before the first of them, all actions of its kind that could begin and would run, each once")
  func together() async throws {
    let shop = try Workshop()
    let seen = Seen()
    let steps = Dictionary(uniqueKeysWithValues: ActionKind.allCases.map { ($0, Seer(seen: seen)) })
    let actions = [
      Action("c"), Action("t1", after: "c", kind: .train), Action("t2", after: "c", kind: .train), Action("t3", after: "t1", kind: .train),
    ]
    _ = try await shop.build(actions, steps: steps)
    #expect(seen.all == ["foresee c", "run c", "foresee t1 t2", "run t1", "run t2", "foresee t3", "run t3"])
    let again = Seen()
    let changed = Array(actions.dropLast()) + [Action("t4", after: "c", kind: .train)]
    _ = try await shop.build(changed, steps: Dictionary(uniqueKeysWithValues: ActionKind.allCases.map { ($0, Seer(seen: again)) }))
    #expect(again.all == ["foresee t4", "run t4"], "what is up to date takes nothing")
  }

  @Test("what cannot be foreseen does not stop a build")
  func failing() async throws {
    let shop = try Workshop()
    let steps = Dictionary(uniqueKeysWithValues: ActionKind.allCases.map { ($0, Seer(seen: Seen(), fails: true)) })
    #expect(try await shop.build([Action("a")], steps: steps).isComplete)
  }
}

/// What steps were asked, in order.
private final class Seen: Sendable {
  private let words = Mutex<[String]>([])
  var all: [String] { words.withLock { $0 } }
  func note(_ text: String) { words.withLock { $0.append(text) } }
}

private struct Seer: Step {
  let seen: Seen
  var fails = false

  func run(_ context: StepContext) async throws -> [String: Digest] {
    seen.note("run \(context.action.id)")
    return try Workshop.echo(context)
  }

  func foresee(_ actions: [StepContext]) throws {
    if fails { throw MadeUpFailure() }
    seen.note("foresee " + actions.map(\.action.id.name).joined(separator: " "))
  }
}
