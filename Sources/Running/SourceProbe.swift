internal import Artifacts
package import Foundation
internal import Hashing
package import Planning
package import Store

/// The same digests for those who only ask: nothing is stored, no lock is taken, and there need not be a store.
package struct SourceProbe: Sendable {
  private let root: URL
  private let probe: FolderProbe

  package init(root: URL, store: ReadableStore?, storeRoot: URL) {
    self.root = root
    probe = FolderProbe(store, storeRoot: storeRoot)
  }

  /// What each source would be for a build, as far as that is known: a model of a hub is what the pins say, and where they say nothing it has no
  /// digest. Nobody is asked.
  package func read(_ sources: [Source], outside: OutsideModels = .none) throws -> TakenSources {
    var taken = TakenSources()
    var folders: [String: (digest: Digest, origin: JSONValue?)] = [:]
    for source in sources {
      if source.isOfModelFolder {
        let folder = try folders[source.path] ?? readModel(source, outside)
        folders[source.path] = folder
        taken.digests[source] = source.isOrigin ? Digest(hashing: (folder.origin ?? .null).canonical) : folder.digest
      } else if source.isOfSoul {
        let soul = try outside.openSoul(try source.place(in: root), source.path)
        taken.digests[source] = source.kind == .soulOrigin ? Digest(hashing: soul.origin.canonical) : soul.snapshotDigest
      } else if let reference = source.hubReference {
        if let pin = outside.pins[source.path] { taken.note(source, reference, commit: pin.commit, digest: pin.digest) }
      } else {
        taken.digests[source] = try source.digest(of: try probe.scan(try source.place(in: root)))
      }
    }
    return taken
  }

  private func readModel(_ source: Source, _ outside: OutsideModels) throws -> (digest: Digest, origin: JSONValue?) {
    let place = try source.place(in: root)
    let scan = try probe.scan(place)
    return (scan.digest, try outside.originOfFolder(place, source.path, scan.snapshot))
  }
}
