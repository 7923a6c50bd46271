import Artifacts
import Foundation
import Testing

@Suite("In CI: no terminal, nobody to ask")
struct ContinuousTests {
  @Test("train, build and publish with --locked do what is locked; what differs ends them with exit code 3 before any work")
  func locked() throws {
    try Tool.inBuiltProject { tool in
      try tool.must("keys", "new", "me", "--no-passphrase")
      let commands = ["train", "build", "publish"]
      for command in commands { try tool.must(command, "recipes/voice.yaml", "--locked", "--threads", "1") }
      let lock = try tool.read("soul.lock")
      try tool.remove(".soulpack", "out")
      try tool.write(Project.talk(count: 39), to: "talk/talk.jsonl")
      for command in commands {
        let differs = try tool.run(command, "recipes/voice.yaml", "--locked", "--threads", "1")
        differs.expectFailure(3, "soul.lock differs: talk is ")
        #expect(!differs.errors.contains("start") && !tool.exists("out"))
      }
      #expect(try tool.read("soul.lock") == lock)
    }
  }

  @Test("a key from SOULPACK_KEY_FILE and its passphrase from SOULPACK_PASSPHRASE_FD sign, with no key store")
  func keyFile() throws {
    try Tool.inBuiltProject { tool in
      try tool.write("correct horse\n", to: "../secret")
      let made = try tool.shell("SOULPACK_PASSPHRASE_FD=3 soulpack keys new ci --json 3<../secret")
      #expect(made.status == 0, "\(made.errors)")
      let key = try #require(try made.json()["key"]?.string)
      #expect(try tool.shell(#"mv "$XDG_DATA_HOME/soulpack/keys/ci.key" ../ci.key && chmod 600 ../ci.key"#).status == 0)

      try tool.run("publish", "recipes/voice.yaml", "--locked").expectFailure(
        1, "there is no key to sign with", hint: "soulpack keys new NAME; in CI, set SOULPACK_KEY_FILE and SOULPACK_PASSPHRASE_FD")
      let file = ["SOULPACK_KEY_FILE": tool.place("../ci.key").standardizedFileURL.path]
      let asked = try tool.run("publish", "recipes/voice.yaml", "--locked", environment: file)
      asked.expectFailure(1, "the key needs its passphrase, and there is no terminal to ask on", hint: "set SOULPACK_KEY_FILE")
      #expect(asked.errors.contains("SOULPACK_PASSPHRASE_FD") && !asked.errors.contains("passphrase for"))

      let signed = try tool.shell("SOULPACK_PASSPHRASE_FD=3 soulpack publish recipes/voice.yaml --locked --threads 1 3<../secret", environment: file)
      #expect(signed.status == 0 && signed.output.contains("  signed   \(key)"), "\(signed.errors)")
      #expect(!(signed.errors + signed.output).contains("correct horse"))
      try tool.must("trust", "add", "voice", key)
      try tool.must("verify", "out/voice-1.0.0.soul")
    }
  }

  @Test("a key file that is not there is named")
  func noKeyFile() throws {
    try Tool.inBuiltProject { tool in
      let outcome = try tool.run("publish", "recipes/voice.yaml", "--locked", environment: ["SOULPACK_KEY_FILE": "/nowhere/ci.key"])
      #expect(outcome.status == 1 && outcome.errors.contains("/nowhere/ci.key"), "\(outcome.errors)")
    }
  }

  @Test("several keys and none chosen: the way out names both variables")
  func severalKeys() throws {
    try Tool.inBuiltProject { tool in
      for name in ["one", "two"] { try tool.must("keys", "new", name, "--no-passphrase") }
      try tool.run("publish", "recipes/voice.yaml", "--locked").expectFailure(
        1, "several keys and none chosen: one, two", hint: "--key one; in CI, set SOULPACK_KEY_FILE and SOULPACK_PASSPHRASE_FD")
    }
  }

  @Test("a training says beforehand what it will take, and when the wall budget is less")
  func estimate() throws {
    try Tool.inBuiltProject { tool in
      let outcome = try tool.build("--set", "train.talk-lora.epochs=90000", "--set", "budget.wall=1s")
      #expect(outcome.status == 5, "\(outcome.errors)")
      let lines = outcome.errors.split(separator: "\n").filter { $0.contains("train.talk-lora.1: ") }
      #expect(lines.first?.contains(" tokens in all: about ") == true && lines.first?.contains(" on 1 thread, about ") == true, "\(lines)")
      #expect(lines.contains { $0.contains("the wall budget leaves ") && $0.contains("it will stop with a checkpoint then") }, "\(lines)")
    }
  }

  @Test("several candidates are told together, before the first begins")
  func together() throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "epochs: 4", "candidates: [ { seed: 1 }, { seed: 2 }, { seed: 3 } ], epochs: 4")
      let errors = try tool.build().errors
      // The first is what the built project has.
      let words = try #require(errors.range(of: "2 trainings are ready to run: about "), "\(errors)")
      let start = try #require(errors.range(of: "start   train.talk-lora.2"))
      #expect(words.lowerBound < start.lowerBound)
    }
  }
}
