internal import Artifacts
internal import Signing

/// What can go wrong with a key file.
package enum KeyError: ExplainedError, Hashable {
  case badName(String)
  case exists(name: String, path: String)
  case notFound(name: String, path: String)
  /// Others than the owner may read or write the file.
  case modeTooOpen(path: String, mode: UInt16)
  case notAFile(path: String)
  case tooLarge(path: String)
  case malformed(path: String, problem: String)
  case wrongPassphrase(path: String)
  /// The file is under a passphrase and none was given.
  case passphraseNeeded(path: String)
  case emptyPassphrase
  case outOfMemory(path: String, bytes: Int64)
  case inputOutput(path: String, reason: String)

  package var message: String {
    switch self {
    case .badName(let name): "bad key name \"\(name)\""
    case .exists(let name, let path): "\(path): a key named \"\(name)\" exists"
    case .notFound(let name, let path): "\(path): no key named \"\(name)\""
    case .modeTooOpen(let path, let mode): "\(path): mode \(String(mode, radix: 8)) lets others at the key"
    case .notAFile(let path): "\(path): not a regular file"
    case .tooLarge(let path): "\(path): too large for a key file"
    case .malformed(let path, let problem): "\(path): \(problem)"
    case .wrongPassphrase(let path): "\(path): wrong passphrase"
    case .passphraseNeeded(let path): "\(path): the key is under a passphrase"
    case .emptyPassphrase: "the passphrase is empty"
    case .outOfMemory(let path, let bytes): "\(path): unlocking needs \(bytes) bytes of memory"
    case .inputOutput(let path, let reason): "\(path): \(reason)"
    }
  }

  package var hint: String? {
    switch self {
    case .badName: "use lower-case letters, digits, \".\", \"_\" and \"-\", at most 64, beginning with a letter or a digit"
    case .exists: "keys are never overwritten: choose another name"
    case .modeTooOpen(let path, _): "chmod 600 '\(path)', and consider whether somebody has read it"
    case .notFound(let name, _): "make it with `soulpack keys new \(name)`, or see `soulpack keys list`"
    case .passphraseNeeded: "give the passphrase on a terminal or through SOULPACK_PASSPHRASE_FD"
    default: nil
    }
  }

  init(_ error: WrappingError, path: String) {
    switch error {
    case .emptyPassphrase: self = .emptyPassphrase
    case .wrongPassphrase: self = .wrongPassphrase(path: path)
    case .cost, .malformed: self = .malformed(path: path, problem: error.message)
    case .outOfMemory(let bytes): self = .outOfMemory(path: path, bytes: bytes)
    }
  }
}
