internal import Artifacts
internal import Foundation
internal import Hashing
internal import Packaging
internal import Planning
internal import Recipes

/// `merged.json` (`soulpack.merged/1`), beside the files of a Soul and its base that were written as one model: what they were, and what still binds whoever
/// builds on it. An export without a word on where it comes from would be nobody's.
struct MergedOrigin {
  static let fileName = "merged.json"
  private static let schema = "soulpack.merged/1"

  let document: JSONValue
  let permissions: SoulManifest.Permissions
  /// The Soul's own, and those of all that it was made from. None where it did not tell them: then nobody knows what may be built on it.
  private let terms: [StatedTerms]

  init(of archive: SoulArchive, base: SoulManifest.NamedDigest) throws {
    let manifest = archive.manifest
    let parentage = try Self.parentage(of: archive)
    let credits = parentage?.credits ?? manifest.datasets.compactMap(\.attribution) + manifest.credits
    (permissions, terms) = (manifest.permissions, parentage?.terms ?? [])
    document = [
      "schema": .string(Self.schema), "base": ["name": .string(base.name), "digest": .digest(base.digest)],
      "soul": ["name": .string(manifest.name), "version": .string(manifest.version), "digest": .digest(archive.digest)],
      "license": .string(manifest.license), "permissions": manifest.permissions.document, "terms": .array(terms.map(\.document)),
      "credits": .array(credits.map { .string($0) }),
    ]
  }

  /// Nil where it does not tell what it was made from.
  private static func parentage(of archive: SoulArchive) throws -> Parentage? {
    do {
      return try Parentage(archive.manifest, path: archive.manifest.name, contents: archive.contents)
    } catch is UnusableParent {
      return nil
    }
  }

  /// Nil where the bytes are something else. `path` is for errors.
  init?(_ bytes: Data, path: String) throws(UnusableParent) {
    guard let document = try? JSONValue(parsing: bytes), document["schema"]?.string == Self.schema else { return nil }
    let stated = document["terms"]?.array ?? []
    terms = stated.compactMap { StatedTerms(document: $0) }
    guard !terms.isEmpty, terms.count == stated.count, let permissions = document["permissions"].flatMap({ try? SoulManifest.Permissions(document: $0) }) else {
      throw UnusableParent(path: path, problem: .untoldTerms)
    }
    (self.document, self.permissions) = (document, permissions)
  }

  func require(of child: Recipe, path: String) throws(UnusableParent) { try ParentTerms(path: path, permissions, terms).require(of: child) }

  /// What the archive of a child says of it.
  var parent: JSONValue {
    let soul = document["soul"]
    return [
      "schema": .string(Parentage.schema), "name": soul?["name"] ?? .null, "version": soul?["version"] ?? .null, "soul": soul?["digest"] ?? .null,
      "license": document["license"] ?? .null, "terms": document["terms"] ?? .null, "credits": document["credits"] ?? [],
    ]
  }
}
