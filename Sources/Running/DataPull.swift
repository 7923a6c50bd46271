internal import Artifacts
package import Foundation
internal import Planning
package import Store

/// Takes what `soul.lock` names out of a carried folder into the store, and lays each source at its place in the project.
///
/// The lock is what is believed, the folder is not. Nothing that lies in the project is replaced: where something else is in the way of a
/// source, nothing is laid at all.
package struct DataPull: Sendable {
  private let folder: DataFolder
  private let store: WritableStore
  private let root: URL

  package init(from folder: DataFolder, root: URL, store: WritableStore) {
    self.folder = folder
    self.root = root
    self.store = store
  }

  package func run(_ sources: [LockedSource]) throws -> [CarriedSource] {
    let standings = try sources.map { ($0, try $0.standing(in: root, store)) }
    let placements = try standings.filter { $1 != .asLocked && !$0.isOfSystem }.map(placement)
    let conflicts = placements.flatMap(\.conflicts)
    guard conflicts.isEmpty else { throw DataInTheWay(conflicts: conflicts) }
    let shares = try shares(of: placements)
    for placement in placements { try take(placement) }
    try lay(shares.flatMap { $0 })
    let laid = zip(placements, shares).map { placement, share in
      CarriedSource(source: placement.locked, outcome: .laid(files: share.count, byteCount: placement.listing.byteCount))
    }
    return laid + standings.compactMap(untouched)
  }

  /// What each source lays. Where one lies within another, the file that both name is laid for the first of them; no path can be two things.
  private func shares(of placements: [Placement]) throws(DataInTheWay) -> [[Placement.File]] {
    var digests: [String: Digest] = [:]
    var conflicts: Set<String> = []
    let shares = placements.map { placement in
      placement.missing.filter { file in
        guard let other = digests.updateValue(file.digest, forKey: file.path) else { return true }
        if other != file.digest { conflicts.insert(file.path) }
        return false
      }
    }
    for path in digests.keys {
      var parts = path.split(separator: "/").dropLast()
      while !parts.isEmpty {
        let folder = parts.joined(separator: "/")
        if digests[folder] != nil { conflicts.insert(folder) }
        parts.removeLast()
      }
    }
    guard conflicts.isEmpty else { throw DataInTheWay(conflicts: conflicts.sorted().map { "\($0) (locked in two states)" }) }
    return shares
  }

  /// What a source needs, found before anything but its listing is taken.
  private func placement(_ locked: LockedSource, _ standing: LockedSource.Standing) throws -> Placement {
    try Placement(locked, standing: standing, listing: try listing(of: locked), root: root, store: store)
  }

  private func listing(of locked: LockedSource) throws -> Snapshot {
    guard locked.source.kind == .file else { return try folder.takeListing(locked.digest, into: store) }
    let byteCount = try store.objects.byteCount(of: locked.digest) ?? folder.byteCount(of: locked.digest)
    let name = (locked.path as NSString).lastPathComponent
    return Snapshot(entries: [Snapshot.Entry(path: name, byteCount: byteCount, digest: locked.digest)])
  }

  /// What is laid goes through the store, whose objects have been checked.
  private func take(_ placement: Placement) throws {
    try folder.take(placement.listing.entries, into: store)
    if placement.locked.source.kind != .file { _ = try store.objects.put(placement.listing) }
  }

  private func lay(_ files: [Placement.File]) throws {
    let project = ProjectFolder(root: root)
    project.removeDrafts(beside: files.map(\.path))
    for file in files {
      try Task.checkCancellation()
      try project.lay(file.digest, at: file.path, from: store)
    }
  }

  private func untouched(_ locked: LockedSource, _ standing: LockedSource.Standing) -> CarriedSource? {
    guard !locked.isOfSystem else { return CarriedSource(source: locked, outcome: .ofSystem(isAsLocked: standing == .asLocked)) }
    return standing == .asLocked ? CarriedSource(source: locked, outcome: .asLocked) : nil
  }
}

/// Something else lies where a source belongs.
package struct DataInTheWay: ExplainedError {
  /// `datasets/letters/a.md (changed)`
  package let conflicts: [String]

  /// Enough to see what it is about; thousands would hide it.
  private static let shownCount = 10

  package var message: String {
    let shown = conflicts.prefix(Self.shownCount).joined(separator: ", ")
    let rest = conflicts.count - min(conflicts.count, Self.shownCount)
    return "what lies in the project is not what soul.lock names: \(shown)" + (rest > 0 ? " and \(rest) more" : "")
  }

  package var hint: String? {
    conflicts.allSatisfy { $0.hasSuffix("(locked in two states)") }
      ? "nothing was laid; lock the recipes anew with `soulpack update`, or name one with --recipe" : "nothing was replaced; move those away, and pull again"
  }
}
