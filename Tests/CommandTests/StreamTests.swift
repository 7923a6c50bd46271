import Artifacts
import Foundation
import Testing

@Suite("The two streams")
struct StreamTests {
  @Test("results go to standard output, talk to standard error; -q leaves the results, -v says more")
  func streams() throws {
    try Tool.inBuiltProject { tool in
      try tool.remove(".soulpack", "out")
      let normal = try tool.build()
      #expect(normal.output.split(separator: "\n").count == 5 && normal.output.hasPrefix("voice 1.0.0\n  holdout  "))
      #expect(normal.errors.contains("done    seal") && !normal.errors.contains("voice 1.0.0"))
      #expect(!(normal.output + normal.errors).contains("\u{1B}") && !normal.errors.contains("\r"))
      let quiet = try tool.build("-q")
      #expect(quiet.errors.isEmpty && quiet.digest == normal.digest)
      #expect(try tool.build("-v").errors.contains("same    seal  "))
    }
  }

  @Test("with --json each command prints one document, with its schema", arguments: [
    ("check recipes/voice.yaml", "check"), ("plan recipes/voice.yaml", "plan"), ("build recipes/voice.yaml", "build"),
    ("train recipes/voice.yaml", "train"), ("curate recipes/voice.yaml", "curate"), ("status recipes/voice.yaml", "status"),
    ("build -n recipes/voice.yaml", "status"), ("explain --recipe recipes/voice.yaml", "explain"), ("update recipes/voice.yaml", "update"),
    ("why talk.jsonl:1 --recipe recipes/voice.yaml", "why"), ("log", "log"), ("fsck", "fsck"), ("inspect out/voice-1.0.0.soul", "inspect"),
    ("unpack out/voice-1.0.0.soul x", "unpack"), ("keys list", "keys"), ("keys new me --no-passphrase", "key-made"), ("trust list", "trust"),
  ])
  func documents(command: String, schema: String) throws {
    try Tool.inBuiltProject { tool in
      let outcome = try tool.start(command.split(separator: " ").map(String.init) + ["--json"]).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try outcome.json()["schema"]?.string == "soulpack.\(schema)/\(schema == "why" ? 2 : 1)")
      #expect(outcome.output.hasSuffix("}\n") && outcome.output.split(separator: "\n").count == 1)
      for line in outcome.errors.split(separator: "\n") { #expect(try JSONValue(parsing: Data(line.utf8))["schema"]?.string != nil) }
    }
  }

  @Test("with --json events, remarks and errors are a JSON object a line on standard error", arguments: [
    (["build", "recipes/none.yaml"], 2), (["build", "--nope"], 2), (["verify", "none.soul"], 1), (["build", "recipes/voice.yaml", "--locked"], 3),
    (["why", "x", "--recipe", "recipes/voice.yaml"], 1), (["nonsense"], 2),
  ] as [([String], Int32)])
  func errors(arguments: [String], code: Int32) throws {
    try Tool.inProject { tool in
      let outcome = try tool.start(arguments + ["--json"]).wait()
      #expect(outcome.status == code && outcome.output.isEmpty)
      let last = try #require(outcome.errors.split(separator: "\n").last)
      let error = try JSONValue(parsing: Data(last.utf8))
      #expect(error["schema"]?.string == "soulpack.error/1" && error["code"]?.integer == Int64(code) && error["message"]?.string?.isEmpty == false)
    }
  }

  @Test("a build with --json tells its events in order")
  func events() throws {
    try Tool.inProject { tool in
      let lines = try tool.must("build", "recipes/voice.yaml", "--threads", "1", "--json").errors.split(separator: "\n")
      let events = try lines.map { try JSONValue(parsing: Data($0.utf8)) }
      #expect(events.allSatisfy { $0["schema"]?.string == "soulpack.event/1" })
      #expect(events.first?["event"]?.string == "planned" && events.first?["actions"]?.integer == 13)
      #expect(events.count { $0["event"]?.string == "finished" } == 13 && events.last?["action"]?.string == "seal")
      // Every step of every training, with the numbers that its trace has, and nothing of a record beside them.
      let steps = events.filter { $0["event"]?.string == "progress" && $0["unit"]?.string == "steps" }
      #expect(steps.count > 20)
      let names: Set = ["lossNatsPerToken", "gradientNorm", "learningRate", "tokensPerSecond", "supervisedTokens"]
      for step in steps { #expect(Set(step["metrics"]?.object?.keys.map { $0 } ?? []) == names, "\(step.canonicalText)") }
      #expect(steps.allSatisfy { ($0["metrics"]?["lossNatsPerToken"]?.number ?? 0) > 0 && ($0["metrics"]?["learningRate"]?.number ?? 0) > 0 })
    }
  }

  @Test("a reader that goes away is no failure; a result that cannot be written is one")
  func lostOutput() throws {
    try Tool.inBuiltProject { tool in
      let gone = try tool.shell("set -o pipefail; soulpack plan recipes/voice.yaml | true")
      #expect(gone.status == 0 && gone.errors.isEmpty, "\(gone.errors)")
      let full = try tool.shell("soulpack inspect out/voice-1.0.0.soul > /dev/full")
      full.expectFailure(1, "standard output: the result could not be written: no space left on device")
    }
  }

  @Test("what an archive says cannot repaint the terminal")
  func harmless() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "intent: Answers with numbers.", #"intent: "Answers \e[2J\u202Ewith numbers.""#)
      let built = try tool.build()
      guard built.status == 0 else { return built.expectFailure(2, "recipes/voice.yaml:3:") }
      let shown = try tool.must("inspect", "out/voice-1.0.0.soul").output
      #expect(shown.contains(#"Answers \u{1b}[2J\u{202e}with numbers."#) && !shown.contains("\u{1B}"))
    }
  }

  @Test("on a terminal a live line stands below, is taken away at the end, and NO_COLOR turns colour off alone", arguments: ["", "1"])
  func terminal(noColour: String) throws {
    try Tool.inBuiltProject { tool in
      try #require(try tool.shell("command -v script").status == 0, "script(1) of util-linux is needed")
      let command = "\"$SOULPACK\" build recipes/voice.yaml --threads 1 --set train.talk-lora.epochs=100; echo \"code $?\""
      let outcome = try tool.shell(
        "script -qec '\(command)' /dev/null", environment: ["TERM": "xterm-256color", "NO_COLOR": noColour])
      let text = outcome.output
      #expect(text.contains("code 0"), "\(text)")
      let live = try #require(text.range(of: "\r\u{1B}[2K["), "no live line")
      let after = text[live.upperBound...]
      let cleared = try #require(after.range(of: "\r\u{1B}[2K", options: .backwards))
      #expect(after[cleared.upperBound...].contains("voice 1.0.0"))
      #expect(!after[cleared.upperBound...].contains("steps"), "the live line is still there")
      #expect(text.contains("\u{1B}[32mdone") == noColour.isEmpty)
    }
  }
}
