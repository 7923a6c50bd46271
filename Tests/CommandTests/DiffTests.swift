import Artifacts
import Foundation
import Testing

@Suite("Diff: what changed between two Souls")
struct DiffTests {
  /// Version 1.1.0 of the built voice, with one answer rewritten and another learning rate. The first record: rewritten, it stays in the part that
  /// it was in, so that both winners were measured on one holdout.
  private func withNewVersion(line: Int = 4, _ body: (Tool) throws -> Void) throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "version: 1.0.0", "version: 1.1.0")
      try tool.edit("recipes/voice.yaml", "learning-rate: 1e-2", "learning-rate: 2e-2")
      try tool.edit("talk/talk.jsonl", "It is \(line + 1),", "It is surely \(line + 1),")
      try tool.digest()
      try body(tool)
    }
  }

  @Test("one changed record and one changed learning rate: diff names the record, the rate and both losses")
  func acceptance() throws {
    try withNewVersion { tool in
      let text = try tool.must("diff", "out/voice-1.0.0.soul", "out/voice-1.1.0.soul").output
      #expect(text.hasPrefix("voice 1.0.0 → 1.1.0\n"))
      #expect(text.contains("\n  changed  talk.jsonl:4  "))
      #expect(text.contains("\n  optimizer.learning-rate  0.01 → 0.02\n"))
      #expect(!text.contains("  added") && !text.contains("  removed") && !text.contains("tide"))

      let json = try tool.must("diff", "out/voice-1.0.0.soul", "out/voice-1.1.0.soul", "--json").json()
      #expect(json["schema"] == "soulpack.diff/1" && json["same"] == false)
      let records = try #require(json["datasets"]?.array?.first?["records"])
      #expect(records["unchanged"] == 39 && records["added"] == [] && records["removed"] == [] && records["fate"] == [])
      let changed = try #require(records["changed"]?.array)
      #expect(changed.count == 1)
      for side in ["old", "new"] { #expect(changed.first?[side]?["file"] == "talk.jsonl" && changed.first?[side]?["line"] == 4) }
      #expect(changed.first?["new"]?["id"] == (try idOfLine(4, tool)))
      #expect(changed.first?["old"]?["id"] != changed.first?["new"]?["id"])
      // All of them: a parameter of the winner's is told once, and what losses and candidates came to is no difference of the recipe.
      #expect(json["differences"] == [
        "soul": [["place": "version", "old": "1.0.0", "new": "1.1.0"]], "training": [["place": "optimizer.learning-rate", "old": 0.01, "new": 0.02]],
      ])
      try expectLosses(json, text, tool)
    }
  }

  @Test("two datasets that were curated here are compared by their records, and nothing else is taken for one")
  func datasets() throws {
    try Tool.inProject(CurateFolderTests.letters) { tool in
      func curated() throws -> String { try #require(try tool.must("curate", "letters").output.split(separator: "\n").first?.split(separator: " ").last.map(String.init)) }
      let old = try curated()
      try tool.edit("letters/prose/one.md", "dusk", "dawn")
      let new = try curated()
      #expect(old != new)
      let text = try tool.must("diff", old, new).output
      #expect(text.hasPrefix("\(old) → \(new)\n  changed  prose/one.md:1  ") && text.contains("  43 unchanged") && !text.contains("lamp"), "\(text)")
      let json = try tool.must("diff", old, new, "--json").json()
      #expect(json["schema"] == "soulpack.dataset-diff/1" && json["records"]?["unchanged"] == 43 && json["records"]?["changed"]?.array?.count == 1)
      #expect(try tool.must("diff", new, new).output.hasPrefix("the same dataset"))

      // The same records from a file of another name: the dataset is the same, and what it was read from is not.
      try FileManager.default.moveItem(at: tool.folder.appending(path: "letters/prose/one.md"), to: tool.folder.appending(path: "letters/prose/renamed.md"))
      #expect(try curated() == new)
      let several = try tool.run("diff", old, new)
      several.expectFailure(1, "2 curations made the dataset \"\(new)\", and not of the same files")
      let keys = try #require(several.errors.split(separator: ": ").last).split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      let told = try keys.map { try tool.must("diff", old, $0).output }
      #expect(Set(told.map { $0.contains("renamed.md:1") }) == [true, false], "\(told)")
      #expect(try tool.must("diff", keys[0], keys[1]).output.contains("1 of them at another line"))

      let unknown = try tool.run("diff", old, "000000000000")
      #expect(unknown.status != 0 && unknown.errors.contains("no Soul of that name"), "\(unknown.errors)")
    }
  }

  private func idOfLine(_ line: Int, _ tool: Tool) throws -> JSONValue? {
    try tool.must("why", "talk.jsonl:\(line)", "--recipe", "recipes/voice.yaml", "--json").json()["records"]?.array?.first?["id"]
  }

  /// The winners' losses are those that the archives' selections hold, and they are of one holdout.
  private func expectLosses(_ json: JSONValue, _ text: String, _ tool: Tool) throws {
    let losses = try #require(json["losses"])
    #expect(losses["ground"] == "same-holdout")
    var natsPerToken: [String: Double] = [:]
    for (side, version) in [("old", "1.0.0"), ("new", "1.1.0")] {
      let selection = try #require(try tool.must("inspect", "out/voice-\(version).soul", "--json").json()["soul"]?["selection"])
      let score = try #require(selection["scores"]?.array?.first { $0["candidate"] == selection["winner"] })
      #expect(losses[side]?["winner"]?["total"] == score["total"] && losses[side]?["incumbent"]?["total"] == selection["incumbent"]?["total"])
      natsPerToken[side] = Double(try #require(score["total"]?.integer)) / 1_048_576 / Double(try #require(score["tokens"]?.integer))
    }
    let (old, new) = (try #require(natsPerToken["old"]), try #require(natsPerToken["new"]))
    #expect(losses["changeNatsPerToken"]?.number == new - old)
    #expect(text.contains(String(format: "%.4f", old)) && text.contains(String(format: "→ %.4f", new)))
    #expect(text.contains("both measured on the same holdout"))
  }

  @Test("where the holdouts differ, the two losses are said not to be of the same text")
  func otherHoldout() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "version: 1.0.0", "version: 1.1.0")
      try tool.edit("recipes/voice.yaml", "salt: test", "salt: other")
      try tool.digest()
      let outcome = try tool.must("diff", "voice@1.0.0", "voice@1.1.0")
      #expect(outcome.output.contains("not losses of the same text") && outcome.output.contains("40 unchanged"))
      #expect(outcome.output.contains("datasets.talk.split.salt") && outcome.output.contains("test → other"))
      let losses = try tool.must("diff", "voice@1.0.0", "voice@1.1.0", "--json").json()["losses"]
      #expect(losses?["ground"] == "other-holdout" && losses?["changeNatsPerToken"] == nil)
    }
  }

  @Test("far from the project the counts and roots are told, and that the records are not here")
  func withoutStore() throws {
    try withNewVersion { tool in
      for name in ["1.0.0", "1.1.0"] { try tool.write(try tool.read("out/voice-\(name).soul"), to: "../elsewhere/\(name).soul") }
      let old = try tool.must("diff", "-C", "../elsewhere", "1.0.0.soul", "1.1.0.soul")
      #expect(old.output.contains("the old Soul's and the new Soul's are not in this project's store") && old.output.contains("on request"))
      #expect(!old.output.contains("talk.jsonl:4") && old.output.contains("optimizer.learning-rate  0.01 → 0.02"))
      let dataset = try tool.must("diff", "-C", "../elsewhere", "1.0.0.soul", "1.1.0.soul", "--json").json()["datasets"]?.array?.first
      #expect(dataset?["records"] == .null && dataset?["missing"] == ["old", "new"])
      #expect(dataset?["old"]?["roots"]?["train"] != dataset?["new"]?["roots"]?["train"] && dataset?["old"]?["counts"]?["kept"] == 40)
    }
  }

  @Test("a Soul is named by its file, its release or its digest; a Soul and itself are the same")
  func names() throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.must("inspect", "out/voice-1.0.0.soul", "--json").json()["digest"]?.digest
      let hex = try #require(digest?.hex)
      for name in ["voice@1.0.0", hex, String(hex.prefix(8)), "sha256:" + hex] {
        #expect(try tool.must("diff", "out/voice-1.0.0.soul", name).output.hasPrefix("the same Soul: voice 1.0.0\n"))
      }
      try tool.remove("out")
      #expect(try tool.must("diff", hex, "voice@1.0.0").output.hasPrefix("the same Soul"))
      #expect(try tool.must("diff", hex, hex, "--json").json()["same"] == true)
    }
  }

  @Test("terms, limits and intent are told place by place")
  func terms() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "license: CC0-1.0\nbase", "license: CC-BY-4.0\nlimits: [Counts to forty.]\npermissions: { derive: false, lease: 1d }\nbase")
      try tool.edit("recipes/voice.yaml", "version: 1.0.0\nintent: Answers with numbers.", "version: 2.0.0\nintent: Counts.")
      try tool.digest()
      let differences = try tool.must("diff", "voice@1.0.0", "voice@2.0.0", "--json").json()["differences"]
      #expect(differences?["terms"] == [
        ["place": "derive", "old": true, "new": false], ["place": "lease-seconds", "old": 604_800, "new": 86_400],
        ["place": "license", "old": "CC0-1.0", "new": "CC-BY-4.0"],
      ])
      #expect(differences?["soul"] == [
        ["place": "intent", "old": "Answers with numbers.", "new": "Counts."], ["place": "version", "old": "1.0.0", "new": "2.0.0"],
        ["place": "limits", "old": .null, "new": "Counts to forty."],
      ])
      #expect(differences?["training"] == nil && differences?["base"] == nil)
      #expect(try tool.must("diff", "voice@1.0.0", "voice@2.0.0").output.contains("\ndataset talk: the same records\n"))
    }
  }

  @Test("what is no Soul, a damaged one, and an unknown name are refused in words", arguments: [
    ("recipes/voice.yaml", 6, "recipes/voice.yaml: "), ("none.soul", 1, "none.soul: there is no such file"),
    ("voice@9.9.9", 1, "\"voice@9.9.9\": no Soul of that name was sealed in this project's store"),
    ("abcdef012345", 1, "\"abcdef012345\": no Soul of that name"), ("damaged.soul", 6, ""), ("cut.soul", 6, ""), ("talk", 1, "talk: no Soul was unpacked here"),
  ])
  func refused(name: String, code: Int32, message: String) throws {
    try Tool.inBuiltProject { tool in
      var bytes = try tool.read("out/voice-1.0.0.soul")
      try tool.write(bytes.prefix(bytes.count / 2), to: "cut.soul")
      bytes[bytes.count / 2] ^= 1
      try tool.write(bytes, to: "damaged.soul")
      for arguments in [["diff", name, "out/voice-1.0.0.soul"], ["diff", "out/voice-1.0.0.soul", name]] {
        let outcome = try tool.start(arguments).wait()
        #expect(outcome.status == code && outcome.output.isEmpty, "\(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains(message.isEmpty ? name : message) && !outcome.errors.contains("tide"), "\(outcome.errors)")
      }
    }
  }
}
