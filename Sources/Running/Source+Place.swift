internal import Artifacts
internal import Foundation
internal import Planning
internal import Store

extension Source {
  var isOfModelFolder: Bool { kind == .modelFolder || kind == .modelFolderOrigin }

  /// Nil for what is on this disk.
  var hubReference: HubReference? { isRemote ? HubReference(path) : nil }

  /// Where a source is, if there is something of its kind.
  func place(in root: URL) throws(SourceProblem) -> URL {
    let place = path.hasPrefix("/") ? URL(filePath: path) : root.appending(path: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else { throw .missing(path) }
    if (kind == .file || isOfSoul) && isFolder.boolValue { throw .notAFile(path) }
    if (kind == .folder || isOfModelFolder) && !isFolder.boolValue { throw .notAFolder(path) }
    return place
  }

  /// A file's own, a folder's snapshot.
  func digest(of scan: FolderScanner.Scan) throws(SourceProblem) -> Digest {
    guard kind == .file else { return scan.digest }
    guard let entry = scan.snapshot.entries.first else { throw .notAFile(path) }
    return entry.digest
  }
}

package enum SourceProblem: ExplainedError, Hashable {
  case missing(String)
  case notAFile(String)
  case notAFolder(String)

  package var message: String {
    switch self {
    case .missing(let path): "\(path): there is no such file or folder"
    case .notAFile(let path): "\(path): a folder, where the recipe asks for a file"
    case .notAFolder(let path): "\(path): a file, where the recipe asks for a folder"
    }
  }

  package var hint: String? {
    switch self {
    case .missing(let path) where path.hasPrefix("/"): "it is not of this project: install what provides it"
    case .missing: "paths in a recipe are relative to the root, which `soulpack plan` prints"
    case .notAFile, .notAFolder: nil
    }
  }
}
