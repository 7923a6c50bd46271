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
      testDescription: "a licence of its own", lines: [license: "license: LicenseRef-mine\nlicenses: [{ id: LicenseRef-mine, commercial: false, redistribute: weights }]\nbase:"],
      message: "LicenseRef-mine allows no commercial use", hint: "if nobody earns with it, say so",
      mended: ["license: CC0-1.0\nbase:": "license: CC-BY-NC-4.0\nuse: { commercial: false }\nbase:"]),
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

  @Test("what its licence allows is its maker's to say: a child may ask more of itself, and no less")
  func declarations() throws {
    func mine(_ isCommercial: Bool) -> String { "licenses: [{ id: LicenseRef-mine, commercial: \(isCommercial), redistribute: weights }]\n" }
    for isCommercial in [false, true] {
      try withParent(terms: [Self.license: "license: LicenseRef-mine\n\(mine(isCommercial))base:"]) { tool, _ in
        try tool.edit("recipes/voice.yaml", "base: {", "\(mine(!isCommercial))base: {")
        try tool.build().expectFailure(8, "base \"\(Self.parent)\": LicenseRef-mine allows no commercial use")
      }
    }
  }

  @Test("whether weights adapt texts is no question where weights were made from weights")
  func weightsFromWeights() throws {
    try withParent(terms: [Self.license: "license: CC-BY-SA-4.0\nbase:"]) { tool, _ in
      try tool.edit("recipes/voice.yaml", "base: {", "use: { weights-are-adaptations: false }\nbase: {")
      let refused = try tool.build()
      #expect(refused.status == 8 && refused.errors.contains("CC-BY-SA-4.0") && !refused.errors.contains("weights-are-adaptations"), "\(refused.errors)")
      try tool.edit("recipes/voice.yaml", "license: CC0-1.0\nuse:", "license: CC-BY-SA-4.0\nuse:")
      let built = try tool.build()
      #expect(built.status == 0, "\(built.errors)")
    }
  }

  @Test("a grandparent's terms bind, and its credits come along")
  func chain() throws {
    let terms = [Self.license: "license: CC-BY-NC-4.0\nbase:", "from: texts\n": "from: texts\n    attribution: Tides by the tests\n"]
    try withParent(terms: terms) { tool, key in
      let made = Project.base.replacing("soul: small-base", with: "soul: middle").replacing("license: CC0-1.0\nbase:", with: "license: CC0-1.0\nuse: { commercial: false, redistribute: none }\nbase:")
      let lines = made.split(separator: "\n", omittingEmptySubsequences: false).map { $0.hasPrefix("  new:") ? "  soul: \(Self.parent)" : String($0) }
      try tool.write(lines.joined(separator: "\n"), to: "recipes/middle.yaml")
      try tool.must("publish", "recipes/middle.yaml", "--threads", "1")
      try tool.must("trust", "add", "middle", key)
      try tool.must("unpack", "out/middle-0.1.0.soul", "middle")
      #expect(try JSONValue(parsing: try tool.read("middle/soul.json"))["credits"] == ["Tides by the tests"])
      #expect(String(decoding: try tool.read("middle/README.md"), as: UTF8.self).contains("## Credits of the base\n\n- Tides by the tests\n"))

      try tool.edit("recipes/voice.yaml", Self.parent, "out/middle-0.1.0.soul")
      try tool.build().expectFailure(8, "base \"out/middle-0.1.0.soul\": CC-BY-NC-4.0")
      try tool.edit("recipes/voice.yaml", "license: CC0-1.0\nbase:", "license: CC-BY-NC-4.0\nuse: { commercial: false }\nbase:")
      let built = try tool.build()
      #expect(built.status == 0, "\(built.errors)")
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      let terms = try JSONValue(parsing: try tool.read("soul/lineage.json"))["origins"]?["base-origin"]?["terms"]?.array?.compactMap { $0["expression"]?.string }
      #expect(terms == ["CC0-1.0", "CC0-1.0", "CC-BY-NC-4.0"])
      #expect(try JSONValue(parsing: try tool.read("soul/soul.json"))["credits"] == ["Tides by the tests"])
    }
  }

  @Test("a folder that one was unpacked to is held to its terms before anything runs, though nobody signed it")
  func folderTerms() throws {
    try withParent(terms: [Self.license: "license: CC0-1.0\npermissions: { derive: false }\nbase:"], isTrusted: false) { tool, _ in
      try tool.unpackParent()
      for command in ["train", "build", "status", "report"] {
        let refused = try tool.run(command, "recipes/voice.yaml")
        refused.expectFailure(8, "base \"models/parent\": its maker does not let others build on it", hint: "ask its maker")
        #expect(!refused.errors.contains("train.talk"))
      }
    }
  }

  @Test("such a folder is named by its path, its credits and terms come along, and what is no longer its model is refused; without soul.json it is a folder")
  func folder() throws {
    try withParent(terms: ["from: texts\n": "from: texts\n    attribution: Tides by the tests\n"], isTrusted: false) { tool, _ in
      try tool.unpackParent()
      let built = try tool.build()
      #expect(built.status == 0, "\(built.errors)")
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      let manifest = try JSONValue(parsing: try tool.read("soul/soul.json"))
      #expect(manifest["components"]?.array?[0]["base"]?["name"] == "models/parent" && manifest["credits"] == ["Tides by the tests"])
      let origin = try JSONValue(parsing: try tool.read("soul/lineage.json"))["origins"]?["base-origin"]
      #expect(origin?["name"] == "small-base" && origin?["terms"]?.array?.first?["expression"] == "CC0-1.0" && origin?["soul"] == nil)
      try tool.must("build", "recipes/voice.yaml", "--locked")
      #expect(try JSONValue(parsing: try tool.read("soul.lock"))["recipes"]?["recipes/voice.yaml"]?["sources"]?.object?.count == 2)

      try tool.write(try tool.read("models/parent/tokenizer_config.json") + Data(" ".utf8), to: "models/parent/tokenizer_config.json")
      let changed = "base \"models/parent\": its soul.json is of other files than lie there: tokenizer_config.json"
      for command in ["train", "status"] { try tool.run(command, "recipes/voice.yaml").expectFailure(6, changed, hint: "unpack the Soul anew") }

      try tool.remove("models/parent/soul.json")
      try tool.must("build", "recipes/voice.yaml", "--threads", "1")
      try tool.must("unpack", "out/voice-1.0.0.soul", "plain")
      let lineage = try JSONValue(parsing: try tool.read("plain/lineage.json"))
      #expect(lineage["origins"] == nil && lineage["nodes"]?["base-origin"] == nil && lineage["nodes"]?["base"] != nil)
    }
  }

  @Test("what was retracted since is learned from no more, by whichever way the base comes")
  func retracted() throws {
    let contributor = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    try withParent(terms: ["from: texts\n": "from: texts\n    contributor: \(contributor)\n"]) { tool, _ in
      try tool.must("retract", contributor)
      let words = ": dataset \"texts\": its contributor has retracted it"
      try tool.build().expectFailure(7, Self.parent + words)
      try tool.unpackParent()
      try tool.build().expectFailure(7, "models/parent" + words)
      try tool.must("retract", contributor, "--undo")
      #expect(try tool.build().status == 0)
    }
  }

  @Test("a folder's soul.json counts though a snapshot passes it over; more of a model beside it, or one that cannot be read, is refused")
  func strangeFolders() throws {
    try withParent(isTrusted: false) { tool, _ in
      try tool.unpackParent()
      try tool.write("soul.json\n", to: "models/parent/.soulpackignore")
      let built = try tool.build()
      #expect(built.status == 0, "\(built.errors)")
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      #expect(try JSONValue(parsing: try tool.read("soul/lineage.json"))["origins"]?["base-origin"]?["name"] == "small-base")
      try tool.write("x", to: "models/parent/model-00001-of-00001.safetensors")
      try tool.build().expectFailure(6, "base \"models/parent\": its soul.json is of other files than lie there: model-00001-of-00001.safetensors")
      try tool.write("{}", to: "models/parent/soul.json")
      try tool.build().expectFailure(6, "base \"models/parent\": its soul.json cannot be read: ", hint: "unpack the Soul anew; where the file is none of soulpack's, rename it")
    }
  }

  @Test("a smoke build is a base for smoke builds alone")
  func smoke() throws {
    try withParent { tool, _ in
      try tool.must("build", "recipes/base.yaml", "--threads", "1", "--smoke")
      let made = try #require(try tool.names(in: "out").first { $0.contains("smoke") })
      try tool.must("unpack", "out/\(made)", "models/parent")
      try tool.edit("recipes/voice.yaml", "{ soul: \(Self.parent) }", "{ path: models/parent }")
      try tool.build().expectFailure(8, "base \"models/parent\": it is a smoke build", hint: "build its recipe without --smoke")
      try tool.must("build", "recipes/voice.yaml", "--threads", "1", "--smoke")
    }
  }

  @Test("a Soul that was merged with its base binds as it did alone")
  func merged() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "train:\n", "permissions: { lease: 1h }\ntrain:\n")
      try tool.must("build", "recipes/voice.yaml", "--threads", "1")
      try tool.must("unpack", "out/voice-1.0.0.soul", "whole", "--merged")
      try tool.edit("recipes/voice.yaml", "permissions: { lease: 1h }\n", "")
      try tool.edit("recipes/voice.yaml", "soul: voice", "soul: child")
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ path: whole }")
      try tool.build().expectFailure(8, "base \"whole\": an answer about it stays fresh for 3600 s", hint: "set \"permissions: lease\"")
      try tool.edit("recipes/voice.yaml", "train:\n", "permissions: { lease: 30m }\ntrain:\n")
      #expect(try tool.build().status == 0)
      try tool.must("unpack", "out/child-1.0.0.soul", "child")
      let origin = try JSONValue(parsing: try tool.read("child/lineage.json"))["origins"]?["base-origin"]
      #expect(origin?["name"] == "voice" && origin?["soul"]?.digest != nil && origin?["terms"]?.array?.isEmpty == false)

      try tool.write("{}", to: "whole/chat_template.jinja")
      try tool.build().expectFailure(6, "base \"whole\": its merged.json is of other files than lie there: chat_template.jinja")
      for damage in ["", "{}", "garbage", #"{"schema":"soulpack.merged/2"}"#] {
        try tool.write(damage, to: "whole/merged.json")
        try tool.build().expectFailure(6, "base \"whole\": its merged.json cannot be read: ", hint: "unpack the Soul anew")
      }
    }
  }

  @Test("what was retracted, and that it was a trial, is not forgotten by merging, nor over generations")
  func mergedOrigins() throws {
    let contributor = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    try withParent(terms: ["from: texts\n": "from: texts\n    contributor: \(contributor)\n"]) { tool, _ in
      #expect(try tool.build().status == 0)
      try tool.must("unpack", "out/voice-1.0.0.soul", "whole", "--merged")
      try tool.must("build", "recipes/voice.yaml", "--threads", "1", "--smoke")
      let trial = try #require(try tool.names(in: "out").first { $0.contains("voice") && $0.contains("smoke") })
      try tool.must("unpack", "out/\(trial)", "trial", "--merged")
      try tool.edit("recipes/voice.yaml", "soul: voice", "soul: child")
      try tool.edit("recipes/voice.yaml", "{ soul: \(Self.parent) }", "{ path: trial }")
      try tool.build().expectFailure(8, "base \"trial\": it is a smoke build")
      try tool.edit("recipes/voice.yaml", "{ path: trial }", "{ path: whole }")
      #expect(try tool.build().status == 0)
      try tool.must("unpack", "out/child-1.0.0.soul", "child")
      let origin = try JSONValue(parsing: try tool.read("child/lineage.json"))["origins"]?["base-origin"]
      #expect(origin?["contributors"] == [["dataset": "texts", "contributor": .string(contributor)]])
      try tool.must("retract", contributor)
      try tool.build().expectFailure(7, "whole: dataset \"texts\": its contributor has retracted it")
    }
  }

  @Test("a base that is no longer what it was says nothing of the Soul that is to be made again")
  func reproducing() throws {
    try withParent(isTrusted: false) { tool, _ in
      try tool.unpackParent()
      #expect(try tool.build().status == 0)
      try tool.write("{}", to: "models/parent/chat_template.jinja")
      let again = try tool.run("reproduce", "out/voice-1.0.0.soul", "--threads", "1")
      again.expectFailure(1, "base \"models/parent\": its soul.json is of other files than lie there", hint: "unpack the Soul anew")
    }
  }

  @Test("its own archive is no base: it would be replaced by what is made of it")
  func itself() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/voice.yaml", "--threads", "1")
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ soul: out/voice-1.0.0.soul }")
      try tool.build().expectFailure(2, "base \"out/voice-1.0.0.soul\": that is where this recipe's own Soul is placed", hint: "raise \"version\"")
      let absolute = tool.place("out/voice-1.0.0.soul").path
      try tool.edit("recipes/voice.yaml", "{ soul: out/voice-1.0.0.soul }", "{ soul: \(absolute) }")
      try tool.build().expectFailure(2, "base \"\(absolute)\": that is where this recipe's own Soul is placed")
    }
  }

  @Test("an adapter is no base: exit code 2")
  func adapter() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("trust", "add", "voice", try tool.signed())
      try tool.edit("recipes/voice.yaml", "soul: voice", "soul: child")
      try tool.must("unpack", "out/voice-1.0.0.soul", "models/voice")
      for (base, path) in [("{ soul: out/voice-1.0.0.soul }", "out/voice-1.0.0.soul"), ("{ path: models/voice }", "models/voice")] {
        try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", base)
        try tool.build().expectFailure(2, "base \"\(path)\": a Soul as base is one whole model, and this one is an adapter", hint: "name a Soul that was made with")
        try tool.edit("recipes/voice.yaml", base, "{ recipe: recipes/base.yaml }")
      }
    }
  }
}

extension Tool {
  /// The parent's Soul as people keep one in git, and the voice on it.
  fileprivate func unpackParent() throws {
    try must("unpack", "out/small-base-0.1.0.soul", "models/parent")
    try edit("recipes/voice.yaml", "{ soul: out/small-base-0.1.0.soul }", "{ path: models/parent }")
  }
}
