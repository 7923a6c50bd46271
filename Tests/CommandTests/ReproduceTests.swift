import Artifacts
import Foundation
import Testing

@Suite("Doing a Soul's training again")
struct ReproduceTests {
  private static let archive = "out/voice-1.0.0.soul"

  /// A project whose Soul was built, and then everything forgotten but the archive.
  private func withSoul(_ body: (Tool) throws -> Void) throws {
    try Tool.inProject(Project.tiny) { tool in
      try tool.must("build", "recipes/voice.yaml", "--threads", "2")
      try FileManager.default.removeItem(at: tool.folder.appending(path: ".soulpack"))
      try body(tool)
    }
  }

  @Test("from its data, by another number of threads, the same bytes; the base's recipe is done again too; the project stays as it is")
  func same() throws {
    try withSoul { tool in
      try FileManager.default.removeItem(at: tool.folder.appending(path: "recipes"))
      let text = try tool.must("reproduce", Self.archive, "--threads", "3")
      #expect(text.output.contains("same: ") && text.output.contains("steps of training, done again, gave the Soul's files byte for byte"), "\(text.output)")
      #expect(text.output.split(separator: "\n").filter { $0.contains(" same ") }.count == 4, "\(text.output)")
      #expect(!tool.exists(".soulpack"))
      let json = try tool.must("reproduce", Self.archive, "--json").json()
      #expect(json["same"] == true && json["difference"] == .null && json["parts"]?.array?.compactMap { $0["part"]?.string } == ["base", "data", "training", "files"])
    }
  }

  @Test("other data are named before anything is trained on them: exit code 6")
  func otherData() throws {
    try withSoul { tool in
      try tool.edit("talk/talk.jsonl", "What is 5 and one?", "What is five and one?")
      let outcome = try tool.run("reproduce", Self.archive)
      #expect(outcome.status == 6 && outcome.output.contains("not the same: the data here are others"), "\(outcome.output)")
      #expect(outcome.output.contains("  base  same") && outcome.output.contains("  data  differs"), "\(outcome.output)")
      #expect(!outcome.errors.contains("start   train.talk-lora"), "\(outcome.errors)")
      let json = try tool.run("reproduce", Self.archive, "--json")
      #expect(try json.status == 6 && json.json()["same"] == false)
    }
  }

  @Test("a base that comes out otherwise is named first")
  func otherBase() throws {
    try withSoul { tool in
      try tool.edit("texts/texts.jsonl", "Paragraph 7 ", "Paragraph seven ")
      let outcome = try tool.run("reproduce", Self.archive)
      #expect(outcome.status == 6 && outcome.output.contains("not the same: the base here is another"), "\(outcome.output)")
    }
  }

  @Test("who has the archive alone is told what else it takes")
  func archiveAlone() throws {
    try withSoul { tool in
      try tool.write("", to: "elsewhere/README")
      try FileManager.default.copyItem(at: tool.folder.appending(path: Self.archive), to: tool.folder.appending(path: "elsewhere/voice.soul"))
      try tool.run("reproduce", "voice.soul", "-C", "elsewhere").expectFailure(1, "talk, texts: not there, and needed", hint: "go to a clone of the project that made it")
    }
  }

  @Test("of several targets and candidates the chosen one is trained again; a trial of a few steps is one again")
  func chosen() throws {
    try Tool.inProject(Project.tiny) { tool in
      // The first target hardly learns: the second one's second candidate is chosen.
      let weak = "  a-lora: { dataset: talk, method: sft, lora: { rank: 1, alpha: 1 }, optimizer: { learning-rate: 1e-9 }, epochs: 1, batch: 4, context: 64 }\n"
      try tool.edit("recipes/voice.yaml", "train:\n", "train:\n" + weak)
      try tool.edit("recipes/voice.yaml", "epochs: 4, batch: 4, context: 64 }\n", "epochs: 4, batch: 4, context: 64, candidates: [{ learning-rate: 1e-9 }, { seed: 2 }] }\n")
      try tool.must("build", "recipes/voice.yaml", "--threads", "2")
      let winner = try tool.must("reproduce", Self.archive, "--json").json()
      #expect(winner["same"] == true, "\(winner.canonicalText)")
      try tool.must("build", "recipes/voice.yaml", "--smoke", "--threads", "2")
      let smoke = try #require(try tool.names(in: "out").first { $0.contains("smoke") })
      #expect(try tool.must("reproduce", "out/\(smoke)").output.contains("same: 8 steps"))
    }
  }

  @Test("one step is checked from a state that whoever can do the training opens, and that is believed by its root alone")
  func steps() throws {
    try Tool.inProject(Project.tiny) { tool in
      try tool.must("build", "recipes/voice.yaml", "--threads", "2")
      try FileManager.default.removeItem(at: tool.folder.appending(path: ".soulpack"))
      let first = try tool.must("reproduce", Self.archive, "--step", "3")
      #expect(first.output.contains("done again from the training's start"), "\(first.output)")
      try tool.run("reproduce", Self.archive, "--step", "18").expectFailure(
        1, "step 18 is checked from the state after step 16, which is not in the archive", hint: "whoever can do the training makes it by `soulpack reproduce … --open 18 --to FILE`")
      try tool.run("reproduce", Self.archive, "--step", "4000").expectFailure(1, "the training has 28 steps, and no step 4000")
      let opened = try tool.must("reproduce", Self.archive, "--open", "18", "--to", "state", "--threads", "1")
      #expect(opened.output.contains("the state after step 16, from which step 18 is checked"), "\(opened.output)")
      let json = try tool.must("reproduce", Self.archive, "--step", "18", "--state", "state", "--json").json()
      #expect(json["same"] == true && json["step"] == 18 && json["from"] == 16, "\(json.canonicalText)")
      try tool.run("reproduce", Self.archive, "--open", "18", "--to", "state").expectFailure(1, "state is there already", hint: "name a file that is not there")
      let bytes = try Data(contentsOf: tool.place("state"))
      try tool.write(bytes.dropLast() + [bytes[bytes.count - 1] ^ 1], to: "state")
      try tool.run("reproduce", Self.archive, "--step", "18", "--state", "state").expectFailure(1, "the checkpoint is damaged", hint: "ask for the state again")
    }
  }

  @Test("a recipe that runs commands is carried out for a signer whom the user trusts, or on the user's word: exit code 8")
  func reach() throws {
    try Tool.inProject(Project.commanded(Project.copying)) { tool in
      try tool.must("build", "recipes/voice.yaml", "--allow-run", "--threads", "2")
      try tool.run("reproduce", Self.archive).expectFailure(8, "voice's recipe runs sh -c", hint: "read it (soulpack inspect), and trust its signer")
      try tool.must("reproduce", Self.archive, "--allow-run")
    }
  }

  @Test("what another program trained has no bytes to be held against")
  func opaque() throws {
    try Tool.inProject(Project.tiny) { tool in
      try tool.write(try Data(contentsOf: Tool.repository.appending(path: "Tests/SubstratesTests/trainer.py")), to: "programs/trainer.py")
      let substrate = #"substrate: { command: [python3, "{input.program}", good], inputs: { program: programs/trainer.py } }"#
      try tool.edit("recipes/voice.yaml", "optimizer: { learning-rate: 1e-2 }, epochs: 4,", "epochs: 4, \(substrate),")
      try tool.must("build", "recipes/voice.yaml", "--smoke", "--allow-run", "--threads", "2")
      let name = try #require(try tool.names(in: "out").first { $0.hasPrefix("voice-") })
      try tool.run("reproduce", "out/\(name)").expectFailure(1, "its training is labelled opaque, and not reproducible")
    }
  }
}
