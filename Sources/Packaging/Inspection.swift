package import Artifacts
internal import Foundation
internal import Signing

/// What `inspect` tells of an archive without asking whether anybody is believed (`soulpack.inspect/1`).
package struct Inspection: Sendable {
  private let archive: SoulArchive

  package init(_ archive: SoulArchive) {
    self.archive = archive
  }

  package var document: JSONValue {
    [
      "schema": "soulpack.inspect/1", "digest": .digest(archive.digest), "name": .string(archive.manifest.name),
      "version": .string(archive.manifest.version), "soul": archive.manifest.document, "files": .array(archive.files.map(Self.file)),
      "referrers": .array(archive.referrers.map(Self.referrer)),
    ]
  }

  private static func file(_ file: SoulArchive.File) -> JSONValue {
    [
      "path": .string(file.path), "mediaType": .string(file.role.mediaType), "digest": .digest(file.digest),
      "bytes": .integer(file.byteCount),
    ]
  }

  /// The signers are the ones that are named; only `verify` says whether they signed.
  private static func referrer(_ referrer: Referrer) -> JSONValue {
    var members: [String: JSONValue] = ["digest": .digest(referrer.digest), "artifactType": .string(referrer.content.mediaType)]
    if let envelope = referrer.envelope { members["payloadType"] = .string(envelope.payloadType) }
    members["claimedSigners"] = .array(referrer.content.claimedSigners.map { .string($0) })
    return .object(members)
  }
}
