internal import Archiving
package import Artifacts
package import Foundation

/// A folder that a Soul was unpacked to, which people keep where they keep code. Packed again it is the same Soul, with the same digest, if no file was
/// changed, added or taken away: an archive is a function of its files. Its referrers, signatures among them, are not in the folder.
package struct UnpackedSoul: Sendable {
  private let folder: URL

  package init(_ folder: URL) { self.folder = folder }

  /// Packs the folder's files into a new archive at `url`, which must not exist. Hidden files are passed over: version control leaves some.
  /// Throws where there is no soul.json, or where its components' files are not those that lie here.
  package func pack(to url: URL) throws(ArchiveError) -> Digest {
    try explaining(folder) {
      let manifest = try manifest()
      let components = Set(manifest.components.flatMap(\.files).map(\.path))
      let files = try paths().map { path in
        SoulFile(path: path, role: role(of: path, components: components), content: .file(folder.appending(path: path)))
      }
      return try SoulArchive.write(manifest, allFiles: files, to: url)
    }
  }

  private func manifest() throws -> SoulManifest {
    let file = folder.appending(path: SoulFile.manifestPath)
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw ArchiveError.Problem.inconsistent("no Soul was unpacked here: it has no \(SoulFile.manifestPath)")
    }
    let extent = try Extent(wholeFile: file)
    guard extent.byteCount <= Layout.documentLimit else {
      throw ArchiveError.Problem.inconsistent("\(SoulFile.manifestPath) is larger than \(Layout.documentLimit) bytes")
    }
    var bytes = Data()
    try extent.read { bytes.append(contentsOf: $0) }
    return try SoulManifest(document: JSONValue(parsingCanonical: bytes))
  }

  private func paths() throws -> [String] {
    guard let found = FileManager.default.enumerator(atPath: folder.path) else { throw ArchiveError.Problem.inputOutput("cannot be listed") }
    var paths: [String] = []
    for case let path as String in found {
      let isHidden = path.split(separator: "/").last?.hasPrefix(".") ?? false
      switch found.fileAttributes?[.type] as? FileAttributeType {
      case .typeDirectory?: if isHidden { found.skipDescendants() }
      case _ where isHidden: continue
      case .typeRegular?: paths.append(path)
      default: throw ArchiveError.Problem.inconsistent("\"\(path)\" is a link or no file: a Soul has files alone")
      }
    }
    return paths
  }

  private func role(of path: String, components: Set<String>) -> FileRole {
    if components.contains(path) { return SoulFile.role(inComponent: path) }
    return path == SoulFile.recipePath ? .code : .document
  }
}
