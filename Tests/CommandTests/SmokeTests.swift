import Artifacts
import Foundation
import Testing

@Suite("--smoke")
struct SmokeTests {
  @Test("a smoke build goes the whole way in a few steps, says what it is, and locks nothing")
  func wholeWay() throws {
    try Tool.inProject { tool in
      let outcome = try tool.build("--smoke", "--set", "train.talk-lora.epochs=100000")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("voice 1.0.0-smoke") && outcome.output.contains("out/voice-1.0.0-smoke.soul"))
      #expect(outcome.errors.contains("train.talk-lora.1: 8 steps over "), "\(outcome.errors)")
      #expect(!tool.exists("soul.lock") && !tool.exists("out/voice-1.0.0.soul"))

      let inspected = try tool.must("inspect", "out/voice-1.0.0-smoke.soul")
      #expect(inspected.output.contains("  smoke ") && inspected.output.contains("  limit "))
      let json = try tool.must("inspect", "out/voice-1.0.0-smoke.soul", "--json").json()
      #expect(json["smoke"]?.bool == true && json["soul"]?["training"]?["parameters"]?["smoke"]?.bool == true)
      try tool.run("verify", "out/voice-1.0.0-smoke.soul").expectFailure(6, #""voice" is not signed"#)
      #expect(try tool.run("verify", "out/voice-1.0.0-smoke.soul", "--json").json()["smoke"]?.bool == true)
    }
  }

  @Test("nothing that smoke made is taken for a real result, and the other way round")
  func keys() throws {
    try Tool.inProject { tool in
      #expect(try tool.build("--smoke").status == 0)
      let real = try tool.build()
      #expect(real.status == 0 && real.errors.contains("start   train.talk-lora.1") && real.errors.contains("start   score.talk-lora.1"))
      // Curation, splits and the tokenizer are the same.
      #expect(real.actions == "8 actions run, 5 up to date", "\(real.output)")
      let lock = try tool.read("soul.lock")
      let again = try tool.build("--smoke", "--locked")
      #expect(again.status == 0 && again.actions == "0 actions run, 13 up to date", "\(again.errors)\(again.output)")
      #expect(try tool.read("soul.lock") == lock)
    }
  }

  @Test("gates are told and stop nothing; without --smoke they do")
  func gates() throws {
    try Tool.inProject { tool in
      try tool.edit("recipes/voice.yaml", "base: { recipe", "gates: [ { holdout-loss: { below-base-by: 99% } } ]\nbase: { recipe")
      let smoke = try tool.build("--smoke")
      #expect(smoke.status == 0 && smoke.errors.contains("99 % asked: missed"), "\(smoke.errors)")
      #expect(try tool.build().status == 4)
    }
  }

  @Test("a candidate that is no better is told, and the way is walked to its end")
  func noWinner() throws {
    try Tool.inProject { tool in
      let worse = ["--smoke", "--set", "train.talk-lora.optimizer.learning-rate=1e-12", "--set", "select.improvement=1000"]
      let outcome = try tool.start(["build", "recipes/voice.yaml"] + worse).wait()
      #expect(outcome.status == 0 && tool.exists("out/voice-1.0.0-smoke.soul"), "\(outcome.errors)")
      #expect(outcome.errors.contains("select: no candidate is better") && !outcome.errors.contains("select: select"), "\(outcome.errors)")
      let run = try tool.must("list", "--json").json()["runs"]?.array?.first
      #expect(run?["candidates"]?.array?.map { $0["winner"] } == [true])
      #expect(try tool.start(["train", "recipes/voice.yaml"] + worse).wait().output.contains("\nchosen "))
    }
  }

  @Test("curate has no smoke: its data is prepared as always")
  func curate() throws {
    try Tool.inProject { tool in
      try tool.run("curate", "recipes/voice.yaml", "--smoke").expectFailure(2, "--smoke is for train and build")
    }
  }

  @Test("train --smoke trains and chooses, and makes no archive")
  func train() throws {
    try Tool.inProject { tool in
      try tool.must("train", "recipes/voice.yaml", "--smoke", "--threads", "1")
      #expect(!tool.exists("out") && !tool.exists("soul.lock"))
    }
  }

  @Test("neither --smoke nor a version of that name is published")
  func published() throws {
    try Tool.inProject { tool in
      try tool.must("keys", "new", "me", "--no-passphrase")
      try tool.run("publish", "recipes/voice.yaml", "--smoke").expectFailure(2, "a smoke build is never published")
      let named = try tool.run("publish", "recipes/voice.yaml", "--set", "version=1.0.0-rc.1.smoke+5")
      named.expectFailure(8, "1.0.0-rc.1.smoke+5 is the version of a smoke build, which is never published")
      #expect(!named.errors.contains("start"))
    }
  }

  @Test("a build of smoke is a trial in the history: explain compares real builds only")
  func trial() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/voice.yaml", "--smoke", "--threads", "1")
      let status = try tool.must("status", "recipes/voice.yaml")
      #expect(status.output.contains("everything is up to date"))
    }
  }
}
