import Artifacts
import Foundation
import Testing

@Suite("Curated against uncurated")
struct ReportTests {
  /// The talk with each line three times and lines that curation drops.
  private static let mess: [String: String] = {
    let copies = Array(repeating: Project.talk(count: 40), count: 3).joined(separator: "\n")
    let noise = (0..<60).map { #"{"messages":[{"role":"user","content":"\#($0)?"},{"role":"assistant","content":"\#(String(repeating: "zq\($0)xv ", count: 12))"}]}"# }
    return Project.tiny.merging(["talk/talk.jsonl": copies, "talk/noise.jsonl": noise.joined(separator: "\n")]) { _, new in new }
  }()

  private static let short = "datasets.talk.curate=[{normalize: {}}, {deduplicate: {}}, {length: {max-characters: 60}}]"

  @Test("both are measured on one holdout, after as many tokens; a second time nothing runs, and a build finds its training done")
  func compares() throws {
    try Tool.inProject(Self.mess) { tool in
      let json = try tool.must("report", "recipes/voice.yaml", "--json", "--threads", "2", "--set", Self.short).json()
      let (curated, uncurated) = (try #require(json["curated"]), try #require(json["uncurated"]))
      let (good, plain) = (try #require(curated["tokens"]?.integer), try #require(uncurated["tokens"]?.integer))
      #expect(plain <= good && plain * 100 >= good * 90)
      #expect(json["pool"]?.integer == 180)
      let holdout = try #require(json["holdout"]?["records"]?.integer)
      // Each record of the holdout stands there three times.
      #expect(holdout > 1 && json["nearHoldout"]?.integer ?? 0 >= holdout * 3)
      let gain = try #require(json["gainNatsPerToken"]?.number)
      #expect(abs(gain - (uncurated["natsPerToken"]?.number ?? 0) + (curated["natsPerToken"]?.number ?? 0)) < 1e-9)
      #expect(json["standardErrorNatsPerToken"]?.number ?? 0 > 0 && json["base"]?["natsPerToken"]?.number != nil)
      #expect(!tool.exists("soul.lock") && !tool.exists("out"))

      let again = try tool.must("report", "recipes/voice.yaml", "--json", "--threads", "2", "--set", Self.short).json()
      #expect(again["actionsRun"]?.integer == 0 && again["gainNatsPerToken"] == json["gainNatsPerToken"])
      let text = try tool.must("report", "recipes/voice.yaml", "--threads", "2", "--set", Self.short)
      #expect(text.output.contains("curated data") && text.output.contains("standard error") && text.output.contains("0 actions run"))
      #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text.output)")

      // Curation, split, training and both scores are the recipe's own.
      let build = try tool.must("build", "recipes/voice.yaml", "--json", "--threads", "2", "--set", Self.short).json()
      #expect(build["actionsRun"]?.integer == 2)
    }
  }

  @Test("it says what would run, goes the way in a few steps, and knows no other target or candidate")
  func options() throws {
    try Tool.inProject(Self.mess) { tool in
      let plan = try tool.must("report", "recipes/voice.yaml", "-n", "--set", Self.short)
      #expect(plan.output.contains("report/sample.talk-lora.1") && !tool.exists("out"))
      let smoke = try tool.must("report", "recipes/voice.yaml", "--smoke", "--set", Self.short)
      #expect(smoke.output.contains("A smoke run"))
      try tool.run("report", "recipes/voice.yaml", "--target", "talk").expectFailure(2, "there is no train target \"talk\"", hint: "known: talk-lora")
      try tool.run("report", "recipes/voice.yaml", "--candidate", "2").expectFailure(2, "target \"talk-lora\" has no candidate 2", hint: "it has one")
      try tool.edit("recipes/voice.yaml", "from: talk\n    license: CC0-1.0", "from: talk\n    license: NOASSERTION")
      try tool.run("report", "recipes/voice.yaml").expectFailure(2, "recipes/voice.yaml: nobody has said under which licence the texts of \"talk\" were given")
    }
  }

  @Test("a model from nothing is compared too: its tokens are those of the tokenizer that both share")
  func newModel() throws {
    try Tool.inProject(Project.tiny) { tool in
      let json = try tool.must("report", "recipes/base.yaml", "--json", "--threads", "2").json()
      #expect(json["base"] == ["total": nil, "natsPerToken": nil])
      #expect(json["gainNatsPerToken"]?.number != nil)
    }
  }
}

@Suite("Terms of what is built")
struct TermsCommandTests {
  @Test("the manifest, the card and inspect name the terms of records and whom to credit")
  func manifest() throws {
    var files = Project.tiny
    let lines = Project.talk(count: 40).split(separator: "\n").enumerated().map { number, line in
      number < 10 ? #"{"license":"MIT","# + line.dropFirst() : number == 10 ? #"{"license":"CC-BY-NC-4.0","# + line.dropFirst() : String(line)
    }
    files["talk/talk.jsonl"] = lines.joined(separator: "\n")
    try Tool.inProject(files) { tool in
      try tool.edit("recipes/voice.yaml", "    license: CC0-1.0\n    curate", "    license: CC-BY-4.0\n    attribution: The Keepers of Skerry\n    curate")
      try tool.must("build", "recipes/voice.yaml", "--threads", "2")
      let inspected = try tool.must("inspect", "out/voice-1.0.0.soul", "--json").json()
      let dataset = try #require(inspected["soul"]?["datasets"]?.array?.first)
      #expect(dataset["terms"] == ["CC-BY-4.0": 29, "MIT": 10] && dataset["attribution"] == "The Keepers of Skerry")
      #expect(dataset["counts"]?["dropped: licence forbids the use"] == 1)
      let text = try tool.must("inspect", "out/voice-1.0.0.soul").output
      #expect(text.contains("MIT: 10 records of talk") && text.contains("The Keepers of Skerry"))
      try tool.must("unpack", "out/voice-1.0.0.soul", "soul")
      let card = String(decoding: try tool.read("soul/README.md"), as: UTF8.self)
      #expect(card.contains("  - terms: MIT, 10 records\n") && card.contains("  - credit: The Keepers of Skerry\n"))
      #expect(try tool.must("why", "talk/talk.jsonl:11", "--recipe", "recipes/voice.yaml").output.contains("licence forbids the use"))
    }
  }
}
