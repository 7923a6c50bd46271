package import Foundation

/// Scheme, host and port of an address (RFC 6454): who is asked. A secret is for one of them.
package struct Origin: Hashable, Sendable {
  let scheme: String
  let host: String
  let port: Int

  /// Nil where the address has no host, another scheme than http and https, or a name and a password in it.
  package init?(_ url: URL) {
    guard let parts = URLComponents(url: url, resolvingAgainstBaseURL: true), let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.host?.lowercased(), !host.isEmpty, parts.user == nil, parts.password == nil
    else { return nil }
    self.scheme = scheme
    self.host = host.trimmingCharacters(in: ["[", "]"])
    port = parts.port ?? (scheme == "https" ? 443 : 80)
  }

  /// Plain http is for this machine alone.
  var mayBeAsked: Bool { scheme == "https" || isLoopback }

  /// By number, and not by how a name begins: `127.0.0.1.example.org` is anybody's.
  var isLoopback: Bool {
    if host == "localhost" { return true }
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
    var six = in6_addr()
    guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
    return withUnsafeBytes(of: &six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
  }
}
