internal import Artifacts
internal import CCrypto
package import Foundation

/// The name that git gives a file's content: SHA-1 (FIPS 180-4) over `blob SIZE`, a zero byte and the bytes (git-hash-object(1)). Only ever held
/// against what a hub says of a file: nothing of soulpack's own is known by it.
package struct GitBlobHasher: ~Copyable {
  private let context: OpaquePointer

  package init(byteCount: Int64) {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha1(), nil) == 1 else { preconditionFailure("libcrypto offers no SHA-1") }
    self.context = context
    update(Array("blob \(byteCount)\0".utf8))
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "SHA-1 update failed")
  }

  package mutating func update(_ bytes: some ContiguousBytes) { bytes.withUnsafeBytes { update($0) } }

  /// 40 lower-case hexadecimal digits.
  package consuming func finalize() -> String {
    var bytes = [UInt8](repeating: 0, count: 20)
    precondition(EVP_DigestFinal_ex(context, &bytes, nil) == 1, "SHA-1 final failed")
    return hexadecimal(bytes)
  }
}
