internal import Artifacts
internal import Foundation
internal import Identities
internal import Judging
internal import Packaging
internal import Signing

/// The key that signs, found and unlocked before any work starts: a wrong passphrase should not cost a training.
struct Signer: ~Copyable {
  private let key: SigningKey
  var publicKey: PublicKey { key.publicKey }

  init(keyName: String?) throws {
    let file = try Signer.file(keyName)
    guard try KeyStore.read(file).isProtected else {
      key = try KeyStore.load(file, passphrase: nil)
      return
    }
    key = try KeyStore.load(file, passphrase: SecretBytes(copying: try Passphrase.ask("passphrase for \(file.lastPathComponent): ")))
  }

  private static func file(_ name: String?) throws -> URL {
    let store = KeyStore(folder: UserFolders().keys)
    if let name { return store.folder.appending(path: name + ".key") }
    if let path = ProcessInfo.processInfo.environment["SOULPACK_KEY_FILE"], !path.isEmpty { return URL(filePath: path) }
    let names = try store.list().map(\.name)
    guard names.count <= 1 else { throw NoKey.several(names) }
    guard let only = names.first else { throw NoKey.none }
    return store.folder.appending(path: only + ".key")
  }

  borrowing func sign(_ statement: Statement) throws -> Envelope { statement.signed(by: key) }

  borrowing func certify(_ manifest: SoulManifest, sizeOf: (Digest) throws -> Int64) throws -> Certificate? {
    try Certification.certificate(for: manifest, signedBy: key, sizeOf: sizeOf)
  }

  /// The one clock of an attestation: SOURCE_DATE_EPOCH (reproducible-builds.org), else now.
  static func time() throws(BadEpoch) -> Date {
    guard let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return Date() }
    guard let seconds = Int64(text), BadEpoch.allowed.contains(seconds) else { throw BadEpoch(text: text) }
    return Date(timeIntervalSince1970: Double(seconds))
  }
}

/// SOURCE_DATE_EPOCH is to be a whole number of seconds. A time that nobody meant must not be signed.
struct BadEpoch: ExplainedError {
  /// To the end of the year 9999, the last that RFC 3339 can write.
  static let allowed = Int64(0)...253_402_300_799

  let text: String

  var message: String { "SOURCE_DATE_EPOCH is \"\(text)\", which is not a whole number of seconds since 1970" }
  var hint: String? { "for example: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" }
}

enum NoKey: ExplainedError {
  case none
  case several([String])

  var message: String {
    switch self {
    case .none: "there is no key to sign with"
    case .several(let names): "several keys and none chosen: \(names.joined(separator: ", "))"
    }
  }

  var hint: String? {
    switch self {
    case .none: "soulpack keys new NAME; in CI, set SOULPACK_KEY_FILE and SOULPACK_PASSPHRASE_FD"
    case .several(let names): "--key \(names[0]); in CI, set SOULPACK_KEY_FILE and SOULPACK_PASSPHRASE_FD"
    }
  }
}
