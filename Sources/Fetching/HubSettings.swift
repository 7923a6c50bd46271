package import Foundation

/// Where the hub is, where its cache lies and what may be asked, by the variables that the hub's own library reads (huggingface_hub, "Environment
/// variables").
package struct HubSettings: Sendable {
  /// `HF_ENDPOINT`, or the public hub. Without `/` at its end.
  let endpoint: URL
  let origin: Origin
  /// `HF_HUB_CACHE`, `HF_HOME/hub`, or `huggingface/hub` in the user's cache.
  package let cache: URL
  /// `HF_HUB_OFFLINE`: nothing is asked of a network.
  package let isOffline: Bool
  let token: AccessToken?
  /// `CURL_CA_BUNDLE` or `SSL_CERT_FILE`: who is believed to be who, where the system's list is not it.
  let certificates: String?

  package static let publicEndpoint = "https://huggingface.co"

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(FetchError) {
    func value(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
    func isOn(_ name: String) -> Bool { ["1", "ON", "YES", "TRUE"].contains((environment[name] ?? "").uppercased()) }
    var text = value("HF_ENDPOINT") ?? HubSettings.publicEndpoint
    while text.hasSuffix("/") { text.removeLast() }
    guard let endpoint = URL(string: text), endpoint.query == nil, endpoint.fragment == nil, let origin = Origin(endpoint) else {
      throw .badEndpoint(reason: "it is not an address such as \(HubSettings.publicEndpoint)")
    }
    guard origin.mayBeAsked else { throw .badEndpoint(reason: "plain http is for this machine alone: \(origin.host) is asked by https") }
    (self.endpoint, self.origin) = (endpoint, origin)
    let user = value("HOME").map { URL(filePath: $0) } ?? FileManager.default.homeDirectoryForCurrentUser
    func folder(_ path: String) -> URL {
      let path = path == "~" ? user.path : path.hasPrefix("~/") ? user.path + path.dropFirst(1) : path
      return URL(filePath: path, directoryHint: .isDirectory).absoluteURL
    }
    let home = value("HF_HOME").map(folder) ?? (value("XDG_CACHE_HOME").map(folder) ?? user.appending(path: ".cache")).appending(path: "huggingface")
    cache = value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").map(folder) ?? home.appending(path: "hub")
    isOffline = isOn("HF_HUB_OFFLINE") || isOn("TRANSFORMERS_OFFLINE")
    certificates = value("CURL_CA_BUNDLE", "SSL_CERT_FILE")
    let tokenFile = value("HF_TOKEN_PATH").map(folder) ?? home.appending(path: "token")
    token = try HubSettings.token(value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), file: tokenFile, for: origin)
  }

  /// The variable is asked first. A file of a few bytes that the hub's library wrote; where there is none, nobody has logged in.
  private static func token(_ given: String?, file: URL, for origin: Origin) throws(FetchError) -> AccessToken? {
    let bytes = given == nil ? SmallFile.contents(of: file, byteLimit: 8192) : nil
    guard let text = (given ?? bytes.map { String(decoding: $0, as: UTF8.self) })?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else { return nil }
    guard let token = AccessToken(text, for: origin) else { throw .badToken(place: given == nil ? file.path : "HF_TOKEN") }
    return token
  }
}
