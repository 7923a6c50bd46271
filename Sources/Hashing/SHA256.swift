package import Artifacts
internal import CCrypto
package import Foundation

/// SHA-256 (FIPS 180-4) over a stream of bytes, by libcrypto, which uses the CPU's own instructions.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  package init() {
    // EVP_MD_CTX_new(3) returns NULL on allocation failure only; the fixed-size context cannot be had without memory.
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "SHA-256 update failed")
  }

  package mutating func update(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { update($0) }
  }

  package consuming func finalize() -> Digest {
    withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { output in
      precondition(EVP_DigestFinal_ex(context, output.baseAddress, nil) == 1, "SHA-256 final failed")
      guard let start = output.baseAddress else { preconditionFailure("a buffer of 32 bytes has a start") }
      return Digest(at: start)
    }
  }
}

extension Digest {
  /// Of bytes at hand, in one call.
  package init(hashing bytes: UnsafeRawBufferPointer) {
    var hasher = SHA256()
    hasher.update(bytes)
    self = hasher.finalize()
  }

  package init(hashing bytes: some ContiguousBytes) {
    var hasher = SHA256()
    hasher.update(bytes)
    self = hasher.finalize()
  }

  package init(hashing value: JSONValue) { self.init(hashing: value.canonical) }
}

extension DatasetRecord {
  /// SHA-256 over the canonical content (RFC 8785).
  package var id: RecordID { RecordID(Digest(hashing: canonicalContent)) }
}
