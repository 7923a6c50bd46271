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

  /// In the order of the plan. More than one only where the build kept going.
  package var failures: [(action: ActionID, error: any Error)] {
    rows.compactMap { row in if case .failed(let error) = row.outcome { (row.action.id, error) } else { nil } }
  }

  package var isComplete: Bool { ranCount + reusedCount == rows.count }

  package func output(_ name: String, of id: ActionID) -> Digest? {
    rows.first { $0.action.id == id }?.outputs[name]
  }
}
