package import Artifacts
package import Foundation
internal import Hashing
package import Planning
package import Store

/// One kind of action, done. A step resolves its inputs from the store, calls one room, and returns the digests of what it stored.
///
/// A step is a function of its action and inputs: whatever else it looks at (threads, the clock, a checkpoint) must not reach the
/// outputs.
package protocol Step: Sendable {
  func run(_ context: StepContext) async throws -> [String: Digest]

  /// Says, before the first of these actions runs, what all of them will take. Their inputs are known and their work folders are not made yet.
  func foresee(_ actions: [StepContext]) throws
}

extension Step {
  package func foresee(_ actions: [StepContext]) throws {}
}

/// What a step may use while it runs.
package struct StepContext: Sendable {
  package let action: Action
  package let inputs: [String: Digest]
  package let store: WritableStore
  /// For the kernels; never part of a result.
  package let threads: Int
  /// When the step is to have stopped, after saving a checkpoint. It is no part of the key, and never of a result.
  package let deadline: ContinuousClock.Instant?
  /// The most memory that the step may take, likewise no part of anything. Nil: what the machine has.
  package let memoryByteCount: Int64?
  /// A folder of this run's own, removed afterwards.
  package let workFolder: URL
  package let checkpoint: Checkpoint
  package let report: @Sendable (StepProgress) -> Void
  package let note: @Sendable (String) -> Void

  /// The bytes of an input that the plan promised.
  package func input(_ name: String) throws -> Data {
    try store.objects.get(try digest(of: name))
  }

  package func digest(of name: String) throws(MissingInput) -> Digest {
    guard let digest = inputs[name] else { throw MissingInput(action: action.id, input: name) }
    return digest
  }

  /// The listing of an input that is a snapshot.
  package func snapshot(_ name: String) throws -> Snapshot {
    try store.objects.snapshot(try digest(of: name))
  }

  /// The files of an input that is a snapshot, by path.
  package func files(_ name: String) throws -> [String: Data] {
    let entries = try snapshot(name).entries
    let contents = try store.objects.get(entries.map(\.digest))
    return Dictionary(uniqueKeysWithValues: zip(entries.map(\.path), contents))
  }

  /// Stores files as a snapshot, and gives the snapshot's digest.
  package func put(files: [String: Data]) throws -> Digest {
    let files = files.sorted { $0.key < $1.key }
    let digests = try store.objects.put(files.map(\.value))
    let entries = zip(files, digests).map { Snapshot.Entry(path: $0.key, byteCount: Int64($0.value.count), digest: $1) }
    return try store.objects.put(Snapshot(entries: entries))
  }
}

extension StepContext {
  /// For who looks at one action outside of a build: nothing is told, and nothing is kept but what is put into the store.
  package init(lookingAt action: Action, inputs: [String: Digest], store: WritableStore, threads: Int, folder: URL) {
    self.init(
      action: action, inputs: inputs, store: store, threads: threads, deadline: nil, memoryByteCount: nil, workFolder: folder,
      checkpoint: Checkpoint(key: Digest(hashing: Data()), folder: folder), report: { _ in }, note: { _ in })
  }
}

/// The plan and a step disagree about an input: a defect of soulpack, not of the recipe.
package struct MissingInput: ExplainedError {
  package let action: ActionID
  package let input: String

  package init(action: ActionID, input: String) {
    self.action = action
    self.input = input
  }

  package var message: String { "\(action): the plan gives no usable input \"\(input)\"" }
  package var hint: String? { "this is a defect of soulpack: please report it with the recipe" }
}
