/// Why a foreign archive was not read. It is about the whole archive: what is wrong with one member's name or kind is a `MemberFault`.
package struct ForeignArchiveError: Error, Hashable {
  package let path: String
  /// The member that was being read, if it had a name yet.
  package let member: String?
  package let problem: ArchiveProblem

  package var message: String {
    let place = member.map { "\(path): \"\($0)\"" } ?? path
    return "\(place): \(problem.text)"
  }

  package var hint: String? { problem.hint }
}

package enum ArchiveProblem: Error, Hashable, Sendable {
  /// Its first bytes, or for a zip its last ones, are not those of what its name says.
  case notOfItsKind(ArchiveForm.Layout, ArchiveForm.Compression?)
  /// Cut short, or with bytes that were changed. The reason is libarchive's, of which no text of a member is part.
  case damaged(String)
  case packedTwice
  /// After the end of a packed file.
  case trailingBytes
  case encrypted
  case tooManyMembers(limit: Int)
  case memberTooLarge(limit: Int)
  case tooLarge(limit: Int)
  case ratioTooHigh(limit: Int)
  /// libarchive was built without a part that is needed, or has it only by way of another program.
  case unsupported(String)
  case outOfMemory

  var text: String {
    switch self {
    case .notOfItsKind(.single, let compression): "its bytes are not those of a \(compression?.rawValue ?? "packed") file"
    case .notOfItsKind(let layout, nil): "its bytes are not those of a \(layout.rawValue) archive, or it is cut short"
    case .notOfItsKind(let layout, let compression?): "its bytes are not those of a \(layout.rawValue) archive packed with \(compression.rawValue)"
    case .damaged(let reason): "the archive is damaged or cut short: \(reason)"
    case .trailingBytes: "bytes after the end"
    case .packedTwice: "it is packed more than once"
    case .encrypted: "the archive is encrypted"
    case .tooManyMembers(let limit): "more than \(limit) members"
    case .memberTooLarge(let limit): "a member of more than \(limit) bytes unpacked"
    case .tooLarge(let limit): "more than \(limit) bytes unpacked"
    case .ratioTooHigh(let limit): "it unpacks to more than \(limit) times its own size"
    case .unsupported(let part): "this libarchive cannot read \(part)"
    case .outOfMemory: "out of memory"
    }
  }

  var hint: String? {
    switch self {
    case .notOfItsKind: "give the file the ending of what it is, or unpack it"
    case .damaged, .trailingBytes: "fetch or export it again: of a damaged archive nothing is read"
    case .encrypted: "unpack it with its passphrase, and name the folder instead"
    case .tooManyMembers, .memberTooLarge, .tooLarge, .ratioTooHigh: "if it is meant to be like this, unpack it and name the folder instead"
    case .packedTwice: "unpack it once"
    case .unsupported: "install a libarchive with it, or unpack the archive"
    case .outOfMemory: nil
    }
  }
}
