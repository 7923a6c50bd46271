package import Artifacts
internal import Foundation
package import Packaging
package import Store

/// What changed between two Souls, from their archives, and from the records themselves where this project's store holds them.
package struct SoulComparison: Sendable {
  /// What a difference is about. The raw value is its name in reports.
  package enum Subject: String, CaseIterable, Sendable {
    /// What the Soul says it is: name, version, intent, description, contact, limits.
    case soul
    /// License, permissions and lease.
    case terms
    case base
    case training
    /// How the data were curated and split, and whatever else a recipe says that has no place of its own.
    case recipe
    case gates
    /// Files that are no part of the model and that nothing above is told from, by digest. Where the manifests are one, any file.
    case files
    /// Members of the manifest that this version knows no place for.
    case other
  }

  package let old: SoulManifest
  package let new: SoulManifest
  package let oldDigest: Digest
  package let newDigest: Digest
  /// Nothing is listed under a subject that did not change.
  package let differences: [Subject: [DocumentDifference]]
  package let datasets: [DatasetComparison]
  package let losses: LossComparison?

  package var isSame: Bool { oldDigest == newDigest }

  package init(_ old: SoulArchive, _ new: SoulArchive, store: ReadableStore?) throws {
    (self.old, oldDigest) = (old.manifest, old.digest)
    (self.new, newDigest) = (new.manifest, new.digest)
    let facts = (try SoulFacts(old, store: store), try SoulFacts(new, store: store))
    var differences: [Subject: [DocumentDifference]] = [:]
    for subject in Subject.allCases {
      let found = facts.0.differences(from: facts.1, in: subject)
      if !found.isEmpty { differences[subject] = found }
    }
    self.differences = differences
    datasets = try DatasetComparison.all(old, new, store: store)
    losses = LossComparison(old.manifest, new.manifest)
  }
}
