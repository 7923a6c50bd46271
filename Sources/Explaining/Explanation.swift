package import Artifacts
package import Store

/// Why an action ran, or would run: what differs between its key's preimage and that of the key before.
package struct Explanation: Sendable {
  package enum Verdict: Sendable {
    /// No build of this recipe has had an action of this name.
    case neverRun
    /// Every build of this recipe that had the action gave it this very key.
    case unchanged
    /// These members of the key differ from the last other key that a build of this recipe gave the action.
    case changed([DocumentDifference])
  }

  package let action: String
  package let key: Digest
  package let verdict: Verdict

  /// Explains the key that an action has now, given its preimage. Builds of other recipes, and trials with `--set`, do not count: their
  /// actions have the same names and another meaning.
  package init(action: String, key: Digest, preimage: JSONValue, recipe: String, store: ReadableStore?) throws {
    self.action = action
    self.key = key
    guard let store, try !store.builds.history(of: action, recipe: recipe, last: 1).isEmpty else {
      verdict = .neverRun
      return
    }
    guard let other = try store.builds.history(of: action, recipe: recipe, otherThan: key, last: 1).first else {
      verdict = .unchanged
      return
    }
    let earlier = try JSONValue(parsingCanonical: try store.objects.get(other.preimage))
    verdict = .changed(DocumentDifference.between(earlier, preimage))
  }
}
