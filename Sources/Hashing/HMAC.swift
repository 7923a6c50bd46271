package import Artifacts
internal import CCrypto
package import Foundation

extension Digest {
  /// HMAC-SHA-256 (RFC 2104): a digest that only the holder of `key` can compute.
  package init(authenticating bytes: some ContiguousBytes, key: some ContiguousBytes) {
    var output = [UInt8](repeating: 0, count: Digest.byteCount)
    let written = key.withUnsafeBytes { key in
      bytes.withUnsafeBytes { message in
        CCrypto.HMAC(EVP_sha256(), key.baseAddress, Int32(key.count), message.bindMemory(to: UInt8.self).baseAddress, message.count, &output, nil)
      }
    }
    guard written != nil, let digest = Digest(bytes: output) else { preconditionFailure("libcrypto offers no HMAC-SHA-256") }
    self = digest
  }
}
