package import Artifacts
internal import CCrypto
package import Foundation

/// SHA-256 (FIPS 180-4) over a stream of bytes, by libcrypto, which uses the CPU's own instructions.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Fetched once: EVP_sha256() looks for the implementation at every initialization, which costs as much as 400 bytes do (crypto(7),
  /// "Performance").
  private static let algorithm = Algorithm()

  package init() {
    // EVP_MD_CTX_new(3) returns NULL on allocation failure only; the fixed-size context cannot be had without memory.
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, SHA256.algorithm.pointer, nil) == 1 else {
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
    var words = Digest.Words()
    let isDone = withUnsafeMutableBytes(of: &words) { EVP_DigestFinal_ex(context, $0.bindMemory(to: UInt8.self).baseAddress, nil) }
    precondition(isDone == 1, "SHA-256 final failed")
    return Digest(words: Digest.Words(words.x.bigEndian, words.y.bigEndian, words.z.bigEndian, words.w.bigEndian))
  }
}

/// libcrypto's implementation of SHA-256. It never changes, is counted by atomic references, and is here for as long as the process.
private struct Algorithm: Sendable {
  nonisolated(unsafe) let pointer: OpaquePointer

  init() {
    guard let pointer = EVP_MD_fetch(nil, "SHA256", nil) else { preconditionFailure("libcrypto offers no SHA-256") }
    self.pointer = pointer
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
