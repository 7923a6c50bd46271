package import Artifacts
package import Foundation
package import Signing

/// How a Soul came to be, as a SLSA provenance v1 predicate (slsa.dev/spec/v1.0/provenance) about the Soul digest. Its build type is described in
/// docs/archive-format.md.
package struct Provenance: Hashable, Sendable {
  package static let predicateType = "https://slsa.dev/provenance/v1"
  package static let buildType = "https://soulpack.dev/build/1"

  /// The digest of the normalised recipe, and what was asked for.
  package let recipe: Digest
  package let goal: String
  /// What went in: snapshots and bases.
  package let dependencies: [SoulManifest.NamedDigest]
  /// What came out besides, such as the losing candidates.
  package let byproducts: [SoulManifest.NamedDigest]
  /// A URI for who or what ran the build.
  package let builderID: String
  package let builderVersion: String
  package let startedOn: Date?
  package let finishedOn: Date?

  package init(
    recipe: Digest, goal: String, dependencies: [SoulManifest.NamedDigest], byproducts: [SoulManifest.NamedDigest] = [], builderID: String,
    builderVersion: String, startedOn: Date? = nil, finishedOn: Date? = nil
  ) {
    self.recipe = recipe
    self.goal = goal
    self.dependencies = dependencies
    self.byproducts = byproducts
    self.builderID = builderID
    self.builderVersion = builderVersion
    self.startedOn = startedOn
    self.finishedOn = finishedOn
  }

  /// The statement to sign.
  package func statement(about archive: SoulArchive) -> Statement {
    let subject = Statement.Subject(name: "\(archive.manifest.name)@\(archive.manifest.version)", digest: archive.digest)
    return Statement(subjects: [subject], predicateType: Self.predicateType, predicate: predicate)
  }

  private var predicate: JSONValue {
    [
      "buildDefinition": [
        "buildType": .string(Self.buildType),
        "externalParameters": ["recipe": ["digest": ["sha256": .string(recipe.hex)]], "goal": .string(goal)],
        "resolvedDependencies": .array(dependencies.map(Self.resource)),
      ],
      "runDetails": [
        "builder": ["id": .string(builderID), "version": ["soulpack": .string(builderVersion)]],
        "metadata": .object(times), "byproducts": .array(byproducts.map(Self.resource)),
      ],
    ]
  }

  private var times: [String: JSONValue] {
    var times: [String: JSONValue] = [:]
    times["startedOn"] = startedOn.map { .string($0.formatted(.iso8601)) }
    times["finishedOn"] = finishedOn.map { .string($0.formatted(.iso8601)) }
    return times
  }

  private static func resource(_ named: SoulManifest.NamedDigest) -> JSONValue {
    ["name": .string(named.name), "digest": ["sha256": .string(named.digest.hex)]]
  }
}

extension Provenance {
  /// Why a verified statement does not vouch for this archive, or nil where it does: it is a provenance of our build type, about this Soul digest,
  /// and from the recipe that soul.json names.
  static func objection(to statement: Statement, about archive: SoulArchive) -> String? {
    guard statement.predicateType == predicateType else { return "unknown predicate type \"\(statement.predicateType)\"" }
    guard statement.subjects.allSatisfy({ $0.digest == archive.digest }) else { return "the statement is about something else" }
    let definition = statement.predicate["buildDefinition"]
    guard definition?["buildType"]?.string == buildType else { return "unknown build type" }
    guard definition?["externalParameters"]?["recipe"]?["digest"]?["sha256"]?.string == archive.manifest.recipe.hex else {
      return "the statement names another recipe than soul.json"
    }
    return nil
  }
}
