import Artifacts
import Foundation
import Hashing
import Testing

@Suite("From a recipe to a Soul that a stranger can check")
struct BuildTests {
  @Test("build, inspect, sign, trust, verify")
  func wholePath() throws {
    try Tool.inProject { tool in
      let built = try tool.build("--json")
      #expect(built.status == 0, "\(built.errors)")
      let digest = try #require(try built.json()["digest"]?.string)
      #expect(try tool.must("inspect", "out/voice-1.0.0.soul", "--json").json()["digest"]?.string == digest)

      let key = try #require(try tool.must("keys", "new", "me", "--no-passphrase", "--json").json()["key"]?.string)
      let published = try tool.must("publish", "recipes/voice.yaml", "--json").json()
      #expect(published["digest"]?.string == digest && published["signer"]?.string == key)
      #expect(published["actionsRun"]?.integer == 0)
      #expect(try tool.run("verify", "out/voice-1.0.0.soul").status == 8)
      try tool.must("trust", "add", "voice", key)
      let verified = try tool.must("verify", "out/voice-1.0.0.soul")
      #expect(verified.output.contains("voice 1.0.0: trusted") && verified.output.contains(digest))
    }
  }

  @Test("a second build runs nothing, and leaves lock and archive as they are")
  func secondBuild() throws {
    try Tool.inBuiltProject { tool in
      let before = try [tool.read("soul.lock"), tool.read("out/voice-1.0.0.soul")]
      #expect(try tool.build().actions == "0 actions run, 13 up to date")
      #expect(try [tool.read("soul.lock"), tool.read("out/voice-1.0.0.soul")] == before)
    }
  }

  @Test("the adapter is better on the holdout than its base")
  func improvement() throws {
    try Tool.inBuiltProject { tool in
      let selection = try #require(try tool.build("--json").json()["selection"])
      let incumbent = try #require(selection["incumbent"]?["total"]?.integer)
      let winner = try #require(selection["scores"]?.array?.first?["total"]?.integer)
      #expect(winner < incumbent)
    }
  }

  @Test("one digest: in another folder, with any number of jobs and threads, without what was there before",
    arguments: [["-j", "1"], ["-j", "2"], ["--threads", "2"], ["--threads", "3", "-j", "4"]])
  func sameDigest(arguments: [String]) throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.digest()
      try tool.remove(".soulpack", "out", "soul.lock")
      let again = try tool.start(["build", "recipes/voice.yaml"] + arguments).wait()
      #expect(again.digest == digest, "\(again.errors)")
    }
  }

  @Test("a budget changes no byte of the Soul")
  func budget() throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.digest()
      try tool.edit("recipes/voice.yaml", "base: {", "budget: { wall: 1h }\nbase: {")
      let outcome = try tool.build()
      #expect(outcome.digest == digest && outcome.actions == "0 actions run, 13 up to date", "\(outcome.errors)")
    }
  }

  @Test("writing a default out, or renaming things for people, trains nothing again")
  func names() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "talk-lora: { dataset: talk,", "renamed: { dataset: talk, substrate: embedded,")
      #expect(try tool.build().actions == "1 action run, 12 up to date")
    }
  }

  @Test("a change of the data that curation drops again runs the curation and nothing after it")
  func earlyCutOff() throws {
    try Tool.inBuiltProject { tool in
      let talk = try tool.read("talk/talk.jsonl")
      let first = talk.prefix { $0 != UInt8(ascii: "\n") }
      try tool.write(talk + first + Data("\n".utf8), to: "talk/talk.jsonl")
      // The duplicate is in the ledger, of which the archive says how many were merged.
      let outcome = try tool.build()
      #expect(outcome.actions == "2 actions run, 11 up to date", "\(outcome.errors)")
      #expect(outcome.errors.contains("done    curate.talk") && outcome.errors.contains("done    seal"))
    }
  }

  @Test("a base may be another recipe's, or a folder: the model of an unpacked Soul")
  func baseFolder() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      let unpacked = try tool.must("unpack", "out/small-base-0.1.0.soul", "models/small", "--json").json()
      #expect(unpacked["files"]?.array?.contains("model.safetensors") == true)
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ path: models/small }")
      let outcome = try tool.build()
      #expect(outcome.status == 0 && outcome.actions == "5 actions run, 2 up to date", "\(outcome.errors)")
      #expect(try tool.must("inspect", "out/voice-1.0.0.soul").output.contains("on models/small"))
    }
  }

  @Test("unpacked files are those that the manifest names, byte for byte; a folder with something in it is left alone")
  func unpack() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("unpack", "out/voice-1.0.0.soul", "deep/er/voice")
      let manifest = try JSONValue(parsing: try tool.read("deep/er/voice/soul.json"))
      #expect(manifest["name"]?.string == "voice")
      let lineage = try tool.read("deep/er/voice/lineage.json")
      #expect(try JSONValue(parsingCanonical: lineage)["schema"]?.string == "soulpack.lineage/1")

      let refused = try tool.run("unpack", "out/voice-1.0.0.soul", "talk")
      #expect(refused.status == 1 && refused.errors.contains(" is there already\nhint: name a folder that is empty, or does not exist yet"))
      #expect(try tool.names(in: "talk") == ["talk.jsonl"])
      let beneath = try tool.run("unpack", "out/voice-1.0.0.soul", "talk/talk.jsonl/x")
      beneath.expectFailure(1, tool.place("talk/talk.jsonl/x").path + ": cannot be written: ", hint: "name a folder where you may write")
      for command in [["verify", "deep"], ["unpack", "deep", "new"]] {
        try tool.start(command).wait().expectFailure(1, tool.place("deep").path + ": not a file", hint: "give the .soul file")
      }
      #expect(!tool.exists("new"))
    }
  }

  @Test("a tilde that the shell left is a name like any other, and nobody's home")
  func tilde() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("unpack", "out/voice-1.0.0.soul", "~/voice")
      #expect(try tool.names(in: "~") == ["voice"])
      try tool.must("inspect", "~/voice")
      try tool.must("snapshot", "talk")
      try tool.must("checkout", "talk", "--to", "~/talk")
      #expect(try tool.read("~/talk/talk.jsonl") == tool.read("talk/talk.jsonl"))
      try tool.run("verify", "~/none.soul").expectFailure(1, tool.place("~/none.soul").path + ": no such file or directory")
    }
  }

  @Test("train and curate stop before the archive")
  func goals() throws {
    try Tool.inProject { tool in
      let curated = try tool.must("curate", "recipes/voice.yaml", "--json").json()
      #expect(curated["datasets"]?.array?.first?["summary"]?["kept"]?.integer == 40)
      let trained = try tool.must("train", "recipes/voice.yaml", "--threads", "1", "--json").json()
      #expect(trained["selection"]?["winner"]?.digest != nil)
      #expect(!tool.exists("out") && !tool.exists("soul.lock"))
      #expect(try tool.build().actions == "1 action run, 12 up to date")
    }
  }

  @Test("the archive holds no path, host or user of the machine that built it")
  func nothingOfTheMachine() throws {
    try Tool.inBuiltProject { tool in
      let archive = try tool.read("out/voice-1.0.0.soul")
      let host = ProcessInfo.processInfo.hostName
      for secret in [tool.folder.path, "/tmp/soulpack", NSTemporaryDirectory(), host] where secret.count > 3 {
        #expect(archive.range(of: Data(secret.utf8)) == nil, "\(secret)")
      }
    }
  }
}
