import Artifacts
import Foundation
import Testing

@Suite("A base from a Soul", .serialized)
struct ParentSoulTests {
  private static let parent = "out/small-base-0.1.0.soul"

  /// The built tiny project, whose voice stands on the Soul of the base. `terms` are lines of the parent's recipe; it is signed by a key that is given to `body`.
  private func withParent(terms: [String: String] = [:], isTrusted: Bool = true, _ body: (Tool, String) throws -> Void) throws {
    try Tool.inBuiltProject { tool in
      for (old, new) in terms { try tool.edit("recipes/base.yaml", old, new) }
      let key = try #require(try tool.must("keys", "new", "me", "--no-passphrase", "--json").json()["key"]?.string)
      try tool.must("publish", "recipes/base.yaml", "--threads", "1")
      if isTrusted { try tool.must("trust", "add", "small-base", key) }
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ soul: \(Self.parent) }")
      try body(tool, key)
    }
  }

  @Test("its model is what training starts from, as if its recipe had been named, and the archive names it as a parent")
  func parent() throws {
    try withParent { tool, _ in
      let built = try tool.build()
      #expect(built.actions == "1 action run, 6 up to date", "\(built.output)\(built.errors)")
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      let manifest = try JSONValue(parsing: try tool.read("soul/soul.json"))
      #expect(manifest["components"]?.array?[0]["base"]?["name"] == "small-base@0.1.0")
      let origin = try JSONValue(parsing: try tool.read("soul/lineage.json"))["origins"]?["base-origin"]
      #expect(origin?["name"] == "small-base" && origin?["license"] == "CC0-1.0" && origin?["soul"]?.digest != nil)
      for command in [["status", "recipes/voice.yaml"], ["plan", "recipes/voice.yaml"], ["build", "recipes/voice.yaml", "--locked"]] {
        let outcome = try tool.start(command).wait()
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let lock = try JSONValue(parsing: try tool.read("soul.lock"))["recipes"]?["recipes/voice.yaml"]?["sources"]
      #expect(lock?[Self.parent]?.digest != nil && lock?[Self.parent + "//soul"]?.digest != nil)
    }
  }

  @Test("nobody's word, a stranger's, and a changed byte are refused before anything is used")
  func untrusted() throws {
    try withParent(isTrusted: false) { tool, key in
      try tool.build().expectFailure(8, #"no rule of the trust policy is for "small-base""#, hint: "if you know the signer: soulpack trust add small-base \(key)")
      var bytes = try tool.read(Self.parent)
      bytes[bytes.count / 2] ^= 1
      try tool.write(bytes, to: Self.parent)
      #expect(try tool.build().status == 6)
      try tool.remove(Self.parent)
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.build().expectFailure(6, #""small-base" is not signed"#)
    }
  }

  struct Terms: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let lines: [String: String]
    let message: String
    let hint: String
    /// What of the child's recipe, changed, makes it fit.
    let mended: [String: String]
  }

  private static let license = "license: CC0-1.0\nbase:"

  @Test("its terms bind what is made of it", arguments: [
    Terms(
      testDescription: "derive", lines: [license: "license: CC0-1.0\npermissions: { derive: false }\nbase:"], message: "its maker does not let others build on it",
      hint: "ask its maker", mended: [:]),
    Terms(
      testDescription: "licence", lines: [license: "license: CC-BY-NC-4.0\nbase:"], message: "CC-BY-NC-4.0", hint: "",
      mended: ["license: CC0-1.0\nbase:": "license: CC-BY-NC-4.0\nuse: { commercial: false }\nbase:"]),
    Terms(
      testDescription: "a licence that nobody knows", lines: [license: "license: LicenseRef-mine\nlicenses: [{ id: LicenseRef-mine, commercial: true, redistribute: weights }]\nbase:"],
      message: #"its terms are "LicenseRef-mine", and nobody says what that allows"#, hint: "say under \"licenses\" what it allows",
      mended: ["license: CC0-1.0\nbase:": "license: CC0-1.0\nlicenses: [{ id: LicenseRef-mine, commercial: true, redistribute: weights }]\nbase:"]),
    Terms(
      testDescription: "who may run it", lines: [license: "license: CC0-1.0\npermissions: { run: { allow: [did:key:z6MktEdRs1KNP8HfLFkhPyREzxbnwxRP8kU67j13YEfXaw31] } }\nbase:"],
      message: #""public" may not run it"#, hint: "name nobody else",
      mended: ["license: CC0-1.0\nbase:": "license: CC0-1.0\npermissions: { run: { allow: [did:key:z6MktEdRs1KNP8HfLFkhPyREzxbnwxRP8kU67j13YEfXaw31] } }\nbase:"]),
    Terms(
      testDescription: "lease", lines: [license: "license: CC0-1.0\npermissions: { lease: 1h }\nbase:"], message: "an answer about it stays fresh for 3600 s",
      hint: "set \"permissions: lease\"", mended: ["license: CC0-1.0\nbase:": "license: CC0-1.0\npermissions: { lease: 30m }\nbase:"]),
  ])
  func terms(_ terms: Terms) throws {
    try withParent(terms: terms.lines) { tool, _ in
      let refused = try tool.build()
      #expect(refused.status == 8 && refused.errors.contains(#"base "\#(Self.parent)": "#) && refused.errors.contains(terms.message), "\(refused.errors)")
      #expect(refused.errors.contains("hint: " + terms.hint), "\(refused.errors)")
      guard !terms.mended.isEmpty else { return }
      for (old, new) in terms.mended { try tool.edit("recipes/voice.yaml", old, new) }
      let built = try tool.build()
      #expect(built.status == 0, "\(built.errors)")
    }
  }

  @Test("an adapter is no base: exit code 2")
  func adapter() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("trust", "add", "voice", try tool.signed())
      try tool.edit("recipes/voice.yaml", "soul: voice", "soul: child")
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ soul: out/voice-1.0.0.soul }")
      try tool.build().expectFailure(2, #"base "out/voice-1.0.0.soul": a Soul as base is one whole model, and this one is an adapter"#, hint: "name a Soul that was made with")
    }
  }
}
