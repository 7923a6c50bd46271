internal import Artifacts
internal import CSodium
package import Foundation

/// A secret under a passphrase: Argon2id (RFC 9106) makes the key, XChaCha20-Poly1305 encrypts with it and binds the context it is kept in.
package struct WrappedSecret: Hashable, Sendable {
  /// What one guess at the passphrase costs.
  package struct Cost: Hashable, Sendable {
    package let memoryBytes: Int64
    package let passes: Int64

    /// Between what a machine of today hardly notices and what a thief's would: about half a second.
    package static let standard = Cost(memoryBytes: 256 << 20, passes: 3)

    /// What we are ready to pay for a file that we did not write. libsodium's own floor is 8 KiB and one pass.
    package static let memoryBytesAllowed: ClosedRange<Int64> = 8192...(1 << 30)
    package static let passesAllowed: ClosedRange<Int64> = 1...16

    package init(memoryBytes: Int64, passes: Int64) {
      self.memoryBytes = memoryBytes
      self.passes = passes
    }

    var isAllowed: Bool { Self.memoryBytesAllowed.contains(memoryBytes) && Self.passesAllowed.contains(passes) }
  }

  package static let saltByteCount = Int(crypto_pwhash_SALTBYTES)
  package static let nonceByteCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
  package static let tagByteCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

  package let cost: Cost
  package let salt: Data
  package let nonce: Data
  package let ciphertext: Data

  package init(cost: Cost, salt: Data, nonce: Data, ciphertext: Data) {
    self.cost = cost
    self.salt = salt
    self.nonce = nonce
    self.ciphertext = ciphertext
  }
}

package enum WrappingError: ExplainedError, Hashable {
  case emptyPassphrase
  case wrongPassphrase
  /// The parameters ask for more, or less, than `Cost` allows.
  case cost(WrappedSecret.Cost)
  /// Salt, nonce or ciphertext of another length.
  case malformed
  case outOfMemory(bytes: Int64)

  package var message: String {
    switch self {
    case .emptyPassphrase: "the passphrase is empty"
    case .wrongPassphrase: "wrong passphrase"
    case .cost(let cost): "the key derivation asks for \(cost.memoryBytes) bytes and \(cost.passes) passes, which is not allowed"
    case .malformed: "salt, nonce or ciphertext has the wrong length"
    case .outOfMemory(let bytes): "the key derivation found no \(bytes) bytes of memory"
    }
  }

  package var hint: String? { nil }
}

extension WrappedSecret {
  /// Wraps with a fresh salt and nonce. `context` is not stored here; without the same bytes the secret cannot be had again. Cost, salt and
  /// nonce need no place in it: with others, another key or stream comes out, and the tag does not fit.
  package static func wrap(
    _ secret: borrowing SecretBytes, passphrase: borrowing SecretBytes, cost: Cost, context: Data
  ) throws(WrappingError) -> WrappedSecret {
    guard passphrase.count > 0 else { throw .emptyPassphrase }
    let salt = Data(Sodium.randomBytes(saltByteCount))
    let nonce = Sodium.randomBytes(nonceByteCount)
    let key = try derivedKey(passphrase: passphrase, salt: salt, cost: cost)
    let bound = Array(context)
    let secretByteCount = secret.count
    var ciphertext = [UInt8](repeating: 0, count: secret.count + tagByteCount)
    secret.withBytes { secret in
      key.withBytes { key in
        let status = crypto_aead_xchacha20poly1305_ietf_encrypt(
          &ciphertext, nil, secret, UInt64(secretByteCount), bound, UInt64(bound.count), nil, nonce, key)
        precondition(status == 0, "libsodium encrypted nothing")
      }
    }
    return WrappedSecret(cost: cost, salt: salt, nonce: Data(nonce), ciphertext: Data(ciphertext))
  }

  /// Authenticated decryption cannot tell a wrong passphrase from a changed file: both are `wrongPassphrase`.
  package func unwrap(passphrase: borrowing SecretBytes, context: Data) throws(WrappingError) -> SecretBytes {
    guard salt.count == Self.saltByteCount, nonce.count == Self.nonceByteCount, ciphertext.count >= Self.tagByteCount else {
      throw .malformed
    }
    let key = try Self.derivedKey(passphrase: passphrase, salt: salt, cost: cost)
    let (sealed, bound, nonce) = (Array(ciphertext), Array(context), Array(nonce))
    return try SecretBytes(count: sealed.count - Self.tagByteCount) { (output) throws(WrappingError) in
      let status = key.withBytes { key in
        crypto_aead_xchacha20poly1305_ietf_decrypt(
          output, nil, nil, sealed, UInt64(sealed.count), bound, UInt64(bound.count), nonce, key)
      }
      guard status == 0 else { throw .wrongPassphrase }
    }
  }

  private static func derivedKey(passphrase: borrowing SecretBytes, salt: Data, cost: Cost) throws(WrappingError) -> SecretBytes {
    guard cost.isAllowed else { throw .cost(cost) }
    let saltBytes = Array(salt)
    let (keyByteCount, passphraseByteCount) = (Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES), passphrase.count)
    return try SecretBytes(count: keyByteCount) { (output) throws(WrappingError) in
      let status = passphrase.withBytes { passphrase in
        crypto_pwhash(
          output, UInt64(keyByteCount), UnsafeRawPointer(passphrase).assumingMemoryBound(to: CChar.self), UInt64(passphraseByteCount),
          saltBytes, UInt64(cost.passes), Int(cost.memoryBytes), crypto_pwhash_alg_argon2id13())
      }
      // crypto_pwhash(3): it fails where the memory cannot be had; the limits were checked above.
      guard status == 0 else { throw .outOfMemory(bytes: cost.memoryBytes) }
    }
  }
}
