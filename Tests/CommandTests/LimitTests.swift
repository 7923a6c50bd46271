import Foundation
import Testing

@Suite("What is too large, or not a file")
struct LimitTests {
  @Test("a budget of memory that no training fits into ends with the code of budgets")
  func memoryBudget() throws {
    try Tool.inProject(Project.tiny) { tool in
      let outcome = try tool.run("build", "recipes/base.yaml", "--set", "base.new.hidden=256", "--set", "budget.memory=1MB")
      #expect(outcome.status == 5 && outcome.errors.contains("and budget.memory allows"), "\(outcome.errors)")
      #expect(!tool.exists("out"))
    }
  }

  @Test("a model that no memory holds is refused before it is made")
  func memory() throws {
    try Tool.inProject { tool in
      let outcome = try tool.run(
        "build", "recipes/base.yaml", "--set", "base.new.hidden=65536", "--set", "base.new.layers=512", "--set", "base.new.intermediate=1048576")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("GB of memory, and this machine has"), "\(outcome.errors)")
    }
  }

  @Test("a version too long for a manifest is an error of the recipe, before anything runs")
  func version() throws {
    try Tool.inProject { tool in
      let outcome = try tool.run("check", "recipes/base.yaml", "--set", "version=1.0.0+" + String(repeating: "a", count: 123))
      #expect(outcome.status == 2)
      #expect(try tool.run("check", "recipes/base.yaml", "--set", "version=1.0.0+" + String(repeating: "a", count: 122)).status == 0)
    }
  }

  @Test("a pipe in the place of the database or of the log is refused, not waited for", arguments: ["store.sqlite", "log"])
  func pipe(name: String) throws {
    try Tool.inProject { tool in
      try tool.must("curate", "recipes/voice.yaml")
      let place = tool.place(".soulpack/\(name)").path
      #expect(unlink(place) == 0 && mkfifo(place, 0o600) == 0)
      #expect(try tool.run("fsck").status == 1)
    }
  }
}
