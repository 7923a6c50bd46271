import Artifacts
import Foundation
import Testing

@Suite("What a training would see")
struct ShowExampleTests {
  @Test("one example, with what is learnt and what is only read, on standard output alone; nothing is trained")
  func shown() throws {
    try Tool.inBuiltProject { tool in
      let lock = try tool.read("soul.lock")
      try tool.edit("recipes/voice.yaml", "lora: { rank: 4", "lora: { rank: 5")
      let told = try tool.must("train", "recipes/voice.yaml", "--show-example")
      let lines = told.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(lines[0].hasPrefix("train.talk-lora.1, example 1 of ") && lines[0].hasSuffix(", the first of which some tokens are only read"), "\(told.output)")
      #expect(lines[1].hasPrefix("record ") && lines[2].isEmpty)
      #expect(lines[3] == #"context  "<|im_start|>user\n""# && lines[4].hasPrefix(#"context  "What is "#) && lines[5] == #"context  "<|im_start|>assistant\n""#)
      #expect(lines[6].hasPrefix(#"learnt   "It is "#) && lines[6].hasSuffix(#", as the tide counts.<|im_end|>""#) && lines[7] == #"context  "\n""#)
      #expect(lines[9].contains(" tokens, of which ") && !told.output.contains("\u{1B}"))
      #expect(!told.errors.contains("tide") && !told.errors.contains("train.talk-lora"), "\(told.errors)")
      #expect(try !tool.must("log").output.contains("tide"))
      #expect(try tool.read("soul.lock") == lock)
      let json = try tool.must("train", "recipes/voice.yaml", "--show-example", "--json").json()
      let runs = try #require(json["runs"]?.array)
      #expect(runs.count == 5 && runs.map { $0["learnt"] } == [false, false, false, true, false])
      #expect(json["schema"] == "soulpack.example/1" && json["record"]?.string.map { lines[1] == "record " + $0 } == true)
      #expect(try tool.must("train", "recipes/voice.yaml", "--show-example", "-n").output.contains("tide") == false)
    }
  }

  @Test("on a base that is a folder, which nothing before the training reads")
  func folderBase() throws {
    try Tool.inProject(Project.tiny) { tool in
      try tool.must("build", "recipes/base.yaml")
      try tool.must("unpack", "out/small-base-0.1.0.soul", "models/small")
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ path: models/small }")
      #expect(try tool.must("train", "recipes/voice.yaml", "--show-example").output.contains("\nlearnt   \"It is "))
    }
  }

  @Test("nothing is trained for it: a base that is yet to be trained is named")
  func untrainedBase() throws {
    try Tool.inProject { tool in
      let outcome = try tool.run("train", "recipes/voice.yaml", "--show-example")
      outcome.expectFailure(1, "base/train.base.1 has not been run", hint: "train it first: soulpack train recipes/base.yaml")
      try tool.run("train", "recipes/voice.yaml", "--show-example", "--smoke").expectFailure(
        1, "base/train.base.1 has not been run", hint: "train it first: soulpack train recipes/base.yaml --smoke")
      try tool.must("train", "recipes/base.yaml")
      #expect(try tool.must("train", "recipes/voice.yaml", "--show-example").output.contains("\nlearnt   \"It is "))
      // Other bytes, and the same dataset.
      try tool.write(tool.read("texts/texts.jsonl") + Data(Project.texts(count: 1).utf8), to: "texts/texts.jsonl")
      #expect(try tool.must("train", "recipes/voice.yaml", "--show-example").output.contains("\nlearnt   \"It is "))
    }
  }

  @Test("with colour where the terminal has it, and the words are the same")
  func coloured() throws {
    try Tool.inBuiltProject { tool in
      let plain = try tool.must("train", "recipes/voice.yaml", "--show-example").output
      // script(1) gives a terminal.
      let line = "script -qec '\"$SOULPACK\" train recipes/voice.yaml --show-example -q' /dev/null | tr -d '\\r'"
      let coloured = try tool.shell("export TERM=xterm; " + line)
      #expect(coloured.output.contains("\u{1B}[32mlearnt   ") && coloured.output.contains("\u{1B}[2mcontext  "), "\(coloured.output)\(coloured.errors)")
      let words = coloured.output.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[2m", with: "").replacing("\u{1B}[0m", with: "")
      #expect(words == plain)
      #expect(try !tool.shell("export TERM=xterm NO_COLOR=1; " + line).output.contains("\u{1B}["))
    }
  }

  @Test("of texts everything is learnt, and that is said")
  func texts() throws {
    try Tool.inBuiltProject { tool in
      let told = try tool.must("train", "recipes/base.yaml", "--show-example").output
      #expect(told.hasPrefix("train.base.1, example ") && told.contains("the first; in every one all tokens are learnt") && told.contains("\nlearnt   \""), "\(told)")
    }
  }

  @Test("a training that would learn nothing, or never learn to stop, is refused, and shown to nobody")
  func masks() throws {
    try Tool.inBuiltProject { tool in
      let json = try tool.must("train", "recipes/voice.yaml", "--show-example", "--json").json()
      let read = try #require(json["runs"]?.array).prefix(3).reduce(0) { $0 + ($1["tokens"]?.array?.count ?? 0) }
      let silent = try tool.run("train", "recipes/voice.yaml", "--show-example", "--set", "train.talk-lora.context=2")
      silent.expectFailure(1, "train.talk-lora.1: none of the 0 examples has a token to learn")
      // The base is scored before anything is trained.
      try tool.run("train", "recipes/voice.yaml", "--set", "train.talk-lora.context=2").expectFailure(
        1, "score.base: the holdout has no token that is scored, in 8 records, 8 of which a context of 2 tokens cuts off", hint: "raise the target's \"context\"")
      for command in [["train", "--show-example"], ["train"], ["build"]] {
        let outcome = try tool.start([command[0], "recipes/voice.yaml", "--set", "train.talk-lora.context=\(read + 3)"] + command.dropFirst()).wait()
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("conversations are cut to \(read + 3) tokens before an answer ends: what is trained so would never learn to stop"), "\(outcome.errors)")
        #expect(outcome.errors.contains("hint: raise \"context\" to "))
      }
    }
  }
}
