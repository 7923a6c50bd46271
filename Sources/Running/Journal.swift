internal import Artifacts
package import Foundation
internal import Planning
package import Store

/// What a build writes down in the store as it goes: results, history and the event log. Objects are durable before the row that names
/// them, and the row before the line in the log.
package struct Journal: Sendable {
  package let store: WritableStore
  private let build: BuildID
  private let clock: @Sendable () -> Date

  /// Begins a build of the given goal. The clock is for people and the log; no digest holds it. `recipe` is its path from its root, by which
  /// a later build finds this one; a trial is a build with values of the recipe set for it only.
  package init(store: WritableStore, goal: String, recipe: String, isTrial: Bool, clock: @escaping @Sendable () -> Date) throws {
    self.store = store
    self.clock = clock
    build = try store.builds.begin(goal: goal, recipe: recipe, isTrial: isTrial, at: clock())
  }

  func reused(_ action: Action, _ key: ActionKey) throws {
    try note(action, key, try store.objects.put(key.preimage.canonical), .reused, seconds: 0)
  }

  func finished(_ action: Action, _ key: ActionKey, inputs: [String: Digest], outputs: [String: Digest], seconds: Double) throws {
    let preimage = try store.objects.put(key.preimage.canonical)
    try store.actions.record(
      ActionEntry(key: key.digest, kind: action.kind.rawValue, preimage: preimage, inputs: inputs, outputs: outputs, seconds: seconds))
    try note(action, key, preimage, .ran, seconds: seconds)
    let named = outputs.map { ("output." + $0.key, LogDetail.digest($0.value)) }
    let details = Dictionary(named, uniquingKeysWith: { first, _ in first })
    try store.log.append(
      "action-finished", at: clock(), details.merging(["action": .name(action.id.name), "key": .digest(key.digest)]) { first, _ in first })
  }

  func failed(_ id: ActionID) throws {
    try store.log.append("action-failed", at: clock(), ["action": .name(id.name)])
  }

  private func note(_ action: Action, _ key: ActionKey, _ preimage: Digest, _ outcome: BuildAction.Outcome, seconds: Double) throws {
    try store.builds.record(
      BuildAction(build: build, action: action.id.name, key: key.digest, preimage: preimage, outcome: outcome, seconds: seconds))
  }
}
