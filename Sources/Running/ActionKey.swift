package import Artifacts
internal import Hashing
package import Planning

/// The digest of everything that can change what an action gives: its kind, the version of that kind's semantics, its parameters and
/// the digests of its inputs. Never a path, a time, a host, `-j`, a number of threads or the tool's version.
package struct ActionKey: Hashable, Sendable {
  package let digest: Digest

  /// The document whose digest this is. It is kept in the store, so that `explain` can say which member of it changed.
  package let preimage: JSONValue

  package init(action: Action, inputs: [String: Digest]) {
    preimage = [
      "schema": "soulpack.action/1",
      "kind": .string(action.kind.rawValue),
      "semantics": .integer(action.kind.semantics),
      "parameters": action.parameters,
      "inputs": .object(inputs.mapValues(JSONValue.digest)),
    ]
    digest = Digest(hashing: preimage)
  }
}
