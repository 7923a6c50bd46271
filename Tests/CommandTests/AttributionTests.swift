import Artifacts
import Foundation
import Testing

@Suite("What a group of records is worth")
struct AttributionTests {
  /// The talk in two halves, of two people.
  private static let halves: [String: String] = {
    let lines = Project.talk(count: 40).split(separator: "\n").map { $0 + "\n" }
    return Project.tiny.merging(["talk/anna.jsonl": lines[..<30].joined(), "talk/ben.jsonl": lines[30...].joined()]) { _, new in new }
      .filter { $0.key != "talk/talk.jsonl" }
  }()

  @Test("each group is left out by itself; a second time nothing runs, and the candidate that it is held against is the build's own")
  func groups() throws {
    try Tool.inProject(Self.halves) { tool in
      let json = try tool.must("attribute", "recipes/voice.yaml", "--leave-out", "anna*", "--leave-out", "ben*", "--threads", "2", "--json").json()
      let groups = try #require(json["groups"]?.array)
      #expect(json["method"] == "leave-one-out" && groups.count == 2)
      let records = try groups.map { try #require($0["records"]?.integer) }
      #expect(records[0] > records[1] && records.reduce(0, +) == json["records"]?.integer)
      let whole = try #require(json["whole"]?["natsPerToken"]?.number)
      for group in groups {
        let (change, without) = (try #require(group["changeNatsPerToken"]?.number), try #require(group["without"]?["natsPerToken"]?.number))
        #expect(abs(change - (without - whole)) < 1e-9 && group["standardErrorNatsPerToken"]?.number != nil)
      }
      let shares = groups.compactMap { $0["share"]?.number }
      #expect(abs(shares.reduce(0, +) - 1) < 1e-9 || shares == [0, 0])
      #expect(!tool.exists("soul.lock") && !tool.exists("out"))

      // The other way round, and on one thread: the same numbers, and nothing is trained again.
      let again = try tool.must("attribute", "recipes/voice.yaml", "--leave-out", "ben*", "--leave-out", "anna*", "--threads", "1", "--json").json()
      #expect(again["actionsRun"]?.integer == 0 && again["groups"]?.array == groups.reversed())
      let text = try tool.must("attribute", "recipes/voice.yaml", "--leave-out", "anna*", "--leave-out", "ben*", "--threads", "2")
      #expect(text.output.contains("anna*") && text.output.contains("share") && text.output.contains("0 actions run"))
      #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text.output)")

      // The candidate that it is held against is the build's own.
      #expect(try tool.must("build", "recipes/voice.yaml", "--json", "--threads", "2").json()["actionsReused"]?.integer ?? 0 >= 5)
    }
  }

  @Test("shares go into the manifest of the Soul that they are of, and of no other")
  func manifest() throws {
    try Tool.inProject(Self.halves) { tool in
      let (name, groups) = ("recipes/voice.yaml", ["--leave-out", "anna*", "--leave-out", "ben*"])
      let table = try tool.must("attribute", name, groups[0], groups[1], groups[2], groups[3], "--to", "shares.json", "--json").json()
      try tool.write(Project.voice + "contributions: shares.json\n", to: name)
      try tool.must("build", name)
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      let found = try JSONValue(parsing: try tool.read("soul/soul.json"))["contributions"]
      #expect(try found == JSONValue(parsing: try tool.read("shares.json")) && found?["method"] == "leave-one-out")
      let shares = try #require(found?["groups"]?.array).compactMap { $0["sharePPM"]?.integer }
      for (share, group) in zip(shares, table["groups"]?.array ?? []) { #expect(abs(Double(share) / 1e6 - (group["share"]?.number ?? -1)) < 1.1e-6) }
      #expect(try tool.must("inspect", "out/voice-1.0.0.soul").output.contains("anna*: "))
      #expect(try String(decoding: tool.read("soul/README.md"), as: UTF8.self).contains("- `anna*`: "))

      // Another training, of which the numbers are not.
      try tool.run("build", name, "--set", "train.talk-lora.epochs=2").expectFailure(
        1, "seal: the recipe's contributions are of another candidate than the winner", hint: "measure again: soulpack attribute RECIPE --target talk-lora --candidate 1")
      try tool.must("build", name, "--smoke")
      let text = String(decoding: try tool.read("shares.json"), as: UTF8.self)
      try tool.write(text.replacing("\"sharePPM\":", with: "\"sharePPM\":1"), to: "shares.json")
      try tool.run("build", name).expectFailure(1, "seal: the recipe's contributions cannot be read: contributions: a share does not follow from the losses")
      for (old, new, problem) in [("\"records\":27", "\"records\":28", "speak of 28 training records, and there are 27"), ("anna*", "an*.jsonl", ""), ("anna*", "none*", "names no file")] {
        try tool.write(text, to: "shares.json")
        try tool.edit("shares.json", old, new)
        let outcome = try tool.run("build", name)
        #expect(outcome.status == (problem.isEmpty ? 0 : problem.contains("names") ? 2 : 1) && (problem.isEmpty || outcome.errors.contains(problem)), "\(outcome.errors)")
      }
      try tool.write("no", to: "shares.json")
      try tool.run("build", name).expectFailure(1, "seal: the recipe's contributions cannot be read: ")
      try tool.run("attribute", name, groups[0], groups[1], groups[2], groups[3], "--to", "recipes/voice.yaml").expectFailure(2, "recipes/voice.yaml: there is something already")
      try tool.run("attribute", name, groups[0], groups[1], groups[2], groups[3], "--to", "none/x.json").expectFailure(2, "none/x.json: there is no such folder")
      try tool.remove("shares.json")
      try tool.run("attribute", name, groups[0], groups[1], "--leave-out", "an*", "--to", "shares.json").expectFailure(1, "\"anna*\" and \"an*\" have records in common")
      #expect(!tool.exists("shares.json"))
      try tool.run("attribute", name, groups[0], groups[1], "--to", "x.json").expectFailure(2, "--to writes shares, which are parts of what several groups did: name two at least")
      try tool.run("attribute", name, groups[0], groups[1], groups[2], groups[3], "--smoke", "--to", "x.json").expectFailure(2, "--to writes what was measured")
    }
  }

  @Test("it says what would run, goes the way in a few steps, and refuses what is no group")
  func refused() throws {
    try Tool.inProject(Self.halves) { tool in
      #expect(try tool.must("attribute", "recipes/voice.yaml", "--leave-out", "ben*", "-n").output.contains("attribute/leave-out.talk-lora.1.1"))
      #expect(try tool.must("attribute", "recipes/voice.yaml", "--leave-out", "ben*", "--smoke").output.contains("A smoke run"))
      func attribute(_ group: String) throws -> Tool.Outcome { try tool.run("attribute", "recipes/voice.yaml", "--leave-out", group, "--threads", "2") }
      let action = "attribute/leave-out.talk-lora.1.1: "
      try attribute("cleo*").expectFailure(2, action + "\"cleo*\" names no file of the dataset", hint: "paths are relative to the dataset's source, and * stays within one part of a path: anna.jsonl, ben.jsonl")
      try attribute("*").expectFailure(2, action + "\"*\": every training record stands in these files alone", hint: "name fewer files")
      let key = "did:key:z6MktEdRs1KNP8HfLFkhPyREzxbnwxRP8kU67j13YEfXaw31"
      try attribute(key).expectFailure(2, key + ": a contributor's key stands for a whole dataset", hint: "name the contributor's files")
      try tool.run("attribute", "recipes/voice.yaml").expectFailure(2, "name at least one group")
    }
  }
}
