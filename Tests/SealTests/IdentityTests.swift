import Artifacts
import Foundation
import Identities
import Signing
import Testing

@Suite("Key files")
struct KeyStoreTests {
  private let folder: TemporaryFolder
  private let store: KeyStore
  /// The least that libsodium does: what is tested is not how long a guess takes.
  private let cheap = WrappedSecret.Cost(memoryBytes: 8192, passes: 1)

  init() throws {
    folder = try TemporaryFolder()
    store = KeyStore(folder: folder.url.appendingPathComponent("keys", isDirectory: true))
  }

  private var file: URL { store.folder.appendingPathComponent("keeper.key") }

  private func passphrase(_ text: String) -> SecretBytes { SecretBytes(copying: text.utf8) }

  private func create(_ text: String? = "correct horse") throws -> PublicKey {
    guard let text else { return try store.create(name: "keeper", passphrase: nil) }
    return try store.create(name: "keeper", passphrase: passphrase(text), cost: cheap)
  }

  private func load(_ text: String? = "correct horse") throws -> PublicKey {
    guard let text else { return try store.load(name: "keeper", passphrase: nil).publicKey }
    return try store.load(name: "keeper", passphrase: passphrase(text)).publicKey
  }

  @Test("a key comes back under its passphrase, and without one where it has none", arguments: ["correct horse", nil])
  func roundTrip(_ text: String?) throws {
    let publicKey = try create(text)
    #expect(try load(text) == publicKey)
    #expect(try KeyStore.read(file).isProtected == (text != nil))
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let contents = try String(contentsOf: file, encoding: .utf8)
    #expect(contents.contains(#""protection": "none""#) == (text == nil))
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder.path) == ["keeper.key"])
  }

  @Test("a wrong passphrase is one error that says just that")
  func wrongPassphrase() throws {
    _ = try create()
    #expect(throws: KeyError.wrongPassphrase(path: file.path)) { try load("incorrect horse") }
    #expect(throws: KeyError.wrongPassphrase(path: file.path)) { try load("") }
    #expect(throws: KeyError.passphraseNeeded(path: file.path)) { try load(nil) }
    #expect(KeyError.wrongPassphrase(path: "k").message == "k: wrong passphrase")
  }

  @Test("an empty passphrase is not taken for none")
  func emptyPassphrase() throws {
    #expect(throws: KeyError.emptyPassphrase) { try create("") }
    #expect(try store.list().isEmpty)
  }

  @Test("a key is never overwritten")
  func exists() throws {
    let first = try create()
    #expect(throws: KeyError.exists(name: "keeper", path: file.path)) { try create() }
    #expect(try load() == first)
  }

  @Test("a file that others may read is refused, with the way to mend it", arguments: [0o644, 0o640, 0o602, 0o604, 0o660])
  func mode(_ mode: Int) throws {
    _ = try create()
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    let error = #expect(throws: KeyError.self) { try load() }
    #expect(error == .modeTooOpen(path: file.path, mode: UInt16(mode)))
    #expect(error?.hint?.hasPrefix("chmod 600 ") == true)
  }

  @Test("a file that was cut anywhere is refused")
  func cut() throws {
    _ = try create()
    let whole = try Data(contentsOf: file)
    for length in 0..<(whole.count - 2) {
      try rewrite(whole.prefix(length))
      #expect(throws: KeyError.self) { try load() }
    }
  }

  /// Overwrites in place, so that the mode stays.
  private func rewrite(_ contents: Data) throws {
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: contents)
    try handle.close()
  }

  private func edit(_ change: (inout [String: JSONValue]) throws -> Void) throws {
    var members = try #require(try JSONValue(parsing: Data(contentsOf: file)).object)
    try change(&members)
    try rewrite(JSONValue.object(members).canonical)
  }

  private func editSecret(_ key: String, _ value: JSONValue) throws {
    try edit { members in
      var secret = try #require(members["secret"]?.object)
      secret[key] = value
      members["secret"] = .object(secret)
    }
  }

  @Test(
    "a file that asks for more memory or time than a key is worth is refused at once",
    arguments: [("memoryBytes", 100_000_000_000), ("memoryBytes", 0), ("passes", 1_000_000), ("passes", 0), ("passes", -1)] as [(String, Int64)])
  func cost(_ key: String, _ value: Int64) throws {
    _ = try create()
    try editSecret(key, .integer(value))
    guard case .malformed(_, let problem) = #expect(throws: KeyError.self, performing: { try load() }) else {
      Issue.record("not refused as malformed")
      return
    }
    #expect(problem.contains("secret.\(key): not within"))
  }

  @Test("name, public key and ciphertext hold together: none can be exchanged")
  func exchanged() throws {
    _ = try create()
    let whole = try Data(contentsOf: file)
    let stranger = JSONValue.string(SigningKey.generate().publicKey.description)
    try edit { $0["public"] = stranger }
    #expect(throws: KeyError.wrongPassphrase(path: file.path)) { try load() }
    try rewrite(whole)
    try edit { $0["name"] = "other" }
    #expect(throws: KeyError.self) { try load() }
    #expect(throws: KeyError.wrongPassphrase(path: file.path)) { try KeyStore.load(file, passphrase: passphrase("correct horse")).publicKey }
    try rewrite(whole)
    try edit { $0["extra"] = 1 }
    #expect(throws: KeyError.self) { try load() }
    try rewrite(whole)
    #expect(throws: Never.self) { try load() }
  }

  @Test("a seed in the clear must be its public key's")
  func mismatch() throws {
    _ = try create(nil)
    let stranger = JSONValue.string(SigningKey.generate().publicKey.description)
    try edit { $0["public"] = stranger }
    #expect(throws: KeyError.malformed(path: file.path, problem: "the private key is not the public key's")) { try load(nil) }
  }

  @Test("names that are no file names are refused", arguments: ["", ".", "..", "a/b", "../a", "A", "-a", "a b", "é", String(repeating: "a", count: 65)])
  func badName(_ name: String) {
    #expect(throws: KeyError.badName(name)) { try store.create(name: name, passphrase: nil) }
    #expect(throws: KeyError.badName(name)) { try store.load(name: name, passphrase: nil).publicKey }
  }

  @Test("a missing key, a folder and a link to nothing are errors, not crashes")
  func missing() throws {
    #expect(throws: KeyError.notFound(name: "keeper", path: file.path)) { try load(nil) }
    try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
    #expect(throws: KeyError.notAFile(path: file.path)) { try load(nil) }
  }

  @Test("a list shows every key by name, the broken one among them")
  func list() throws {
    #expect(try store.list().isEmpty)
    let publicKey = try create()
    _ = try store.create(name: "a-first", passphrase: nil)
    try Data("{".utf8).write(to: store.folder.appendingPathComponent("broken.key"))
    try Data().write(to: store.folder.appendingPathComponent("notes.txt"))
    let list = try store.list()
    #expect(list.map(\.name) == ["a-first", "broken", "keeper"])
    guard case .unreadable = list[1], case .key(let keeper) = list[2] else {
      Issue.record("the wrong one is broken")
      return
    }
    #expect(keeper.publicKey == publicKey)
  }
}

@Suite("Trust policy")
struct TrustPolicyTests {
  private let folder: TemporaryFolder
  private let a = SigningKey.generate().publicKey
  private let b = SigningKey.generate().publicKey
  private let c = SigningKey.generate().publicKey

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("the first rule that fits decides, counting distinct keys of its own")
  func evaluate() throws {
    let policy = TrustPolicy(rules: [
      try #require(.init(souls: "lamp*", keys: [a, b], threshold: 2)), try #require(.init(souls: "*", keys: [c])),
    ])
    #expect(policy.evaluate(soul: "lamplighter", signers: [a, b, c]) == .trusted(rule: "lamp*", keys: [a, b]))
    #expect(policy.evaluate(soul: "lamplighter", signers: [a, c]) == .untrusted(rule: "lamp*", reason: "1 of the rule's keys signed, 2 needed"))
    #expect(policy.evaluate(soul: "other", signers: [c]) == .trusted(rule: "*", keys: [c]))
    #expect(policy.evaluate(soul: "other", signers: []) == .untrusted(rule: "*", reason: "0 of the rule's keys signed, 1 needed"))
    #expect(TrustPolicy.empty.evaluate(soul: "other", signers: [a]) == .noRule)
  }

  @Test("a rule that nobody could meet, or anybody, is none", arguments: [(0, 1), (1, 0), (1, 2), (2, 3), (1, -1)])
  func badRule(keys: Int, threshold: Int) {
    #expect(TrustPolicy.Rule(souls: "*", keys: Array([a, b].prefix(keys)), threshold: threshold) == nil)
    #expect(TrustPolicy.Rule(souls: "*", keys: [a, a], threshold: 2) == nil)
  }

  @Test(
    "patterns fit as a shell's do",
    arguments: [
      ("*", "anything", true), ("a*c", "abbbc", true), ("a*c", "abbb", false), ("a?c", "abc", true), ("a?c", "ac", false), ("abc", "abcd", false),
      ("*b*b*", "abab", true), ("*b*b*", "ab", false), ("", "", true), ("[a]", "a", false),
      (String(repeating: "*a", count: 200), String(repeating: "a", count: 199) + "b", false),
    ])
  func patterns(pattern: String, name: String, fits: Bool) {
    let rule = TrustPolicy.Rule(souls: pattern, keys: [a])
    #expect((rule.map { TrustPolicy(rules: [$0]).evaluate(soul: name, signers: [a]) } == .trusted(rule: pattern, keys: [a])) == (fits && !pattern.isEmpty))
  }

  @Test("a policy that is a link is written where it leads; one that leads nowhere is an error, and not nobody's trust")
  func link() throws {
    let (url, place) = (folder["trust.json"], folder["elsewhere.json"])
    try FileManager.default.createSymbolicLink(at: url, withDestinationURL: place)
    let dangling = TrustPolicyError.inputOutput(path: url.path, reason: "a link to a file that is not there")
    #expect(throws: dangling) { try TrustPolicy.load(from: url) }
    #expect(throws: dangling) { try TrustPolicy.update(at: url) { $0 } }
    try TrustPolicy.empty.save(to: place)
    let policy = TrustPolicy(rules: [try #require(.init(souls: "*", keys: [a]))])
    #expect(try TrustPolicy.update(at: url) { _ in policy } == policy)
    #expect(try TrustPolicy.load(from: place) == policy)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: url.path) == place.path)
  }

  @Test("a policy comes back from its file; no file trusts nobody; what is not understood is refused")
  func file() throws {
    let url = folder["trust.json"]
    #expect(try TrustPolicy.load(from: url) == .empty)
    let policy = TrustPolicy(rules: [try #require(.init(souls: "lamp*", keys: [a, b], threshold: 2))])
    try policy.save(to: url)
    #expect(try TrustPolicy.load(from: url) == policy)
    for text in [
      "", "{}", #"{"schema":"soulpack.trust/2","rules":[]}"#, #"{"schema":"soulpack.trust/1","rules":[],"allow":"*"}"#,
      #"{"schema":"soulpack.trust/1","rules":[{"souls":"*","keys":[],"threshold":1}]}"#,
      #"{"schema":"soulpack.trust/1","rules":[{"souls":"*","keys":["did:key:z1"],"threshold":1}]}"#,
      #"{"schema":"soulpack.trust/1","rules":[{"souls":"*","keys":["\#(a)"],"threshold":0}]}"#,
      #"{"schema":"soulpack.trust/1","rules":[{"souls":"*","keys":["\#(a)"],"treshold":1}]}"#,
    ] {
      try Data(text.utf8).write(to: url)
      #expect(throws: TrustPolicyError.self) { try TrustPolicy.load(from: url) }
    }
  }
}
