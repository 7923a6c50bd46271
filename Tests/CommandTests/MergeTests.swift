import Artifacts
import Foundation
import Testing

@Suite("A Soul and its base as one model")
struct MergeTests {
  private static let archive = "out/voice-1.0.0.soul"

  @Test("the same files each time, whatever the store still has; soulpack reads them as a base")
  func merged() throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.digest()
      let told = try tool.must("unpack", Self.archive, "whole", "--merged")
      #expect(told.output.hasPrefix("voice 1.0.0 and its base small-base as one model: 6 files, "), "\(told.output)")
      let names = ["chat_template.jinja", "config.json", "merged.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
      #expect(try tool.names(in: "whole") == names)
      let origin = try JSONValue(parsing: tool.read("whole/merged.json"))
      #expect(origin["soul"]?["digest"]?.string == String(digest) && origin["base"]?["name"] == "small-base" && origin["license"] == "CC0-1.0")
      // From an archive of the base, where no store has it.
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.remove(".soulpack")
      try tool.run("unpack", Self.archive, "again", "--merged").expectFailure(1, "the base \"small-base\"", hint: "give it: --base FOLDER")
      let json = try tool.must("unpack", Self.archive, "deep/again", "--merged", "--base", "out/small-base-0.1.0.soul", "--json").json()
      #expect(json["files"]?.array?.compactMap { $0["path"]?.string } == names && json["soul"]?.string == String(digest))
      for name in names { #expect(try tool.read("whole/" + name) == tool.read("deep/again/" + name)) }
      #expect(try tool.names().filter { $0.contains("partial") }.isEmpty)
      try tool.edit("recipes/voice.yaml", "base: { recipe: recipes/base.yaml }", "base: { path: whole }")
      try tool.must("build", "recipes/voice.yaml", "--smoke", "--threads", "1")
    }
  }

  @Test("what may not be, or need not be, is refused and leaves nothing")
  func refused() throws {
    try Tool.inBuiltProject { tool in
      try tool.write("mine", to: "there/file")
      try tool.run("unpack", Self.archive, "there", "--merged").expectFailure(1, tool.place("there").path + " is there already", hint: "name a folder")
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.run("unpack", "out/small-base-0.1.0.soul", "x", "--merged").expectFailure(
        2, "small-base is a whole model already: there is no adapter to merge", hint: "unpack it without --merged")
      try tool.write("{}", to: "other/config.json")
      try tool.run("unpack", Self.archive, "x", "--merged", "--base", "other").expectFailure(1, "other: not the base that the Soul was trained on")
      for line in [["--base", "other"], ["--shard-size", "5GB"]] {
        #expect(try tool.run("unpack", Self.archive, "x", line[0], line[1]).status == 2)
      }
      #expect(try tool.run("unpack", Self.archive, "x", "--merged", "--shard-size", "5").status == 2)
      try tool.edit("recipes/voice.yaml", "train:\n", "permissions: { derive: false }\ntrain:\n")
      try tool.must("build", "recipes/voice.yaml", "--threads", "1")
      try tool.run("unpack", Self.archive, "x", "--merged").expectFailure(
        8, "voice may not be merged: its manifest does not let others build on it", hint: "ask whoever made it")
      #expect(try !tool.exists("x") && tool.names().filter { $0.contains("partial") }.isEmpty)
    }
  }
}
