import Artifacts
import Foundation
import Hashing
import Planning
import Running
import Store
import Synchronization

/// A store in a folder of its own, and builds over plans that a test makes up.
final class Workshop: Sendable {
  let folder: URL
  let store: WritableStore
  /// What the builds told, in order, as `started a`.
  private let told = Mutex<[String]>([])

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "soulpack-running-\(UUID().uuidString)")
    store = try WritableStore.open(at: folder.appending(path: ".soulpack"), command: "test")
  }

  deinit {
    do {
      try store.close()
      try FileManager.default.removeItem(at: folder)
    } catch {
      print("left behind: \(folder.path): \(error)")
    }
  }

  var events: [String] { told.withLock { $0 } }

  /// Every kind of action is carried out by the same step, `echo` where none is given; a test tells actions apart by their ids.
  func build(
    _ actions: [Action], jobs: Int = 1, keepsGoing: Bool = false, deadline: ContinuousClock.Instant? = nil, sources: [Source: Digest] = [:],
    step: (@Sendable (StepContext) async throws -> [String: Digest])? = nil
  ) async throws -> BuildReport {
    try await build(
      actions, jobs: jobs, keepsGoing: keepsGoing, deadline: deadline, sources: sources,
      steps: Dictionary(uniqueKeysWithValues: ActionKind.allCases.map { ($0, MadeUp(body: step ?? { try Workshop.echo($0) })) }))
  }

  func build(
    _ actions: [Action], jobs: Int = 1, keepsGoing: Bool = false, deadline: ContinuousClock.Instant? = nil, sources: [Source: Digest] = [:],
    steps: [ActionKind: any Step]
  ) async throws -> BuildReport {
    let build = Build(
      actions: actions, sources: sources, steps: steps,
      journal: try Journal(store: store, goal: "build", recipe: "soul.yaml", isTrial: false, clock: { Date(timeIntervalSince1970: 0) }),
      options: .init(jobs: jobs, threads: 1, keepsGoing: keepsGoing, deadline: deadline), emit: { event in self.note(event) })
    return try await build.run()
  }

  private func note(_ event: BuildEvent) {
    let words: String? =
      switch event {
      case .started(let action, _): "started \(action)"
      case .reused(let action, _): "reused \(action)"
      case .finished(let action, _, _): "finished \(action)"
      case .failed(let action, let reason): "failed \(action): \(reason)"
      case .skipped(let action, let because): "skipped \(action): \(because)"
      default: nil
      }
    if let words { told.withLock { $0.append(words) } }
  }

  /// Gives the action's parameters and the digests of its inputs, as bytes: other inputs, another output.
  @Sendable static func echo(_ context: StepContext) throws -> [String: Digest] {
    let said: JSONValue = ["parameters": context.action.parameters, "inputs": .object(context.inputs.mapValues(JSONValue.digest))]
    return ["out": try context.store.objects.put(said.canonical)]
  }
}

private struct MadeUp: Step {
  let body: @Sendable (StepContext) async throws -> [String: Digest]

  func run(_ context: StepContext) async throws -> [String: Digest] { try await body(context) }
}

extension Action {
  /// An action that takes `out` of others.
  init(_ name: String, after others: String..., kind: ActionKind = .curate, says: JSONValue? = nil) {
    self.init(
      id: ActionID(name), kind: kind, parameters: ["says": says ?? .string(name)],
      inputs: Dictionary(uniqueKeysWithValues: others.map { ($0, InputReference.output(ActionID($0), "out")) }))
  }
}

extension BuildReport {
  /// `a ran`, `b skipped by a`: one word a row.
  var words: [String] {
    rows.map { row in
      switch row.outcome {
      case .ran: "\(row.action.id) ran"
      case .reused: "\(row.action.id) reused"
      case .failed: "\(row.action.id) failed"
      case .skipped(let cause): "\(row.action.id) skipped by \(cause)"
      case .interrupted: "\(row.action.id) interrupted"
      }
    }
  }
}

struct MadeUpFailure: ExplainedError {
  var message: String { "made up" }
  var hint: String? { nil }
}
