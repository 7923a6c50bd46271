internal import CSodium
package import Foundation

/// An Ed25519 private key (RFC 8032): one owner, never copied, wiped when it goes.
package struct SigningKey: ~Copyable, Sendable {
  package static let seedByteCount = 32

  package let publicKey: PublicKey

  /// libsodium's form: the seed, then the public key.
  private let secret: SecretBytes

  /// A new key from the system's random numbers.
  package static func generate() -> SigningKey {
    let seed = SecretBytes(count: seedByteCount) { randombytes_buf($0, seedByteCount) }
    guard let key = SigningKey(seed: seed) else { preconditionFailure("libsodium makes seeds of another length") }
    return key
  }

  /// The key that a 32-byte seed determines. Fails for any other length.
  package init?(seed: borrowing SecretBytes) {
    guard seed.count == Self.seedByteCount else { return nil }
    var publicBytes = [UInt8](repeating: 0, count: PublicKey.byteCount)
    let secret = SecretBytes(count: Int(crypto_sign_SECRETKEYBYTES)) { output in
      seed.withBytes { seed in
        let status = crypto_sign_seed_keypair(&publicBytes, output, seed)
        precondition(status == 0, "libsodium made no Ed25519 key")
      }
    }
    guard let publicKey = PublicKey(bytes: publicBytes) else { return nil }
    self.publicKey = publicKey
    self.secret = secret
  }

  /// The seed, for whoever stores the key. The copy is as short-lived as its owner makes it.
  package borrowing func seed() -> SecretBytes {
    secret.withBytes { secret in
      SecretBytes(count: Self.seedByteCount) { $0.update(from: secret, count: Self.seedByteCount) }
    }
  }

  /// A detached signature of 64 bytes; the same message always has the same one.
  package borrowing func signature(over message: Data) -> Data {
    var signature = [UInt8](repeating: 0, count: PublicKey.signatureByteCount)
    secret.withBytes { secret in
      message.withUnsafeBytes { message in
        let status = crypto_sign_detached(
          &signature, nil, message.bindMemory(to: UInt8.self).baseAddress, UInt64(message.count), secret)
        precondition(status == 0, "libsodium made no signature")
      }
    }
    return Data(signature)
  }
}
