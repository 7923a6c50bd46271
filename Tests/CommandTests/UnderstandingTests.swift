import Artifacts
import Foundation
import Testing

@Suite("Why: what a person asks after a build")
struct UnderstandingTests {
  @Test("why answers for a line of a file, named from the root or from the source, and for the first digits of an id")
  func why() throws {
    try Tool.inBuiltProject { tool in
      let byLine = try tool.must("why", "talk/talk.jsonl:3", "--recipe", "recipes/voice.yaml", "--json").json()
      let record = try #require(byLine["records"]?.array?.first)
      #expect(record["file"]?.string == "talk.jsonl" && record["line"]?.integer == 3)
      #expect(try tool.must("why", "talk.jsonl:3", "--recipe", "recipes/voice.yaml", "--json").json() == byLine)
      let id = try #require(record["id"]?.digest)
      for digits in [id.hex, id.short] {
        #expect(try tool.must("why", digits, "--recipe", "recipes/voice.yaml", "--json").json() == byLine)
      }
      #expect(try !tool.must("why", "talk.jsonl:3", "--recipe", "recipes/voice.yaml").output.contains("tide"))
    }
  }

  @Test("a record that was merged says into which; asked for by its id it is one document with both places")
  func merged() throws {
    try Tool.inBuiltProject { tool in
      let talk = Project.talk(count: 40)
      try tool.write(talk + talk.prefix { $0 != "\n" } + "\n", to: "talk/talk.jsonl")
      try tool.must("curate", "recipes/voice.yaml")
      let why = try tool.must("why", "talk.jsonl:41", "--recipe", "recipes/voice.yaml")
      #expect(why.output.contains("merged into ") && why.output.contains("(talk.jsonl:1)"))
      let line = try tool.must("why", "talk.jsonl:1", "--recipe", "recipes/voice.yaml", "--json").json()
      let id = try #require(line["records"]?.array?.first?["id"]?.digest)
      #expect(try tool.must("why", id.hex, "--recipe", "recipes/voice.yaml", "--json").json()["records"]?.array?.isEmpty == false)
    }
  }

  @Test("among several recipes the newest curation that read the file answers; where one has to be chosen, the hint says how")
  func severalRecipes() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("curate", "talk")
      #expect(try tool.must("why", "talk/talk.jsonl:3").output.contains("  (talk)\n"))
      try tool.must("curate", "recipes/voice.yaml")
      #expect(try tool.must("why", "talk/talk.jsonl:3").output.contains("  (curate.talk)\n"))
      try tool.remove("recipes/voice.yaml")
      #expect(try tool.must("why", "talk/talk.jsonl:3").output.contains("  (talk)\n"))
      try tool.write(Project.voice, to: "recipes/voice.yaml")
      try tool.run("explain").expectFailure(2, "several recipes and none chosen", hint: "name one: --recipe recipes/base.yaml")
    }
  }

  @Test("what why does not know, it says", arguments: [
    ("talk.jsonl:300", "talk.jsonl:300: no record was read from this line"), ("none.jsonl:1", "none.jsonl: no such file"),
    ("zzz", "\"zzz\" is neither FILE:LINE nor an id"), ("", "\"\" is neither FILE:LINE nor an id"), ("talk.jsonl:0", "talk.jsonl:0: "),
    ("talk.jsonl:-1", "talk.jsonl:-1: "), ("0123456789abcdef", "0123456789ab"),
  ])
  func unknown(subject: String, message: String) throws {
    try Tool.inBuiltProject { tool in
      let outcome = try tool.run("why", "--recipe", "recipes/voice.yaml", "--", subject)
      #expect(outcome.status == 1 && outcome.errors.contains(message), "\(outcome.errors)")
    }
  }

  @Test("before a curation, why names the command that is missing")
  func notCurated() throws {
    try Tool.inProject { tool in
      try tool.run("why", "talk.jsonl:3", "--recipe", "recipes/voice.yaml").expectFailure(
        1, "curate.talk: not curated yet, or its source, or what is retracted, has changed since", hint: "soulpack curate recipes/voice.yaml")
    }
  }

  @Test("explain names what changed in an action's key, with both values, before the build and after")
  func explain() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "learning-rate: 1e-2", "learning-rate: 2e-2")
      let before = try tool.must("explain", "train.talk-lora.1", "--recipe", "recipes/voice.yaml")
      #expect(before.output == "train.talk-lora.1: would run, because of\n  parameters.optimizer.learning-rate: 0.01 → 0.02\n")
      let json = try tool.must("explain", "train.talk-lora.1", "--recipe", "recipes/voice.yaml", "--json").json()
      #expect(json["actions"]?.array?.first?["differences"] == [["place": "parameters.optimizer.learning-rate", "earlier": "0.01", "later": "0.02"]])
      #expect(try tool.must("explain", "score.talk-lora.1", "--recipe", "recipes/voice.yaml").output.contains("its inputs are not known"))
      try tool.digest()
      let after = try tool.must("explain", "train.talk-lora.1", "--recipe", "recipes/voice.yaml")
      #expect(after.output.contains("is up to date; it last differed by\n  parameters.optimizer.learning-rate: 0.01 → 0.02"))
    }
  }

  @Test("status and -n say what would run, and run nothing")
  func forecast() throws {
    try Tool.inProject { tool in
      for command in [["status"], ["build", "-n"], ["train", "--dry-run"], ["curate", "-n"], ["publish", "-n"]] {
        let outcome = try tool.start(command + ["recipes/voice.yaml"]).wait()
        #expect(outcome.status == 0 && outcome.output.contains("curate.talk"), "\(command) \(outcome.errors)")
      }
      #expect(!tool.exists(".soulpack") && !tool.exists("out") && !tool.exists("soul.lock"))
      let rows = try #require(try tool.must("status", "recipes/voice.yaml", "--json").json()["actions"]?.array)
      #expect(Set(rows.compactMap { $0["standing"]?.string }) == ["would-run", "may-run"])
    }
  }

  /// Holds the store's lock, as a build of an hour would, under a name that a shell chooses.
  private func whileHeld(_ tool: Tool, by command: String = "soulpack build", _ script: String) throws -> Tool.Outcome {
    try tool.shell(#"""
      exec 9<>.soulpack/lock && flock -n 9 || exit 99
      printf '{"command":"\#(command)","pid":7}' >&9
      \#(script)
      """#)
  }

  @Test("while a build has the store, status, explain, why and -n answer at once", arguments: [
    "status recipes/voice.yaml", "explain --recipe recipes/voice.yaml", "why talk.jsonl:3 --recipe recipes/voice.yaml",
    "build -n --no-wait recipes/voice.yaml",
  ])
  func besideBuild(command: String) throws {
    try Tool.inBuiltProject { tool in
      try tool.write(Project.talk(count: 40), to: "talk/talk.jsonl")  // Its status is new: it is read, and not remembered.
      let before = try tool.read(".soulpack/log")
      let outcome = try whileHeld(tool, "timeout 60 \"$SOULPACK\" \(command) 9>&-")
      #expect(outcome.status == 0 && outcome.errors.isEmpty && !outcome.output.isEmpty, "\(outcome.status) \(outcome.errors)")
      #expect(try tool.read(".soulpack/log") == before)
    }
  }

  @Test("the name of the one who has the store cannot repaint the terminal of those who wait", arguments: [
    "fsck", "update recipes/voice.yaml", "build recipes/voice.yaml",
  ])
  func harmlessHolder(command: String) throws {
    try Tool.inBuiltProject { tool in
      let outcome = try whileHeld(tool, by: #"\\u001b[2Jsly"#, """
        "$SOULPACK" \(command) 9>&- 2>words & waiting=$!
        until grep -q 'has the store' words || ! kill -0 $waiting; do sleep 0.02; done
        kill $waiting; wait $waiting; cat words
        """)
      #expect(outcome.output.contains(#"waiting for process 7 (\u{1b}[2Jsly), which has the store"#), "\(outcome.output)")
    }
  }

  @Test("explain compares within one recipe, and passes over trials")
  func explainOneRecipe() throws {
    try Tool.inBuiltProject { tool in
      let seal = ["explain", "seal", "--recipe", "recipes/voice.yaml"]
      let before = try tool.start(seal).wait().output
      #expect(before == "seal: its key has never been another\n")
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.digest("--set", "train.talk-lora.epochs=2")
      #expect(try tool.start(seal).wait().output == before)
      try tool.write(Project.voice, to: "recipes/copy.yaml")
      #expect(try tool.must("explain", "seal", "--recipe", "recipes/copy.yaml").output == "seal: no build of this recipe has had it\n")
    }
  }

  @Test("after a build all is up to date; one more line of data, and what hangs on it would run")
  func upToDate() throws {
    try Tool.inBuiltProject { tool in
      #expect(try tool.must("status", "recipes/voice.yaml").output.hasSuffix("everything is up to date\n"))
      try tool.write(Project.talk(count: 41), to: "talk/talk.jsonl")
      let lines = try tool.must("status", "recipes/voice.yaml").output.split(separator: "\n")
      #expect(lines.contains { $0.hasPrefix("run   curate.talk ") } && lines.contains { $0.hasPrefix("run?  train.talk-lora.1") })
      #expect(lines.contains { $0.hasPrefix("same  base/train.base.1 ") })
    }
  }
}
