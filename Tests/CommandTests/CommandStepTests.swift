import Artifacts
import Foundation
import Testing

@Suite("Foreign commands")
struct CommandStepTests {
  @Test("a command is not run unless it was allowed: exit code 8, with what it would have been")
  func notAllowed() throws {
    try Tool.inProject(Project.commanded("touch ../../../ran; " + Project.copying)) { tool in
      let outcome = try tool.build()
      outcome.expectFailure(
        8, #"run.copy: the command "sh -c touch ../../../ran; cp {input.talk}/* {output}/" was not allowed to run"#,
        hint: "there is no terminal to ask on: read the command, then use --allow-run")
      #expect(!tool.exists("ran"))
    }
  }

  @Test("an allowed command makes the dataset that a folder would have been; done once, it is not run again")
  func allowed() throws {
    try Tool.inProject(Project.commanded("echo x >> ../../../runs; " + Project.copying)) { tool in
      let built = try tool.build("--allow-run")
      #expect(built.status == 0 && built.actions == "14 actions run, 0 up to date", "\(built.errors)")
      #expect(try tool.build().actions == "0 actions run, 14 up to date")
      #expect(try tool.read("runs") == Data("x\n".utf8))
    }
  }

  @Test("a command that fails tells its status and its last lines; one that is killed, the signal; one that is not there, that")
  func failing() throws {
    try Tool.inProject(Project.commanded(": {output}; echo out of ink; echo no paper >&2; exit 7")) { tool in
      let outcome = try tool.build("--allow-run", "-j", "1")
      outcome.expectFailure(1, "run.copy: the command ended with status 7", hint: "its last lines stand above")
      #expect(outcome.errors.contains("run.copy: out of ink\n        run.copy: no paper\n"))
      try tool.edit("recipes/voice.yaml", "exit 7", "kill -9 $$")
      try tool.build("--allow-run").expectFailure(1, "run.copy: the command was ended by signal 9")
      try tool.edit("recipes/voice.yaml", "[sh, -c,", "[no-such-program, -c,")
      let missing = try tool.build("--allow-run")
      missing.expectFailure(1, "run.copy: the command ended with status 127")
      #expect(missing.errors.contains("no-such-program"))
    }
  }

  @Test("a command that writes nothing has made nothing")
  func silent() throws {
    try Tool.inProject(Project.commanded("true {output}")) { tool in
      try tool.build("--allow-run").expectFailure(1, "run.copy: the command wrote nothing into {output}", hint: "{output} is a folder that is there already")
    }
  }

  @Test("an input that changes, or goes, while the command runs taints it: nothing is kept, and the person is told", arguments: ["changed", "removed"])
  func tainted(how: String) throws {
    let change = how == "changed" ? "echo >> ../../../talk/talk.jsonl; " : "rm -r ../../../talk; "
    try Tool.inProject(Project.commanded(change + Project.copying)) { tool in
      let outcome = try tool.build("--allow-run")
      outcome.expectFailure(1, "run.copy: talk changed while the command ran; its output is not kept", hint: "build again once nothing writes there")
      #expect(!tool.exists("out"))
      try tool.write(Project.talk(count: 40), to: "talk/talk.jsonl")
      #expect(try tool.must("status", "recipes/voice.yaml").output.contains("run   run.copy"))
    }
  }

  @Test("with -k what does not depend on a failure is done, each failure is told, and what was skipped names its cause")
  func keepGoing() throws {
    try Tool.inProject(Project.commanded("exit 3; " + Project.copying)) { tool in
      try tool.write("", to: "texts/texts.jsonl")
      let outcome = try tool.build("--allow-run", "-k")
      outcome.expectFailure(1, "base/curate.texts: the source holds no record")
      outcome.expectFailure(1, "run.copy: the command ended with status 3")
      #expect(outcome.errors.contains("skip    curate.talk (needs run.copy)"))
      #expect(outcome.errors.contains("skip    base/train.base.1 (needs base/curate.texts)"))
    }
  }

  @Test("a command sees copies of its inputs and a clean environment, not the project or the user's secrets")
  func isolated() throws {
    let line = "env > ../../../seen; pwd >> ../../../seen; echo changed > {input.talk}/talk.jsonl; cp ../../../spare {output}/talk.jsonl"
    try Tool.inProject(Project.commanded(line)) { tool in
      try tool.write(Project.talk(count: 40), to: "spare")
      let outcome = try tool.build("--allow-run", environment: ["SECRET_TOKEN": "abc"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let seen = String(decoding: try tool.read("seen"), as: UTF8.self)
      #expect(!seen.contains("SECRET_TOKEN") && !seen.contains("HOME="))
      #expect(seen.contains("\(tool.folder.path)/.soulpack/work/run.copy-"))
      #expect(try tool.read("talk/talk.jsonl") == Data(Project.talk(count: 40).utf8))
    }
  }
}
