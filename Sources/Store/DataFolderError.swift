package import Artifacts
internal import Glibc

/// What is wrong with a folder that carries data, or in it.
package enum DataFolderError: ExplainedError, Hashable {
  case absent(path: String)
  /// There is no marker of ours in it, and other things are.
  case notOurs(path: String)
  case ofAnotherVersion(path: String, schema: String)
  /// Nobody has put the object into the folder that has the path.
  case objectMissing(Digest, path: String)
  /// The file does not have the bytes that its name says.
  case objectChanged(Digest, place: String)
  /// A link, a pipe or a folder stands where an object's file should be.
  case notAFile(path: String)
  case listingTooLarge(Digest, byteCount: Int64)
  /// A system call failed. `code` is an errno.
  case system(operation: String, path: String, code: Int32)

  package var message: String {
    switch self {
    case .absent(let path): "\"\(path)\": there is no such folder"
    case .notOurs(let path): "\"\(path)\": the folder holds something that is not soulpack's data"
    case .ofAnotherVersion(let path, let schema): "\"\(path)\": the folder is \"\(schema)\", and this soulpack knows \"soulpack.data/1\""
    case .objectMissing(let digest, let path): "object \(digest) is not in \"\(path)\""
    case .objectChanged(let digest, let place): "\"\(place)\" does not hold the bytes of object \(digest)"
    case .notAFile(let path): "\"\(path)\" is not a file"
    case .listingTooLarge(let digest, let byteCount):
      "the listing \(digest) has \(byteCount) bytes, and \(DataFolder.listingByteLimit) are the most that is carried"
    case .system(let operation, let path, let code): "cannot \(operation) \"\(path)\": \(systemReason(code))"
    }
  }

  package var hint: String? {
    switch self {
    case .absent: "`soulpack push --data` makes one, where the data is"
    case .notOurs: "name an empty or new folder, such as one inside of this"
    case .ofAnotherVersion: "use the soulpack that wrote it, or push to a new folder"
    case .objectMissing: "push again from where the data is: what is carried already is not written again"
    case .objectChanged, .notAFile: "delete that file, and push again from where the data is"
    case .listingTooLarge: "part the folder into several sources"
    case .system(_, _, ENOSPC), .system(_, _, EDQUOT): "free some space and run it again: what was carried stays, and is not written again"
    case .system: nil
    }
  }
}
