/// What a foreign archive is, by the end of its name in any letter case. The name decides and not the bytes: bytes that are several things at
/// once are a known trick.
package struct ArchiveForm: Hashable, Sendable {
  package enum Layout: String, Hashable, Sendable {
    case zip, tar
    /// One compressed file without a name of its own, such as `talk.jsonl.gz`.
    case single
  }

  package enum Compression: String, CaseIterable, Hashable, Sendable {
    case gzip, zstd, xz, bzip2
  }

  package let layout: Layout
  /// Of the whole file. A zip compresses each member by itself and has none.
  package let compression: Compression?
  /// The name without the ends that said what it is.
  package let innerName: String

  /// Nil for a name that is no archive's.
  package init?(path: String) {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    guard let (stem, suffix) = Self.cut(name) else { return nil }
    switch suffix {
    case "zip": self.init(.zip, nil, stem)
    case "tar": self.init(.tar, nil, stem)
    default:
      if let compression = Self.ofTar[suffix] {
        self.init(.tar, compression, stem)
      } else if let compression = Self.ofAny[suffix] {
        let inner = Self.cut(stem)
        self = inner?.suffix == "tar" ? Self(.tar, compression, inner?.stem ?? stem) : Self(.single, compression, stem)
      } else {
        return nil
      }
    }
  }

  private init(_ layout: Layout, _ compression: Compression?, _ innerName: String) {
    (self.layout, self.compression, self.innerName) = (layout, compression, innerName)
  }

  /// The same bytes taken for one packed file, which shows a packed tar as it is.
  var unopened: ArchiveForm { ArchiveForm(.single, compression, innerName) }

  private static let ofAny: [String: Compression] = ["gz": .gzip, "zst": .zstd, "xz": .xz, "bz2": .bzip2]
  private static let ofTar: [String: Compression] = ["tgz": .gzip, "tzst": .zstd, "txz": .xz, "tbz": .bzip2, "tbz2": .bzip2]

  /// A name in two, at its last dot; nil where nothing stands before the dot.
  private static func cut(_ name: String) -> (stem: String, suffix: String)? {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
    return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
  }
}
