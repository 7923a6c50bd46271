internal import CSodium
package import Foundation

/// An Ed25519 public key (RFC 8032). Its one spelling is a did:key: `did:key:z6Mk…`.
package struct PublicKey: Hashable, Sendable {
  package static let byteCount = 32
  package static let signatureByteCount = 64

  package let bytes: [UInt8]

  /// Fails unless the bytes are the canonical encoding of a point of the prime-order group: under a point of small order one signature would
  /// fit many messages.
  package init?(bytes: some Collection<UInt8>) {
    Sodium.start()
    let bytes = Array(bytes)
    guard bytes.count == Self.byteCount, crypto_core_ed25519_is_valid_point(bytes) == 1 else { return nil }
    self.bytes = bytes
  }

  /// Checks a detached signature. libsodium refuses scalars that are not reduced, so a signature has no second form.
  package func accepts(signature: Data, over message: Data) -> Bool {
    guard signature.count == Self.signatureByteCount else { return false }
    return signature.withUnsafeBytes { signature in
      message.withUnsafeBytes { message in
        guard let signatureBytes = signature.bindMemory(to: UInt8.self).baseAddress else { return false }
        return crypto_sign_verify_detached(
          signatureBytes, message.bindMemory(to: UInt8.self).baseAddress, UInt64(message.count), bytes) == 0
      }
    }
  }
}

// MARK: - did:key (W3C Credentials Community Group, "The did:key Method", section 3.1.1)

extension PublicKey: CustomStringConvertible {
  private static let prefix = "did:key:z"

  /// The multicodec prefix of an Ed25519 public key, 0xed as a variable-length integer.
  private static let multicodec: [UInt8] = [0xED, 0x01]

  package var description: String { Self.prefix + Base58.encode(Self.multicodec + bytes) }

  /// Reads a did:key of an Ed25519 key. Other key types, fragments and upper-case prefixes are refused.
  package init?(_ text: some StringProtocol) {
    // A longer text cannot be a key, and decoding takes quadratic time.
    guard text.utf8.count <= 64, text.hasPrefix(Self.prefix) else { return nil }
    guard let decoded = Base58.decode(text.dropFirst(Self.prefix.count)), decoded.starts(with: Self.multicodec) else { return nil }
    self.init(bytes: decoded.dropFirst(Self.multicodec.count))
  }
}

extension PublicKey: Comparable {
  package static func < (left: PublicKey, right: PublicKey) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
