internal import Artifacts
package import Foundation
package import Signing

/// One identity on disk, `soulpack.key/1`: a name, the public key, and the seed, under a passphrase or in the clear.
///
/// The passphrase's ciphertext is bound to name and public key, so that neither can be exchanged for another's.
package struct KeyFile: Hashable, Sendable {
  package static let schema = "soulpack.key/1"

  package enum Protection: Hashable, Sendable {
    case passphrase(WrappedSecret)
    /// The seed as it is; the file says so with `"protection":"none"`.
    case none(seed: Data)
  }

  package let name: String
  package let publicKey: PublicKey
  let protection: Protection

  package var isProtected: Bool {
    if case .passphrase = protection { true } else { false }
  }

  /// Letters, digits, `.`, `_`, `-`: a name is a file's name on every system.
  static func isName(_ name: String) -> Bool {
    let first = name.utf8.first.map { isLetterOrDigit($0) } ?? false
    return first && name.utf8.count <= 64 && name.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

// MARK: - Locking and unlocking

extension KeyFile {
  init(
    name: String, key: borrowing SigningKey, passphrase: borrowing SecretBytes?, cost: WrappedSecret.Cost
  ) throws(WrappingError) {
    self.name = name
    publicKey = key.publicKey
    let seed = key.seed()
    switch passphrase {
    case .some(let passphrase):
      let context = Self.context(name: name, publicKey: publicKey)
      protection = .passphrase(try WrappedSecret.wrap(seed, passphrase: passphrase, cost: cost, context: context))
    case .none:
      protection = .none(seed: seed.withBytes { Data(bytes: $0, count: SigningKey.seedByteCount) })
    }
  }

  /// The private key. The public key is derived again, so that a file whose two halves differ is refused.
  func unlock(passphrase: borrowing SecretBytes?, path: String) throws(KeyError) -> SigningKey {
    let seed = try seed(passphrase: passphrase, path: path)
    guard let key = SigningKey(seed: seed), key.publicKey == publicKey else {
      throw .malformed(path: path, problem: "the private key is not the public key's")
    }
    return key
  }

  private func seed(passphrase: borrowing SecretBytes?, path: String) throws(KeyError) -> SecretBytes {
    switch protection {
    case .none(let seed): return SecretBytes(copying: seed)
    case .passphrase(let wrapped):
      switch passphrase {
      case .none: throw .passphraseNeeded(path: path)
      case .some(let passphrase):
        do throws(WrappingError) {
          return try wrapped.unwrap(passphrase: passphrase, context: Self.context(name: name, publicKey: publicKey))
        } catch {
          throw KeyError(error, path: path)
        }
      }
    }
  }

  /// What the ciphertext is bound to.
  private static func context(name: String, publicKey: PublicKey) -> Data {
    let context: JSONValue = ["schema": .string(schema), "name": .string(name), "public": .string(publicKey.description)]
    return context.canonical
  }
}

// MARK: - JSON

extension KeyFile {
  private static let derivation = "argon2id13+xchacha20poly1305"

  var document: JSONValue {
    [
      "schema": .string(Self.schema), "name": .string(name), "public": .string(publicKey.description), "secret": secretDocument,
    ]
  }

  private var secretDocument: JSONValue {
    switch protection {
    case .none(let seed):
      ["protection": "none", "seed": .string(seed.base64EncodedString())]
    case .passphrase(let wrapped):
      [
        "protection": .string(Self.derivation), "memoryBytes": .integer(wrapped.cost.memoryBytes),
        "passes": .integer(wrapped.cost.passes), "salt": .string(wrapped.salt.base64EncodedString()),
        "nonce": .string(wrapped.nonce.base64EncodedString()), "ciphertext": .string(wrapped.ciphertext.base64EncodedString()),
      ]
    }
  }

  init(document: JSONValue, path: String) throws(DocumentError) {
    let reader = DocumentReader(document, document: path)
    try reader.object(["name", "public", "secret"], schema: Self.schema)
    name = try reader.member("name").string()
    guard Self.isName(name) else { throw try reader.member("name").failure("not a key name") }
    publicKey = try reader.member("public").publicKey()
    protection = try Self.protection(reader.member("secret"))
  }

  private static func protection(_ reader: DocumentReader) throws(DocumentError) -> Protection {
    switch try reader.member("protection").string() {
    case "none":
      try reader.object(["protection", "seed"])
      return .none(seed: try bytes(reader.member("seed"), count: SigningKey.seedByteCount))
    case derivation:
      try reader.object(["protection", "memoryBytes", "passes", "salt", "nonce", "ciphertext"])
      let cost = WrappedSecret.Cost(
        memoryBytes: try reader.member("memoryBytes").integer(WrappedSecret.Cost.memoryBytesAllowed),
        passes: try reader.member("passes").integer(WrappedSecret.Cost.passesAllowed))
      return .passphrase(
        WrappedSecret(
          cost: cost, salt: try bytes(reader.member("salt"), count: WrappedSecret.saltByteCount),
          nonce: try bytes(reader.member("nonce"), count: WrappedSecret.nonceByteCount),
          ciphertext: try bytes(reader.member("ciphertext"), count: SigningKey.seedByteCount + WrappedSecret.tagByteCount)))
    default: throw try reader.member("protection").failure("neither \"none\" nor \"\(derivation)\"")
    }
  }

  private static func bytes(_ reader: DocumentReader, count: Int) throws(DocumentError) -> Data {
    let bytes = try reader.base64()
    guard bytes.count == count else { throw reader.failure("not \(count) bytes") }
    return bytes
  }
}
