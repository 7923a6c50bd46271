import Artifacts
import Foundation
import Testing

@Suite("A program in the engine's place")
struct SubstrateTests {
  @Test("a program is not run unless it was allowed: exit code 8; what was up to date before stays")
  func notAllowed() throws {
    try withProgram("good") { tool in
      try tool.build("-j", "1").expectFailure(
        8, #"train.program.1: the command "python3 {input.program} good" was not allowed to run"#, hint: "there is no terminal to ask on")
    }
  }

  @Test("its candidates stand beside the engine's in one choice; done once, nothing runs again; its account is opaque, with its claim")
  func together() throws {
    try withProgram("good") { tool in
      let built = try tool.build("--allow-run")
      #expect(built.status == 0, "\(built.errors)")
      #expect(built.errors.contains("train.program.1: handed to \"python3\": "), "\(built.errors)")
      #expect(try tool.build().actions?.hasPrefix("0 actions run") == true)
      try tool.must("engine", "handout", "handout", "--recipe", "recipes/voice.yaml")
      let account = try JSONValue(parsing: try tool.read("handout/accounts/program.1.json"))
      #expect(account["label"] == "opaque" && account["claim"] == ["lossNatsPerToken": "4.1023"])
    }
  }

  @Test("a changed program trains anew, and what the engine trained stays; a changed engine target leaves the program alone")
  func keys() throws {
    try withProgram("good") { tool in
      #expect(try tool.build("--allow-run").status == 0)
      try tool.edit("programs/trainer.py", "It is no model of how to train.", "It is none.")
      let status = try tool.must("status", "recipes/voice.yaml").output
      #expect(status.contains("run   train.program.1") && !status.contains("run   train.talk-lora.1"), "\(status)")
      try tool.edit("programs/trainer.py", "It is none.", "It is no model of how to train.")
      let other = try tool.must("status", "recipes/voice.yaml", "--set", "train.talk-lora.epochs=3").output
      #expect(!other.contains("run   train.program.1") && other.contains("run   train.talk-lora.1"), "\(other)")
    }
  }

  @Test("an adapter that is not the promised one ends the build, and is not kept", arguments: ["nan", "shape", "other-base", "other-job", "garbage"])
  func refused(what: String) throws {
    try withProgram(what) { tool in
      let outcome = try tool.build("--allow-run", "-j", "1")
      #expect(outcome.status == 1 && outcome.errors.contains("soulpack: error: train.program.1: "), "\(outcome.errors)")
      #expect(outcome.errors.contains("\nhint: "), "\(outcome.errors)")
      #expect(!tool.exists("out/voice-1.0.0.soul"))
      #expect(try tool.must("status", "recipes/voice.yaml").output.contains("run   train.program.1"))
    }
  }

  @Test("its last words are for the person who looks on, and in no JSON line")
  func lastWords() throws {
    try withProgram("exit") { tool in
      let seen = try tool.build("--allow-run", "-j", "1")
      seen.expectFailure(1, "train.program.1: the command ended with status 7", hint: "its last lines stand above")
      #expect(seen.errors.contains("train.program.1: out of ink"))
      let kept = try tool.build("--allow-run", "-j", "1", "--json")
      #expect(kept.status == 1 && !kept.errors.contains("out of ink") && !kept.output.contains("out of ink"))
    }
  }

  @Test("the wall budget ends a program that does not listen: exit code 5")
  func overdue() throws {
    try withProgram("deaf") { tool in
      try tool.edit("recipes/voice.yaml", "license: CC0-1.0\nbase", "license: CC0-1.0\nbudget: { wall: 4s }\nbase")
      try tool.build("--allow-run", "-j", "1").expectFailure(5, "train.program.1: the wall budget is used up, and the command was ended", hint: "raise")
    }
  }

  @Test("a program that changes on disk while it runs taints what it made")
  func tainted() throws {
    try withProgram("good") { tool in
      try tool.edit("programs/trainer.py", "    tensors = trained(job)\n", "    tensors = trained(job)\n    open('../../../programs/trainer.py', 'a').write('#')\n")
      try tool.build("--allow-run", "-j", "1").expectFailure(
        1, "train.program.1: programs/trainer.py changed while the command ran; its output is not kept", hint: "build again")
    }
  }

  @Test("a program that says it diverged fails no training: the step is recorded, and its score is not the training's to give")
  func diverged() throws {
    try withProgram("diverged") { tool in
      let outcome = try tool.build("--allow-run", "-j", "1")
      #expect(outcome.errors.contains("train.program.1: diverged after 1 steps: the command says that its training diverged"), "\(outcome.errors)")
      #expect(outcome.errors.contains("done    train.program.1"))
    }
  }

  @Test("a handout holds what was measured: the base, each candidate, the holdout's tokens, and the scores")
  func handout() throws {
    try withProgram("good") { tool in
      try tool.run("engine", "handout", "handout", "--recipe", "recipes/voice.yaml").expectFailure(1, "", hint: "build the recipe first")
      #expect(!tool.exists("handout"))
      #expect(try tool.build("--allow-run").status == 0)
      try tool.must("engine", "handout", "handout", "--recipe", "recipes/voice.yaml")
      let document = try JSONValue(parsing: try tool.read("handout/handout.json"))
      let scores = try #require(document["scores"]?.array)
      #expect(scores.map { $0["action"]?.string } == ["score.base", "score.program.1", "score.talk-lora.1"])
      #expect(try tool.names(in: "handout/candidates/program.1") == ["adapter_config.json", "adapter_model.safetensors"])
      let lines = String(decoding: try tool.read("handout/holdout.jsonl"), as: UTF8.self).split(separator: "\n")
      let labels = try lines.map { try JSONValue(parsing: Data($0.utf8))["labels"]?.array ?? [] }
      let learnt = labels.joined().count { $0 != -100 }
      #expect(scores.allSatisfy { $0["tokens"]?.integer == Int64(learnt) })
      try tool.run("engine", "handout", "handout", "--recipe", "recipes/voice.yaml").expectFailure(1, "\"handout\" is there already")
    }
  }

  /// The tiny project, built up to its base, with a second target that a program trains.
  private func withProgram(_ what: String, _ body: (Tool) throws -> Void) throws {
    try Tool.inProject { tool in
      let trainer = Tool.repository.appending(path: "Tests/SubstratesTests/trainer.py")
      try tool.write(try Data(contentsOf: trainer), to: "programs/trainer.py")
      let target = """
          program:
            dataset: talk
            method: sft
            lora: { rank: 4, alpha: 8 }
            epochs: 2
            batch: 4
            context: 64
            substrate: { command: [python3, "{input.program}", \(what)], inputs: { program: programs/trainer.py } }

        """
      try tool.edit("recipes/voice.yaml", "train:\n", "train:\n" + target)
      try body(tool)
    }
  }
}
