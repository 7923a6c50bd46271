internal import Artifacts
internal import Glibc

/// Why a folder could not be taken in. Paths are as a person finds them; a name that is not UTF-8 is shown with its bytes as `\xNN`.
package enum ScanError: ExplainedError, Hashable {
  /// Nothing is at the path that was to be scanned.
  case absent(path: String)
  case unreadable(path: String, code: Int32)
  /// A file that was listed a moment ago is gone.
  case vanished(path: String)
  case changedWhileRead(path: String)
  case linkLeadsNowhere(path: String)
  case linkLeavesFolder(path: String)
  /// The link leads to a folder that it lies in.
  case linkLoops(path: String)
  /// Linked folders inside of linked folders, without end for all we know.
  case linksNestedTooDeep(path: String, limit: Int)
  /// The link leads into a folder that is never read: `.git`, `.soulpack`, the store.
  case linkLeadsIntoState(path: String)
  case nameIsNotUTF8(path: String)
  /// Two names that only Unicode normalisation tells apart; other file systems cannot hold both.
  case namesClash(path: String)
  /// A `.soulpackignore` of more bytes than anybody writes.
  case ignoreFileTooLarge(path: String, limit: Int)
  /// A socket, a device or a pipe.
  case notAFile(path: String)

  package var message: String {
    switch self {
    case .absent(let path): "\"\(path)\": no such file or folder"
    case .unreadable(let path, let code): "cannot read \"\(path)\": \(systemReason(code))"
    case .vanished(let path): "\"\(path)\" vanished while the folder was read"
    case .changedWhileRead(let path): "\"\(path)\" changed while it was read"
    case .linkLeadsNowhere(let path): "\"\(path)\": the symbolic link leads nowhere"
    case .linkLeavesFolder(let path): "\"\(path)\": the symbolic link leads out of the folder"
    case .linkLoops(let path): "\"\(path)\": the symbolic link leads back to a folder that it lies in"
    case .linksNestedTooDeep(let path, let limit): "\"\(path)\": more than \(limit) linked folders inside each other"
    case .linkLeadsIntoState(let path): "\"\(path)\": the symbolic link leads into a folder that is never read"
    case .nameIsNotUTF8(let path): "\"\(path)\": the name is not UTF-8"
    case .namesClash(let path): "\"\(path)\": another name differs from this one only by Unicode normalisation"
    case .ignoreFileTooLarge(let path, let limit): "\"\(path)\": more than \(limit) bytes of patterns"
    case .notAFile(let path): "\"\(path)\": neither a file nor a folder"
    }
  }

  package var hint: String? {
    switch self {
    case .absent: nil
    case .unreadable(_, let code): code == EACCES ? "give yourself the right to read it, or move it out of the folder" : systemHint(code)
    case .vanished, .changedWhileRead: "run again when nothing writes to the folder"
    case .linkLeadsNowhere: "remove the link, or restore what it leads to"
    case .linkLeavesFolder: "copy the file into the folder, or name its own folder as a source"
    case .linkLoops, .linksNestedTooDeep, .linkLeadsIntoState: "remove the link"
    case .nameIsNotUTF8, .namesClash: "rename it"
    case .ignoreFileTooLarge: "name folders instead of their files"
    case .notAFile: "move it out of the folder"
    }
  }
}
