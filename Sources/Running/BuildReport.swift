package import Artifacts
package import Planning

/// What became of each action of a build, in the order of the plan.
package struct BuildReport: Sendable {
  package enum Outcome: Sendable {
    case ran(seconds: Double)
    case reused
    case failed(any Error)
    case skipped(because: ActionID)
    /// Stopped by the user or by the wall budget before it was tried or done.
    case interrupted
  }

  package struct Row: Sendable {
    package let action: Action
    package let key: ActionKey?
    package let outputs: [String: Digest]
    package let outcome: Outcome
  }

  package let rows: [Row]

  package var ranCount: Int { rows.count { if case .ran = $0.outcome { true } else { false } } }
  package var reusedCount: Int { rows.count { if case .reused = $0.outcome { true } else { false } } }

  /// The first failure in the order of the plan: the one worth telling first.
  package var failure: (action: ActionID, error: any Error)? {
    for row in rows { if case .failed(let error) = row.outcome { return (row.action.id, error) } }
    return nil
  }

  package var isComplete: Bool { ranCount + reusedCount == rows.count }

  package func output(_ name: String, of id: ActionID) -> Digest? {
    rows.first { $0.action.id == id }?.outputs[name]
  }
}
