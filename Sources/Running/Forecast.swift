package import Artifacts
package import Planning
package import Store

/// What a build would do, found without doing it: `status` and `-n`.
package struct Forecast: Sendable {
  package enum Standing: Hashable, Sendable {
    /// Its key has been seen.
    case upToDate
    /// Its key is known and has not been seen.
    case wouldRun
    /// Its key waits for the digest of something that would run first. It may turn out to be up to date: a step that gives the same bytes
    /// as before cuts the work off there.
    case mayRun
  }

  package struct Row: Sendable {
    package let action: Action
    package let key: ActionKey?
    package let standing: Standing
  }

  package let rows: [Row]

  package var isUpToDate: Bool { rows.allSatisfy { $0.standing == .upToDate } }

  /// Without a store, no key has been seen.
  package init(actions: [Action], sources: [Source: Digest], store: ReadableStore?) throws {
    var outputs: [ActionID: [String: Digest]] = [:]
    var rows: [Row] = []
    for action in actions {
      let inputs = action.inputs.compactMapValues { reference -> Digest? in
        switch reference {
        case .source(let source): sources[source]
        case .output(let id, let name): outputs[id]?[name]
        }
      }
      guard inputs.count == action.inputs.count else {
        rows.append(Row(action: action, key: nil, standing: .mayRun))
        continue
      }
      let key = ActionKey(action: action, inputs: inputs)
      let entry = try store?.actions.lookup(key.digest)
      outputs[action.id] = entry?.outputs
      rows.append(Row(action: action, key: key, standing: entry == nil ? .wouldRun : .upToDate))
    }
    self.rows = rows
  }
}
