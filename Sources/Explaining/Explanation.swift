package import Artifacts
package import Store

/// Why an action ran, or would run: what differs between its key's preimage and that of the key before.
package struct Explanation: Sendable {
  package enum Verdict: Sendable {
    /// No build has had an action of this name.
    case neverRun
    /// The last build had this very key.
    case unchanged
    /// These members of the key differ from the one before.
    case changed([DocumentDifference])
  }

  package let action: String
  package let key: Digest
  package let verdict: Verdict

  /// Explains the key that an action has now, given its preimage, against the last other key that a build gave it.
  package init(action: String, key: Digest, preimage: JSONValue, store: ReadableStore) throws {
    self.action = action
    self.key = key
    let history = try store.builds.history(of: action, last: Explanation.depth)
    guard let latest = history.first else {
      verdict = .neverRun
      return
    }
    guard let other = history.first(where: { $0.key != key }) else {
      verdict = latest.key == key ? .unchanged : .neverRun
      return
    }
    let earlier = try JSONValue(parsingCanonical: try store.objects.get(other.preimage))
    verdict = .changed(DocumentDifference.between(earlier, preimage))
  }

  /// How many builds back a change is looked for.
  private static let depth = 100
}
