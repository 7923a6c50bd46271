internal import Archiving
package import Artifacts
package import Foundation

/// A folder that a Soul was unpacked to, which people keep where they keep code. Packed again it is the same Soul, with the same digest, if no file was
/// changed, added or taken away: an archive is a function of its files. Its referrers, signatures among them, are not in the folder, so that nothing tells
/// whose word its soul.json is.
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

  package func manifest() throws(ArchiveError) -> SoulManifest {
    try explaining(folder) {
      guard let bytes = try document(SoulFile.manifestPath) else { throw ArchiveError.Problem.notUnpacked }
      return try SoulManifest(document: JSONValue(parsingCanonical: bytes))
    }
  }

  /// One of the documents beside the model, which are read whole. Nil where it has none of that name.
  package func document(_ path: String) throws(ArchiveError) -> Data? {
    let file = folder.appending(path: path)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try explaining(folder) {
      let extent = try Extent(wholeFile: file)
      guard extent.byteCount <= Layout.documentLimit else {
        throw ArchiveError.Problem.inconsistent("\(path) is larger than \(Layout.documentLimit) bytes")
      }
      var bytes = Data()
      try extent.read { bytes.append(contentsOf: $0) }
      return bytes
    }
  }

  private func paths() throws -> [String] {
    try paths(below: "")
  }

  /// Those of one folder, and of all in it. A folder that cannot be read is an error, and not passed over: what is packed is all there is.
  private func paths(below prefix: String) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: prefix).path)
    return try names.filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
      let path = prefix + name
      switch try FileManager.default.attributesOfItem(atPath: folder.appending(path: path).path)[.type] as? FileAttributeType {
      case .typeDirectory?: return try paths(below: path + "/")
      case .typeRegular?: return [path]
      default: throw ArchiveError.Problem.inconsistent("\"\(path)\" is a link or no file: a Soul has files alone")
      }
    }
  }

  private func role(of path: String, components: Set<String>) -> FileRole {
    if components.contains(path) { return SoulFile.role(inComponent: path) }
    return path == SoulFile.recipePath ? .code : .document
  }
}
