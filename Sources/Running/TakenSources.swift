package import Artifacts
internal import Hashing
package import Planning

/// What the sources of a plan are: the digest that each has as an input (a file's own, a folder's or a model's snapshot, an origin's document), and
/// the commit of each model of a hub, by the recipe's word for it.
package struct TakenSources: Sendable {
  package internal(set) var digests: [Source: Digest] = [:]
  package internal(set) var revisions: [String: String] = [:]

  package subscript(source: Source) -> Digest? { digests[source] }

  /// Of a model that is known by its digest, or of one that is yet to be.
  mutating func note(_ source: Source, _ reference: HubReference, commit: String, digest: Digest?) {
    revisions[source.path] = commit
    digests[source] = source.kind == .hubOrigin ? Digest(hashing: HubOrigin(reference, commit: commit).canonical) : digest
  }
}
