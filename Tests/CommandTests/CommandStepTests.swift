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
      let kept = try tool.build("--allow-run", "--json")
      #expect(kept.status == 1 && !kept.errors.contains("out of ink") && kept.errors.contains("with --json they are not shown"), "\(kept.errors)")
      try tool.edit("recipes/voice.yaml", "exit 7", "kill -9 $$")
      try tool.build("--allow-run").expectFailure(1, "run.copy: the command was ended by signal 9")
      try tool.edit("recipes/voice.yaml", "[sh, -c,", "[no-such-program, -c,")
      try tool.build("--allow-run").expectFailure(1, #"run.copy: no program "no-such-program" on PATH"#, hint: "install it")
    }
  }

  @Test("a command that writes nothing has made nothing")
  func silent() throws {
    try Tool.inProject(Project.commanded("true {output}")) { tool in
      try tool.build("--allow-run").expectFailure(1, "run.copy: the command wrote nothing into {output}", hint: "{output} is a folder that is there already")
    }
  }

  @Test("what a command writes under names that begin with a dot is refused by name, and not lost")
  func hidden() throws {
    try Tool.inProject(Project.commanded("mkdir {output}/sub; : > {output}/sub/.spare; " + Project.copying)) { tool in
      try tool.build("--allow-run").expectFailure(
        1, #"run.copy: the command wrote "sub/.spare"; names that begin with a dot are not kept"#, hint: "let it write under other names")
    }
  }

  @Test("the paths that a command is given are the same in every run")
  func samePaths() throws {
    try Tool.inProject(Project.commanded("echo {input.talk} {output} >> ../../../seen; " + Project.copying)) { tool in
      try tool.digest("--allow-run")
      try tool.remove(".soulpack")
      try tool.digest("--allow-run")
      #expect(try tool.read("seen") == Data("inputs/talk output\ninputs/talk output\n".utf8))
    }
  }

  @Test("what a command leaves running is ended with it, and no signal is ignored or held back in it")
  func leftRunning() throws {
    let line = "grep -E ''SigIgn|SigBlk'' /proc/self/status > ../../../signals; sleep 1000 & echo $! > ../../../left; " + Project.copying
    try Tool.inProject(Project.commanded(line.replacing("''", with: "\""))) { tool in
      try tool.digest("--allow-run")
      let left = try tool.shell("ps -o stat= -p $(cat left) | grep -v Z")
      #expect(left.output.isEmpty, "\(left.output)")
      let masks = String(decoding: try tool.read("signals"), as: UTF8.self).split(separator: "\n").compactMap { $0.split(separator: "\t").last }
      #expect(masks.count == 2 && masks.allSatisfy { UInt64($0, radix: 16).map { $0 & (1 << 12 | 1 << 24) == 0 } == true }, "\(masks)")
    }
  }

  @Test("the wall budget ends a command too, with exit code 5")
  func overdue() throws {
    try Tool.inProject(Project.commanded("sleep 1000; " + Project.copying)) { tool in
      try tool.edit("recipes/voice.yaml", "license: CC0-1.0\nbase", "license: CC0-1.0\nbudget: { wall: 2s }\nbase")
      let outcome = try tool.build("--allow-run", "-j", "8")
      outcome.expectFailure(5, "run.copy: the wall budget is used up, and the command was ended", hint: "raise \"budget: wall:\"")
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
