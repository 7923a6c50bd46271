import Artifacts
import Foundation
import Testing

@Suite("List: the runs of a project")
struct ListTests {
  @Test("before the first build, list says what to do, and makes no store")
  func empty() throws {
    try Tool.inProject { tool in
      let text = try tool.must("list").output
      #expect(text == "no run in this project's store yet: `soulpack build RECIPE` makes one\n")
      #expect(try tool.must("list", "--json").json() == ["schema": "soulpack.list/1", "runs": []])
      #expect(!tool.exists(".soulpack"))
    }
  }

  @Test("each run is told with its candidates, what differs between them, what they measured, and the Soul")
  func runs() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "context: 64 }", "context: 64, candidates: [{ seed: 1 }, { seed: 2, learning-rate: 2e-2 }] }")
      let soul = try tool.digest()
      let runs = try #require(try tool.must("list", "--json").json()["runs"]?.array)
      #expect(runs.count == 2 && runs.map { $0["run"]?.integer } == [2, 1])
      let newest = try #require(runs.first)
      #expect(newest["name"] == "voice" && newest["version"] == "1.0.0" && newest["goal"] == "build" && newest["trial"] == false)
      #expect(newest["recipe"] == "recipes/voice.yaml" && newest["soul"]?.string == String(soul))
      let candidates = try #require(newest["candidates"]?.array)
      #expect(candidates.map { $0["target"] } == ["talk-lora", "talk-lora"] && candidates.count { $0["winner"] == true } == 1)

      let selection = try #require(try tool.must("inspect", "out/voice-1.0.0.soul", "--json").json()["soul"]?["selection"])
      let scores = Set((selection["scores"]?.array ?? []).compactMap { $0["total"]?.integer })
      #expect(Set(candidates.compactMap { $0["loss"]?["total"]?.integer }) == scores && scores.count == 2)
      #expect(newest["incumbent"]?["total"] == selection["incumbent"]?["total"])

      let text = try tool.must("list").output
      for words in ["optimizer.learning-rate 0.02, seed 2", "optimizer.learning-rate 0.01, seed 1", "Soul \(soul)", "before  "] {
        #expect(text.contains(words), "\(text)")
      }
      #expect(!text.contains("epochs"))
    }
  }

  @Test("trials, other goals and runs that had nothing to do are told as such; --recipe and -n choose")
  func kinds() throws {
    try Tool.inBuiltProject { tool in
      try tool.digest("--set", "train.talk-lora.epochs=2")
      try tool.must("curate", "recipes/base.yaml")
      try tool.digest()
      let text = try tool.must("list").output
      #expect(text.contains("  build (trial)  voice 1.0.0  ") && text.contains("  curate  recipes/base.yaml\n") && text.contains("no action ran to its end: all was up to date, or the build was stopped"))
      #expect(text.contains("epochs 2\n") && text.contains("epochs 4\n"))
      func runs(_ arguments: String...) throws -> [JSONValue] {
        try tool.start(["list", "--json"] + arguments).wait().json()["runs"]?.array ?? []
      }
      #expect(try runs().map { $0["run"]?.integer } == [4, 3, 2, 1])
      #expect(try runs("-n", "2").map { $0["run"]?.integer } == [4, 3])
      #expect(try runs("--recipe", "recipes/base.yaml").map { $0["goal"] } == ["curate"])
      #expect(try runs("--recipe", "recipes/voice.yaml", "--limit", "2").map { $0["run"]?.integer } == [4, 2])
      #expect(try runs("--recipe", "./recipes/../recipes/base.yaml").map { $0["goal"] } == ["curate"])
      #expect(try tool.shell("cd recipes && soulpack list --recipe base.yaml").output.contains("  curate  recipes/base.yaml\n"))
      #expect(try tool.must("list", "--recipe", "none.yaml").output.hasPrefix("no run of none.yaml in this project's store"))
      try tool.run("list", "-n", "0").expectFailure(2, "--limit must be 1 or more")
    }
  }

  @Test("a run whose objects are gone is told by what is left")
  func withoutObjects() throws {
    try Tool.inBuiltProject { tool in
      let deleted = try tool.shell("sqlite3 .soulpack/store.sqlite 'DELETE FROM action' 2>/dev/null || rm -rf .soulpack/objects/*")
      #expect(deleted.status == 0)
      let runs = try #require(try tool.must("list", "--json").json()["runs"]?.array)
      #expect(runs.count == 1 && runs.first?["recipe"] == "recipes/voice.yaml")
    }
  }
}
