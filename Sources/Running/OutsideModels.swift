package import Artifacts
package import Foundation
internal import Hashing

/// How models that are not the project's own come into a build: a hub's, and those of Souls. This room knows neither hubs nor archives: whoever
/// starts a build says who does.
package struct OutsideModels: Sendable {
  /// What `soul.lock` says of one.
  package struct Pin: Hashable, Sendable {
    package let commit: String
    /// Of the files that the engine reads. Nil where somebody else than a lock names the commit.
    package let digest: Digest?

    package init(commit: String, digest: Digest?) { (self.commit, self.digest) = (commit, digest) }
  }

  /// Files on this disk, each held against its digest.
  package struct Brought: Sendable {
    package let commit: String
    package let files: [String: URL]

    package init(commit: String, files: [String: URL]) { (self.commit, self.files) = (commit, files) }
  }

  /// The model in a Soul that was verified.
  package struct Soul: Sendable {
    package let files: [String: Data]
    /// Who it is: what an archive says of where its base came from.
    package let origin: JSONValue

    package init(files: [String: Data], origin: JSONValue) { (self.files, self.origin) = (files, origin) }
  }

  /// By the recipe's word for the model.
  package let pins: [String: Pin]
  /// What this machine has of it, without asking anybody; nil where that is no whole model.
  package let cached: @Sendable (_ reference: HubReference) throws -> Brought?
  /// At the commit, where one is named.
  package let bring: @Sendable (_ reference: HubReference, _ commit: String?) throws -> Brought
  /// The file's path as the recipe says it, for errors. Throws where it is not to be used.
  package let openSoul: @Sendable (_ file: URL, _ path: String) throws -> Soul
  /// Which Soul was unpacked to a folder that a snapshot was taken of; nil where none was. Throws where its model is not to be used.
  package let originOfFolder: @Sendable (_ folder: URL, _ path: String, _ snapshot: Snapshot) throws -> JSONValue?

  package init(
    pins: [String: Pin], cached: @escaping @Sendable (HubReference) throws -> Brought?,
    bring: @escaping @Sendable (HubReference, String?) throws -> Brought, openSoul: @escaping @Sendable (URL, String) throws -> Soul,
    originOfFolder: @escaping @Sendable (URL, String, Snapshot) throws -> JSONValue?
  ) {
    (self.pins, self.cached, self.bring, self.openSoul, self.originOfFolder) = (pins, cached, bring, openSoul, originOfFolder)
  }

  /// For plans that need none.
  package static let none = OutsideModels(pins: [:], cached: { _ in nil }, bring: { reference, _ in throw NobodyToOpen(path: reference.description) },
    openSoul: { _, path in throw NobodyToOpen(path: path) }, originOfFolder: { _, _, _ in nil })
}

extension OutsideModels.Soul {
  var snapshotDigest: Digest {
    let entries = files.map { Snapshot.Entry(path: $0, byteCount: Int64($1.count), digest: Digest(hashing: $1)) }
    return Digest(hashing: Snapshot(entries: entries).canonical)
  }
}

struct NobodyToOpen: ExplainedError {
  let path: String

  var message: String { "\(path): this command takes no base from outside of the project" }
  var hint: String? { "this is a defect of soulpack: please report it with the command" }
}

/// A model whose files at a commit are not those that were locked.
package struct RemoteModelChanged: ExplainedError, Hashable {
  package let reference: String
  package let commit: String
  package let locked: Digest
  package let found: Digest

  package var message: String { "\(reference): its files at commit \(commit) are \(found.short), locked is \(locked.short)" }
  package var hint: String? {
    "a commit does not change: somebody replaced what the hub or its cache has, or this soulpack reads other files of it; `soulpack update` accepts what is there now"
  }
}
