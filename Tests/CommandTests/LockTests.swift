import Artifacts
import Foundation
import Testing

@Suite("soul.lock")
struct LockTests {
  @Test("what is locked for other recipes while a build runs stays locked")
  func meanwhile() throws {
    try Tool.inProject(Project.commanded(Project.waiting + Project.copying)) { tool in
      let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1", "--allow-run"])
      try building.waitUntil(itSays: "start   run.copy")
      let other = ["SOULPACK_STORE": tool.place("other").path]
      #expect(try tool.start(["update", "recipes/base.yaml"], environment: other).wait().status == 0)
      try tool.write("", to: "go")
      #expect(try building.wait().status == 0)
      let lock = try JSONValue(parsing: try tool.read("soul.lock"))["recipes"]?.object
      #expect(lock?.keys.sorted() == ["recipes/base.yaml", "recipes/voice.yaml"])
    }
  }

  @Test("a lock that is a link is written where it leads; one that leads nowhere is not taken for none")
  func linked() throws {
    try Tool.inBuiltProject { tool in
      try FileManager.default.moveItem(at: tool.place("soul.lock"), to: tool.place("elsewhere"))
      try FileManager.default.createSymbolicLink(at: tool.place("soul.lock"), withDestinationURL: tool.place("elsewhere"))
      let before = try tool.read("elsewhere")
      try tool.write(Project.talk(count: 39), to: "talk/talk.jsonl")
      try tool.digest()
      #expect(try tool.read("elsewhere") != before)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: tool.place("soul.lock").path) == tool.place("elsewhere").path)
      try tool.remove("elsewhere")
      try tool.build().expectFailure(1, tool.place("soul.lock").path + ": a link to a file that is not there", hint: "bring back what it leads to")
      try FileManager.default.removeItem(at: tool.place("soul.lock"))
      try FileManager.default.createDirectory(at: tool.place("soul.lock"), withIntermediateDirectories: false)
      try tool.build().expectFailure(1, tool.place("soul.lock").path + ": not a lock of this version", hint: "if it was half merged")
    }
  }

  @Test("--locked refuses a recipe that is not locked, and a source that changed, with exit code 3 before any work")
  func locked() throws {
    try Tool.inProject { tool in
      try tool.build("--locked").expectFailure(3, "soul.lock differs: recipes/voice.yaml is not in soul.lock", hint: "bring the sources back, or build without --locked")
      #expect(!tool.exists("out") && !tool.exists("soul.lock"))
      try tool.digest()
      let lock = try tool.read("soul.lock")
      #expect(try tool.build("--locked").status == 0)

      try tool.write(Project.talk(count: 39), to: "talk/talk.jsonl")
      let differs = try tool.build("--locked")
      differs.expectFailure(3, "soul.lock differs: talk is ")
      #expect(!differs.errors.contains("start"))
      try tool.digest()
      #expect(try tool.read("soul.lock") != lock)
      #expect(try tool.build("--locked").status == 0)
    }
  }

  @Test("steps of another meaning stop every build with exit code 3, until update accepts them")
  func semantics() throws {
    try Tool.inBuiltProject { tool in
      let ours = try tool.read("soul.lock")
      try tool.edit("soul.lock", #""train": 1"#, #""train": 7"#)
      for arguments in [[], ["--locked"], ["-n"]] as [[String]] {
        let outcome = try tool.start(["build", "recipes/voice.yaml"] + arguments).wait()
        outcome.expectFailure(
          3, #"soul.lock differs: the step "train" has semantics 1, locked is 7"#,
          hint: "what used those steps would run again: `soulpack update` accepts that")
      }
      #expect(try tool.must("update", "recipes/voice.yaml").output.contains(#"the step "train" has semantics 1, locked is 7"#))
      #expect(try tool.read("soul.lock") == ours)
      try tool.digest()
    }
  }

  @Test("a lock that is no lock is not overwritten")
  func unreadable() throws {
    try Tool.inBuiltProject { tool in
      for text in ["<<<<<<< ours\n", "{}", #"{"schema":"soulpack.lock/2","recipes":{}}"#, ""] {
        try tool.write(text, to: "soul.lock")
        try tool.build().expectFailure(1, "\(tool.folder.path)/soul.lock: not a lock of this version", hint: "if it was half merged")
        #expect(try tool.read("soul.lock") == Data(text.utf8))
      }
    }
  }

  @Test("the lock says nothing of the machine: the same in another folder, and after --set it stays as it was")
  func portable() throws {
    try Tool.inBuiltProject { tool in
      let lock = try tool.read("soul.lock")
      #expect(lock.range(of: Data(tool.folder.path.utf8)) == nil)
      try tool.remove("soul.lock", ".soulpack")
      try tool.digest()
      #expect(try tool.read("soul.lock") == lock)
      try tool.digest("--set", "train.talk-lora.epochs=2")
      #expect(try tool.read("soul.lock") == lock)
    }
  }
}
