internal import Artifacts
internal import Explaining
internal import Foundation
internal import Packaging

/// The archives in a project's `out/`: what a person may have given away.
struct PlacedSouls {
  struct Placed {
    /// Relative to the root.
    let path: String
    let archive: SoulArchive
  }

  let all: [Placed]

  init(in root: URL) {
    let folder = root.appending(path: "out")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []  // Mostly: nothing was built yet.
    all = names.filter { $0.hasSuffix(".soul") }.sorted().compactMap { name in
      // What does not open is no Soul of ours; `verify` says what is wrong with it.
      (try? SoulArchive.open(folder.appending(path: name))).map { Placed(path: "out/" + name, archive: $0) }
    }
  }

  /// The archives of one Soul.
  func paths(of soul: Digest?) -> [String] { all.filter { $0.archive.digest == soul }.map(\.path) }

  /// Those that the store knows nothing of, but whose pins name a part that is touched, or whose dataset is of a contributor.
  func others(than souls: [Downstream.Soul], in downstream: Downstream, contributor: String?) -> [Placed] {
    let known = Set(souls.compactMap(\.digest))
    return all.filter { placed in
      guard !known.contains(placed.archive.digest) else { return false }
      let manifest = placed.archive.manifest
      if let contributor, manifest.datasets.contains(where: { $0.contributor == contributor }) { return true }
      return manifest.pins.contains { downstream.touch(of: $0.digest) != nil }
    }
  }
}
