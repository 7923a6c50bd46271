import Artifacts
import Fetching
import Foundation
import Hashing
import Testing

@Suite("Where a hub is and what it is asked")
struct SettingsTests {
  @Test("the cache is where the hub's library has it", arguments: [
    (["HOME": "/home/a"], "/home/a/.cache/huggingface/hub"), (["HOME": "/home/a", "XDG_CACHE_HOME": "/c"], "/c/huggingface/hub"),
    (["HOME": "/home/a", "HF_HOME": "/h"], "/h/hub"), (["HOME": "/home/a", "HF_HOME": "~/h"], "/home/a/h/hub"),
    (["HOME": "/home/a", "HF_HOME": "/h", "HF_HUB_CACHE": "/k"], "/k"),
  ] as [([String: String], String)])
  func cache(environment: [String: String], path: String) throws {
    #expect(try HubSettings(environment: environment).cache.standardizedFileURL.path == path)
  }

  @Test("offline is said in the words that the hub's library takes", arguments: [("1", true), ("true", true), ("YES", true), ("on", true), ("0", false), ("", false)])
  func offline(word: String, isOffline: Bool) throws {
    #expect(try HubSettings(environment: ["HF_HUB_OFFLINE": word]).isOffline == isOffline)
  }

  @Test("plain http is for this machine", arguments: [
    ("https://hub.example.org/", true), ("http://localhost:1", true), ("http://127.8.0.1:80", true), ("http://[::1]:9", true), ("http://hub.example.org", false),
    ("http://127.0.0.1.example.org", false), ("ftp://127.0.0.1", false), ("hub.example.org", false), ("https://name:word@hub.example.org", false),
  ])
  func endpoints(endpoint: String, isTaken: Bool) {
    let settings = try? HubSettings(environment: ["HF_ENDPOINT": endpoint])  // Which error it is, is its message's affair.
    #expect((settings != nil) == isTaken)
  }

  @Test("the token is for its own origin: scheme, host and port", arguments: [
    ("https://hub.example.org/x", true), ("https://HUB.example.org:443/y", true), ("https://hub.example.org:8443/x", false), ("http://hub.example.org/x", false),
    ("https://cdn.hub.example.org/x", false), ("https://hub.example.org.evil.org/", false),
  ])
  func audience(address: String, isGiven: Bool) throws {
    let hub = try #require(URL(string: "https://hub.example.org").flatMap { Origin($0) })
    let token = try #require(AccessToken("hf_x", for: hub))
    let origin = try #require(URL(string: address).flatMap { Origin($0) })
    #expect(token.header(for: origin) == (isGiven ? "Authorization: Bearer hf_x" : nil))
  }

  @Test("a reference names owner, name and revision", arguments: [
    ("hf://HuggingFaceTB/SmolLM2-135M@main", true), ("hf://a/b@feature/x", true), ("hf://a/b@refs/pr/1", true), ("hf://a/b@v1.0", true), ("hf://a/b", false),
    ("hf://a@main", false), ("hf://a/b/c@main", false), ("hf://a/b@", false), ("hf://a/b@../x", false), ("hf://a/b@x/../y", false), ("hf://a/b@/x", false),
    ("hf://a/b@x/", false), ("hf://a/b@.x", false), ("hf://../b@main", false), ("hf://a/b--c@main", false), ("hf://-a/b@main", false), ("hf://a/b@a b", false),
    ("hf://a/b@x.lock", false), ("hf://a/b@main?x", false), ("HF://a/b@main", false), ("hf://a/b@main\n", false),
  ])
  func references(text: String, isOne: Bool) {
    let reference = HubReference(text)
    #expect((reference != nil) == isOne)
    if let reference { #expect(reference.description == text) }
  }

  @Test("git's names for contents", arguments: [("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")])
  func gitBlobs(text: String, name: String) {
    var hasher = GitBlobHasher(byteCount: Int64(text.utf8.count))
    hasher.update(Array(text.utf8))
    #expect(hasher.finalize() == name)
  }

  @Test("an origin is read back from its document, and from no other")
  func origins() throws {
    let reference = try #require(HubReference("hf://a/b@main"))
    let origin = HubOrigin(reference, commit: LocalHub.first)
    #expect(HubOrigin(canonical: origin.canonical) == origin && origin.reference == "hf://a/b@\(LocalHub.first)")
    #expect(HubOrigin(canonical: ["schema": "soulpack.hub-model/1", "hub": "hf", "model": "../b", "commit": .string(LocalHub.first)]) == nil)
    #expect(HubOrigin(canonical: ["schema": "soulpack.hub-model/1", "hub": "hf", "model": "a/b", "commit": "main"]) == nil)
  }
}
