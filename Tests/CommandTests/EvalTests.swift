import Artifacts
import Foundation
import Hashing
import Testing

@Suite("Eval: a Soul's loss on a file of one's own")
struct EvalTests {
  private static let fresh = """
    {"messages":[{"role":"user","content":"Is it high water?"},{"role":"assistant","content":"Not before nine."}]}
    {"messages":[{"role":"user","content":"And the lamp?"},{"role":"assistant","content":"It burns."}]}

    """

  /// The holdout's lines, found by the formula of docs/curation.md and not by the program: HMAC-SHA-256 of the record's id under the salt.
  private func holdout(_ tool: Tool) throws -> String {
    try String(decoding: tool.read("talk/talk.jsonl"), as: UTF8.self).split(separator: "\n").filter { line in
      let record = try #require(DatasetRecord(line: try JSONValue(parsing: Data(line.utf8))))
      let digest = Digest(authenticating: Data("soulpack.split/1\nrecord\n\(record.id)".utf8), key: Data("test".utf8))
      let hash = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return hash.multipliedFullWidth(by: 1_000_000).high < 200_000
    }.joined(separator: "\n") + "\n"
  }

  @Test("on the holdout's own records, eval comes to the very integers that the selection decided by")
  func holdoutScore() throws {
    try Tool.inBuiltProject { tool in
      try tool.write(try holdout(tool), to: "mine.jsonl")
      let json = try tool.must("eval", "out/voice-1.0.0.soul", "--on", "mine.jsonl", "--threads", "1", "--json").json()
      let selection = try #require(try tool.must("inspect", "out/voice-1.0.0.soul", "--json").json()["soul"]?["selection"])
      let winner = try #require(selection["scores"]?.array?.first { $0["candidate"] == selection["winner"] })
      #expect(json["schema"] == "soulpack.eval/1" && json["reference"]?["kind"] == "base" && json["tokens"] == winner["tokens"])
      #expect(json["reference"]?["total"] == selection["incumbent"]?["total"] && json["measured"]?["total"] == winner["total"])
      let nats = try #require(json["measured"]?["natsPerToken"]?.number)
      #expect(json["measured"]?["perplexity"]?.number == exp(nats))
      #expect(json["overlap"]?["train"] == [] && json["overlap"]?["holdout"]?.array?.count == json["records"]?["read"]?.integer.map(Int.init))
    }
  }

  @Test("with targets of several contexts it measures as the selection did: in the longest, though the winner's own is shorter")
  func contexts() throws {
    let line = "  talk-lora: { dataset: talk, method: sft, lora: { rank: 4, alpha: 8 }, optimizer: { learning-rate: 1e-2 }, epochs: 4, batch: 4, context: 64 }\n"
    let short = line.replacing("talk-lora", with: "short").replacing("context: 64", with: "context: 60")
    let voice = Project.voice.replacing(line, with: line.replacing("1e-2", with: "1e-9") + short)
    try Tool.inProject(Project.tiny.merging(["recipes/voice.yaml": voice]) { $1 }) { tool in
      try tool.digest()
      try tool.write(try holdout(tool), to: "mine.jsonl")
      let soul = try tool.must("inspect", "out/voice-1.0.0.soul", "--json").json()["soul"]
      #expect(soul?["training"]?["parameters"]?["target"] == "short")
      let winner = try #require(soul?["selection"]?["scores"]?.array?.first { $0["candidate"] == soul?["selection"]?["winner"] })
      let json = try tool.must("eval", "voice@1.0.0", "--on", "mine.jsonl", "--threads", "1", "--json").json()
      #expect(json["context"] == 64 && json["tokens"] == winner["tokens"] && json["measured"]?["total"] == winner["total"])
    }
  }

  @Test("text that the Soul was trained on is named, with its place in the training data")
  func overlap() throws {
    try Tool.inBuiltProject { tool in
      // The same content after curation's own normalisation: a space more at its end.
      let held = try holdout(tool)
      let first = try #require(String(decoding: tool.read("talk/talk.jsonl"), as: UTF8.self).split(separator: "\n").first { !held.contains($0) })
      try tool.write(Self.fresh + first.replacing("counts.", with: "counts. ") + "\n", to: "mine.jsonl")
      let outcome = try tool.must("eval", "out/voice-1.0.0.soul", "--on", "mine.jsonl", "--threads", "1")
      let json = try tool.must("eval", "out/voice-1.0.0.soul", "--on", "mine.jsonl", "--threads", "1", "--json").json()
      let found = ["train", "validation"].flatMap { json["overlap"]?[$0]?.array ?? [] }
      #expect(found.map { $0["place"]?["line"] } == [3] && found.first?["source"]?["file"] == "talk.jsonl")
      #expect(outcome.output.contains("is in its validation part") || outcome.output.contains("warning: the Soul was trained on 1 of 3 of these records"))
      #expect(!outcome.output.contains("tide") && !outcome.errors.contains("tide"))
    }
  }

  @Test("fresh text is measured; what was left out is told with its reason")
  func fresh() throws {
    try Tool.inBuiltProject { tool in
      try tool.write(Self.fresh + "{bad\n" + #"{"messages":[{"role":"user","content":"and?"}]}"# + "\n", to: "mine.jsonl")
      let outcome = try tool.must("eval", "out/voice-1.0.0.soul", "--on", "mine.jsonl", "--threads", "1")
      #expect(outcome.output.hasPrefix("voice 1.0.0 on mine.jsonl\n") && outcome.output.contains("none of these records is in the Soul's training data"))
      #expect(outcome.output.contains("read: invalid JSON") && outcome.output.contains("structure: no assistant turn"))
      let records = try tool.must("eval", "out/voice-1.0.0.soul", "--on", "mine.jsonl", "--threads", "1", "--json").json()["records"]
      #expect(records?["read"] == 4 && records?["measured"] == 2 && records?["dropped"]?.array?.count == 2)
      try tool.write("# Notes\n\nThe tide came in.\n", to: "mine.md")
      try tool.must("eval", "out/voice-1.0.0.soul", "--on", "mine.md", "--threads", "1")
    }
  }

  @Test("far from the project the base is given, as a folder, an unpacked Soul or an archive; whichever digests as the manifest says")
  func givenBase() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.must("unpack", "out/small-base-0.1.0.soul", "../elsewhere/unpacked")
      for file in ["voice-1.0.0.soul", "small-base-0.1.0.soul"] { try tool.write(try tool.read("out/" + file), to: "../elsewhere/" + file) }
      try tool.write(Self.fresh, to: "../elsewhere/mine.jsonl")
      for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
        try tool.write(try tool.read("../elsewhere/unpacked/" + name), to: "../elsewhere/model/" + name)
      }
      let evaluation = ["eval", "-C", "../elsewhere", "voice-1.0.0.soul", "--on", "mine.jsonl", "--threads", "1"]
      let missing = try tool.start(evaluation).wait()
      missing.expectFailure(1, "the base \"small-base\" (sha256:", hint: "give it: --base FOLDER")
      var seen: Set<String> = []
      for base in ["unpacked", "model", "small-base-0.1.0.soul"] {
        let outcome = try tool.start(evaluation + ["--base", base]).wait()
        #expect(outcome.status == 0 && outcome.output.contains("is not known here"), "\(base): \(outcome.errors)")
        seen.insert(outcome.output)
      }
      #expect(seen.count == 1)
      try tool.edit("../elsewhere/model/chat_template.jinja", "assistant", "helper")
      for base in ["model", "voice-1.0.0.soul"] {
        try tool.start(evaluation + ["--base", base]).wait().expectFailure(1, "\(base): not the base that the Soul was trained on, \"small-base\" (sha256:")
      }
      try tool.start(evaluation + ["--base", "none"]).wait().expectFailure(1, "none: there is no such file or folder")
    }
  }

  @Test("a whole model stands on nothing and is held against blind guessing; a base beside it is refused")
  func wholeModel() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.write("# Notes\n\nThe tide came in and went out.\n", to: "mine.md")
      let json = try tool.must("eval", "out/small-base-0.1.0.soul", "--on", "mine.md", "--threads", "1", "--json").json()
      let tokens = try #require(json["tokens"]?.integer)
      try tool.must("unpack", "out/small-base-0.1.0.soul", "model")
      let vocabulary = try #require(try JSONValue(parsing: try tool.read("model/config.json"))["vocab_size"]?.number)
      #expect(json["reference"]?["kind"] == "blind-guess" && tokens > 0)
      #expect(json["reference"]?["total"]?.integer == tokens * Int64((log(vocabulary) * 1_048_576).rounded()))
      try tool.run("eval", "out/small-base-0.1.0.soul", "--on", "mine.md", "--base", "talk").expectFailure(2, "--base: small-base is a whole model")
    }
  }

  @Test("what cannot be measured on is refused in words", arguments: [
    ("none.jsonl", "", "none.jsonl: there is no such file"), ("talk", "", "talk: a folder, where one file is asked for"),
    ("notes.pdf", "words", "notes.pdf: the source holds no file that can be read"), ("empty.jsonl", "", "empty.jsonl: the source holds no record"),
    ("bad.jsonl", "{bad\n", "bad.jsonl: no record is left; dropped: 1 by read (invalid JSON)"),
    ("long.jsonl", #"{"messages":[{"role":"user","content":"\#(String(repeating: "tide ", count: 200))"},{"role":"assistant","content":"yes"}]}"#, "none of 1 record has a token to be predicted within the Soul's context of 64 tokens"),
  ])
  func badText(path: String, text: String, message: String) throws {
    try Tool.inBuiltProject { tool in
      if !path.hasPrefix("none"), path != "talk" { try tool.write(text, to: path) }
      let outcome = try tool.run("eval", "out/voice-1.0.0.soul", "--on", path, "--threads", "1")
      outcome.expectFailure(1, message)
      #expect(!outcome.errors.contains("tide"))
    }
  }

  @Test("an unusable archive of texts is named once")
  func badArchive() throws {
    try Tool.inBuiltProject { tool in
      try tool.write("no archive", to: "texts/mine.zip")
      let outcome = try tool.run("eval", "voice@1.0.0", "--on", "texts/mine.zip", "--threads", "1")
      outcome.expectFailure(1, "texts/mine.zip: ")
      #expect(outcome.errors.ranges(of: "mine.zip").count == 1, "\(outcome.errors)")
    }
  }

  @Test("a damaged archive and what is none are refused before anything is measured", arguments: ["damaged.soul", "talk/talk.jsonl"])
  func badSoul(name: String) throws {
    try Tool.inBuiltProject { tool in
      var bytes = try tool.read("out/voice-1.0.0.soul")
      bytes[bytes.count / 2] ^= 1
      try tool.write(bytes, to: "damaged.soul")
      let outcome = try tool.run("eval", name, "--on", "talk/talk.jsonl")
      #expect(outcome.status == 6 && outcome.output.isEmpty && outcome.errors.contains(name))
    }
  }
}
