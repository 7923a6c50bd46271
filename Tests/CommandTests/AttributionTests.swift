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
