import Artifacts
import Fetching
import Foundation
import Hashing
import Testing

@Suite("A hub that fails, lies or means harm", .serialized)
struct TroubleTests {
  let reference = HubReference("hf://tests/tiny@main")!
  let commit = HubReference("hf://tests/tiny@\(LocalHub.first)")!

  /// What must hold after any failure: nobody who looks into the cache finds something that he would believe.
  private func expectNothingBelieved(_ hub: LocalHub, at place: SourceLocation = #_sourceLocation) throws {
    for name in try hub.blobs() {
      let bytes = try Data(contentsOf: hub.stored.appending(path: "blobs/\(name)"))
      var git = GitBlobHasher(byteCount: Int64(bytes.count))
      git.update(bytes)
      #expect(name == git.finalize() || name == Digest(hashing: bytes).hex, sourceLocation: place)
    }
    #expect(!FileManager.default.fileExists(atPath: hub.stored.appending(path: "refs/main").path), sourceLocation: place)
    let snapshot = hub.stored.appending(path: "snapshots/\(LocalHub.first)/model.safetensors")
    #expect(!FileManager.default.fileExists(atPath: snapshot.path), sourceLocation: place)
  }

  // MARK: Contents

  @Test("bytes that are not what was promised are not kept, and the next try begins anew", arguments: ["store", "hub"])
  func otherBytes(host: String) throws {
    let hub = try LocalHub()
    // Of a small file the digest follows the bytes that hub.py sends, so that what it promises must be what lies.
    let liar: JSONValue =
      host == "store" ? ["on": "store", "do": "other"]
      : ["on": "hub", "path": "/config.json", "do": "headers", "headers": ["ETag": "\"ce013625030ba8dba906f756967f9e9ca394464a\""]]
    try hub.misbehave(liar)
    let error = try hub.failure()
    guard case .otherDigest(let file, _, _) = error else { return #expect(Bool(false), "\(error)") }
    #expect(file == (host == "store" ? "model.safetensors" : "config.json"))
    try expectNothingBelieved(hub)
    #expect(try hub.unfinished().isEmpty)
    try hub.misbehave()
    #expect(try hub.fetch().contents() == LocalHub.model)
  }

  @Test("a body longer than promised is cut off, and a shorter one is asked for again and then refused")
  func otherLengths() throws {
    let hub = try LocalHub()
    let count = Int64(LocalHub.weights.count)
    try hub.misbehave(["on": "store", "do": "long"])
    #expect(try hub.failure() == .tooLong(file: "model.safetensors", byteCount: count))
    try expectNothingBelieved(hub)
    try hub.misbehave(["on": "store", "do": "short"])
    let error = try hub.failure()
    #expect([.tooShort(file: "model.safetensors", received: count - 1, byteCount: count), .badRange(file: "model.safetensors")].contains(error))
    try expectNothingBelieved(hub)
    try hub.misbehave(["on": "store", "do": "endless"])
    #expect(try hub.failure() == .tooLong(file: "model.safetensors", byteCount: count))
  }

  @Test("more than the disk has room for is refused before the first byte")
  func noRoom() throws {
    let hub = try LocalHub()
    try hub.misbehave(["on": "hub", "path": "model.safetensors", "do": "headers", "headers": ["X-Linked-Size": "500000000000000"]])
    guard case .noSpace(_, let needed, _) = try hub.failure() else { return #expect(Bool(false)) }
    #expect(needed > 500_000_000_000_000 - 1)
    #expect(try hub.asked().allSatisfy { $0.method == "HEAD" || $0.path.contains("/api/") })
  }

  // MARK: Answers

  struct Refusal: CustomTestStringConvertible, Sendable {
    let rule: JSONValue
    let error: @Sendable (HubReference, HubReference) -> FetchError
    var testDescription: String { rule.canonicalText }

    init(_ rule: JSONValue, _ error: @escaping @Sendable (_ reference: HubReference, _ commit: HubReference) -> FetchError) { (self.rule, self.error) = (rule, error) }
  }

  static let refusals: [Refusal] = [
    Refusal(["do": "status", "status": 401]) { reference, _ in .refused(reference, status: 401, hadToken: false) },
    Refusal(["do": "status", "status": 403]) { reference, _ in .refused(reference, status: 403, hadToken: false) },
    Refusal(["path": "resolve", "do": "status", "status": 403, "headers": ["X-Error-Code": "GatedRepo"]]) { _, commit in .gated(commit, hadToken: false) },
    Refusal(["do": "status", "status": 404]) { reference, _ in .noSuchModel(reference) },
    Refusal(["path": "resolve", "do": "status", "status": 404]) { _, commit in .noSuchFile(commit, file: "config.json") },
    Refusal(["do": "status", "status": 418]) { _, _ in .unexpected(host: "127.0.0.1", status: 418) },
    Refusal(["do": "status", "status": 302]) { _, _ in .unexpected(host: "127.0.0.1", status: 302) },
    Refusal(["do": "status", "status": 503]) { _, _ in .failing(host: "127.0.0.1", status: 503) },
    Refusal(["do": "status", "status": 429, "headers": ["Retry-After": "100000"]]) { _, _ in .rateLimited(host: "127.0.0.1", seconds: 100_000) },
    Refusal(["do": "status", "status": 429]) { _, _ in .rateLimited(host: "127.0.0.1", seconds: nil) },
    Refusal(["on": "store", "do": "status", "status": 403]) { _, _ in .unexpected(host: "127.0.0.1", status: 403) },
    Refusal(["do": "loop"]) { _, _ in .redirectedTooOften(host: "127.0.0.1") },
    Refusal(["do": "redirect", "to": "http://example.org/x"]) { _, _ in .unsafeRedirect(from: "127.0.0.1", to: "example.org") },
    Refusal(["do": "redirect", "to": "file:///etc/passwd"]) { _, _ in .unsafeRedirect(from: "127.0.0.1", to: "file") },
    Refusal(["do": "redirect", "to": "http://127.0.0.1.example.org/x"]) { _, _ in .unsafeRedirect(from: "127.0.0.1", to: "127.0.0.1.example.org") },
    Refusal(["do": "endless"]) { _, _ in .answerTooLarge(host: "127.0.0.1", byteLimit: 16 << 20) },
    Refusal(["do": "headers", "headers": .object(Dictionary(uniqueKeysWithValues: (0..<70).map { ("X-\($0)", .string(String(repeating: "a", count: 1000))) }))]) { _, _ in
      .answerTooLarge(host: "127.0.0.1", byteLimit: 64 << 10)
    },
    Refusal(["do": "listing", "listing": ["sha": "main"]]) { reference, _ in .badListing(reference, reason: "it names no commit") },
    Refusal(["do": "listing", "listing": ["siblings": [["rfilename": "../../x"]]]]) { reference, _ in .unsafeName(reference, name: "../../x") },
    Refusal(["do": "listing", "listing": ["siblings": [["rfilename": "/etc/passwd"]]]]) { reference, _ in .unsafeName(reference, name: "/etc/passwd") },
    Refusal(["do": "listing", "listing": ["siblings": [["rfilename": "a\\..\\b"]]]]) { reference, _ in .unsafeName(reference, name: "a\\..\\b") },
    Refusal(["do": "listing", "listing": ["siblings": [["rfilename": "config.json"], ["rfilename": "config.json"]]]]) { reference, _ in
      .badListing(reference, reason: "it lists a file twice, or one without a name")
    },
    Refusal(["do": "listing", "listing": ["siblings": [["rfilename": "config.json"], ["rfilename": "model.gguf"]]]]) { reference, _ in
      .notAModel(reference, missing: "tokenizer.json")
    },
    Refusal(["path": "resolve", "do": "headers", "headers": ["X-Repo-Commit": .string(LocalHub.second)]]) { _, commit in .otherCommit(commit, found: LocalHub.second) },
    Refusal(["path": "config.json", "do": "headers", "headers": ["Content-Encoding": "gzip"]]) { _, _ in .packed(host: "127.0.0.1") },
    Refusal(["on": "store", "do": "headers", "headers": ["Content-Encoding": "br"]]) { _, _ in .packed(host: "127.0.0.1") },
    Refusal(["path": "config.json", "do": "headers", "headers": ["ETag": nil]]) { _, _ in .noDigest(file: "config.json") },
    Refusal(["path": "config.json", "do": "headers", "headers": ["ETag": "\"5-6\""]]) { _, _ in .noDigest(file: "config.json") },
    Refusal(["path": "model.safetensors", "do": "headers", "headers": ["X-Linked-Size": nil]]) { _, _ in .noSize(file: "model.safetensors") },
  ]

  @Test("each answer that cannot be used has its own error, with a next step", arguments: refusals)
  func refused(refusal: Refusal) throws {
    let hub = try LocalHub()
    try hub.misbehave(refusal.rule)
    let error = try hub.failure()
    #expect(error == refusal.error(reference, commit))
    #expect(error.hint?.isEmpty == false && !error.message.contains("Signature"))
    try expectNothingBelieved(hub)
  }

  @Test("trouble that passes is waited for", arguments: [
    ["do": "status", "status": 503, "times": 2], ["do": "status", "status": 429, "headers": ["Retry-After": "0"], "times": 2], ["do": "gone", "times": 1],
    ["on": "store", "do": "status", "status": 500, "times": 2], ["on": "store", "do": "status", "status": 403, "times": 1],
  ] as [JSONValue])
  func passing(rule: JSONValue) throws {
    let hub = try LocalHub()
    try hub.misbehave(rule)
    #expect(try hub.fetch().contents() == LocalHub.model)
  }

  @Test("a commit that the hub answers with another is refused")
  func otherCommit() throws {
    let hub = try LocalHub()
    try hub.misbehave(["path": "/api/", "do": "listing", "listing": ["sha": .string(LocalHub.second)]])
    #expect(try hub.failure("hf://tests/tiny@\(LocalHub.first)") == .otherCommit(commit, found: LocalHub.second))
  }

  @Test("a revision that is not there is told from a model that is not")
  func unknown() throws {
    let hub = try LocalHub()
    let other = try #require(HubReference("hf://tests/tiny@nightly"))
    #expect(try hub.failure(other.description) == .noSuchRevision(other))
    let model = try #require(HubReference("hf://tests/nothing@main"))
    #expect(try hub.failure(model.description) == .refused(model, status: 401, hadToken: false))
    #expect(try hub.failure(model.description, ["HF_TOKEN": LocalHub.token]) == .noSuchModel(model))
  }

  @Test("what a redirect says of its own body is nothing about the file")
  func entityHeaders() throws {
    let hub = try LocalHub()
    try hub.copy(to: "cached/tiny")
    let tag = "\"ce013625030ba8dba906f756967f9e9ca394464a\""
    try hub.misbehave(["path": "/resolve/", "do": "headers", "headers": ["ETag": .string(tag)]], ["path": "resolve-cache", "do": "headers", "headers": ["ETag": nil]])
    #expect(try hub.failure("hf://cached/tiny@main") == .noDigest(file: "config.json"))
  }

  @Test("a server that sends a byte now and then is not waited for without an end: neither for a listing nor for a file", arguments: [
    ("/api/", Patience(attempts: 1, stallSeconds: 3600, answerSeconds: 1)), (".safetensors", Patience(attempts: 1, stallSeconds: 1, answerSeconds: 3600)),
  ] as [(String, Patience)])
  func slow(path: String, patience: Patience) throws {
    let hub = try LocalHub()
    try hub.misbehave(["path": .string(path), "method": "GET", "on": path == "/api/" ? "hub" : "store", "do": "drip"])
    let error = try #require(throws: FetchError.self) { try ModelFetcher(hub.settings(), patience: patience).fetch(reference) }
    guard case .unreachable = error else { return #expect(Bool(false), "\(error)") }
    try expectNothingBelieved(hub)
  }

  @Test("nobody there is said soon")
  func nobody() throws {
    let hub = try LocalHub()
    // RFC 6761, section 6.4: names under "invalid" are nobody's, and no resolver asks anybody for them.
    for (host, port, words) in [("127.0.0.1", ":1", "connect"), ("hub.invalid", "", "resolve")] {
      let scheme = port.isEmpty ? "https" : "http"
      guard case .unreachable(host, let reason) = try hub.failure("hf://tests/tiny@main", ["HF_ENDPOINT": "\(scheme)://\(host)\(port)"]) else { return #expect(Bool(false)) }
      #expect(reason.contains(words), "\(reason)")
    }
  }

  // MARK: The token

  @Test("the token goes to the hub, and to nobody that it sends on to")
  func token() throws {
    let hub = try LocalHub()
    try hub.copy(to: "private/tiny")
    #expect(try hub.fetch("hf://private/tiny@main", ["HF_TOKEN": LocalHub.token]).contents() == LocalHub.model)
    let asked = try hub.asked()
    #expect(asked.contains { $0.host == "store" } && asked.allSatisfy { $0.hadToken == ($0.host == "hub") })
  }

  @Test("the token is read from the hub library's file too")
  func tokenFile() throws {
    let hub = try LocalHub()
    try hub.copy(to: "gated/tiny")
    let reference = try #require(HubReference("hf://gated/tiny@main"))
    #expect(try hub.failure(reference.description) == .gated(reference, hadToken: false))
    try Data((LocalHub.token + "\n").utf8).write(to: hub.folder.appending(path: "token"))
    #expect(try hub.fetch(reference.description, ["HF_HOME": hub.folder.path]).contents() == LocalHub.model)
  }

  @Test("no error and no description holds the token")
  func secrecy() throws {
    let hub = try LocalHub()
    let token = "hf_another"
    let settings = try hub.settings(["HF_TOKEN": token])
    #expect(!"\(settings)".contains(token) && !String(reflecting: settings).contains(token))
    var text = ""
    dump(settings, to: &text)
    #expect(!text.contains(token))
    let error = try hub.failure("hf://private/tiny@main", ["HF_TOKEN": token])
    #expect(!"\(error) \(error.message) \(error.hint ?? "")".contains(token))
    let bad = try #require(throws: FetchError.self) { try hub.settings(["HF_TOKEN": "two words"]) }
    #expect(bad == .badToken(place: "HF_TOKEN") && !bad.message.contains("two"))
  }
}
