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

  private let members: [String: JSONValue]
  private let permissions: SoulManifest.Permissions
  /// The Soul's own, and those of all that it was made from. None where it did not tell them: then nobody knows what may be built on it.
  private let terms: [StatedTerms]
  let contributors: [Contribution]

  init(of archive: SoulArchive, base: SoulManifest.NamedDigest) throws {
    let manifest = archive.manifest
    let parentage = try Self.parentage(of: archive)
    let credits = parentage?.credits ?? manifest.datasets.compactMap(\.attribution) + manifest.credits
    (permissions, terms) = (manifest.permissions, parentage?.terms ?? [])
    contributors = parentage?.contributors ?? manifest.contributors
    members = [
      "schema": .string(Self.schema), "base": ["name": .string(base.name), "digest": .digest(base.digest)],
      "soul": ["name": .string(manifest.name), "version": .string(manifest.version), "digest": .digest(archive.digest)],
      "license": .string(manifest.license), "permissions": manifest.permissions.document, "terms": .array(terms.map(\.document)),
      "credits": .array(credits.map { .string($0) }), "contributors": .array(contributors.map(\.document)),
    ]
  }

  /// `files`: the digests of those that lie beside it.
  func document(of files: [String: Digest]) -> JSONValue {
    .object(members.merging(["files": .object(files.mapValues(JSONValue.digest))]) { own, _ in own })
  }

  /// Nil where it does not tell what it was made from.
  private static func parentage(of archive: SoulArchive) throws -> Parentage? {
    do {
      return try Parentage(archive.manifest, path: archive.manifest.name, contents: archive.contents)
    } catch is UnusableParent {
      return nil
    }
  }
}

// MARK: - As a base

extension MergedOrigin {
  /// Nil where it cannot be read: then nothing is known of what binds.
  init?(_ bytes: Data) {
    guard let document = try? JSONValue(parsing: bytes), let members = document.object, document["schema"]?.string == Self.schema,
      let stated = document["terms"]?.array, let givers = document["contributors"]?.array, document["files"]?.object != nil,
      let permissions = document["permissions"].flatMap({ try? SoulManifest.Permissions(document: $0) })
    else { return nil }
    (terms, contributors) = (stated.compactMap { StatedTerms(document: $0) }, givers.compactMap { Contribution(document: $0) })
    guard terms.count == stated.count, contributors.count == givers.count else { return nil }
    (self.members, self.permissions) = (members, permissions)
  }

  /// Those that the model was written as, by path.
  var files: [String: Digest] { members["files"]?.object?.compactMapValues(\.digest) ?? [:] }

  private var isSmoke: Bool { members["soul"]?["version"]?.string.map(SmokeVersion.isOne) ?? true }

  func require(of child: Recipe, path: String) throws(UnusableParent) {
    guard !isSmoke || SmokeVersion.isOne(child.version) else { throw UnusableParent(path: path, problem: .smoke) }
    guard !terms.isEmpty else { throw UnusableParent(path: path, problem: .untoldTerms) }
    try ParentTerms(path: path, permissions, terms).require(of: child)
  }

  /// What the archive of a child says of it.
  var parent: JSONValue {
    let soul = members["soul"]
    var parent: [String: JSONValue] = [
      "schema": .string(Parentage.schema), "name": soul?["name"] ?? .null, "version": soul?["version"] ?? .null, "soul": soul?["digest"] ?? .null,
      "license": members["license"] ?? .null, "terms": members["terms"] ?? [], "credits": members["credits"] ?? [],
    ]
    if !contributors.isEmpty { parent["contributors"] = .array(contributors.map(\.document)) }
    return .object(parent)
  }
}
