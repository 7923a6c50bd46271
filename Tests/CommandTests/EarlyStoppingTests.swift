import Artifacts
import Foundation
import Testing

@Suite("A training that ends early")
struct EarlyStoppingTests {
  private static let archive = "out/voice-1.0.0.soul"
  /// The rate is so high that the loss on the validation part soon rises.
  private static let settings = "optimizer: { learning-rate: 5e-2, schedule: constant }, epochs: 60, validate: { every: 5 }, early-stopping: { patience: 4 },"

  private func withProject(_ body: (Tool) throws -> Void) throws {
    try Tool.inBuiltProject { tool in
      try tool.edit("recipes/voice.yaml", "optimizer: { learning-rate: 1e-2 }, epochs: 4,", Self.settings)
      try body(tool)
    }
  }

  @Test("says so, tells each loss, keeps the best; the Soul holds what it takes to do it again, and it is done again to the same bytes")
  func whole() throws {
    try withProject { tool in
      #expect(try tool.must("plan", "recipes/voice.yaml").output.contains("train=split.talk:train  validation=split.talk:validation"))
      let told = try tool.must("build", "recipes/voice.yaml", "--threads", "2", "--json").errors
      let lines = try told.split(separator: "\n").map { try JSONValue(parsing: Data($0.utf8)) }.filter { $0["action"] == "train.talk-lora.1" }
      let losses = lines.compactMap { $0["metrics"]?["validationLossNatsPerToken"]?.number }
      let last = try #require(lines.last { $0["metrics"]?["validationLossNatsPerToken"] != nil })
      #expect(last["metrics"]?["bestValidationLossNatsPerToken"]?.number == losses.min() && last["metrics"]?["validationsWithoutProgress"] == 4)
      let step = try #require(last["done"]?.integer)
      #expect(step < 420 && losses.count == Int(step / 5))
      let best = step - 20
      let notes = lines.compactMap { $0["text"]?.string }
      #expect(notes.contains("it may end before that: after 4 validations in a row without progress; what did best is kept"), "\(notes)")
      #expect(
        notes.contains("ended early, after step \(step) of 420; what it was after step \(best) is kept, which did best on the validation part"), "\(notes)")
      try tool.must("unpack", Self.archive, "open")
      let account = try JSONValue(parsing: tool.read("open/training.json"))
      #expect(account["validation"]?["keptStep"]?.integer == best && account["validation"]?["plannedSteps"] == 420)
      #expect(account["trace"]?["steps"]?.array?.count == Int(step) && account["trace"]?["commitments"]?["validation"] != nil)
      let lineage = try JSONValue(parsing: tool.read("open/lineage.json"))
      #expect(lineage["edges"]?.array?.contains(["from": "validation", "to": "trace.1"]) == true)
      try tool.remove(".soulpack")
      let again = try tool.must("reproduce", Self.archive, "--threads", "3", "--json").json()
      #expect(again["same"] == true, "\(again.canonicalText)")
      #expect(again["parts"]?.array?.compactMap { $0["part"]?.string } == ["base", "data", "validation", "training", "files"])
      #expect(try tool.must("reproduce", Self.archive, "--step", "5").output.contains("same: step 5 of \(step)"))
    }
  }

  @Test("stopped by Ctrl-C and by kill -9, it comes to the same Soul")
  func interrupted() throws {
    try withProject { tool in
      // So patient that the training takes its time.
      let long = ["--set", "train.talk-lora.early-stopping.patience=60", "--set", "train.talk-lora.epochs=100"]
      let uninterrupted = try tool.digest(long[0], long[1], long[2], long[3])
      try tool.remove(".soulpack", "out")
      for signal in [SIGINT, SIGKILL, SIGINT] {
        let building = try tool.start(["build", "recipes/voice.yaml", "--threads", "1"] + long)
        try building.waitUntil(itSays: "start   train.talk-lora.1")
        usleep(150_000)
        building.send(signal)
        _ = try building.wait()
      }
      #expect(try tool.digest(long[0], long[1], long[2], long[3]) == uninterrupted)
    }
  }

  @Test("looking alone trains the same files, and a recipe that does not look has the Soul that it had")
  func looking() throws {
    try Tool.inBuiltProject { tool in
      func files() throws -> JSONValue? { try tool.must("train", "recipes/voice.yaml", "--json").json()["selection"]?["winner"] }
      let plain = try tool.digest()
      let before = try files()
      try tool.edit("recipes/voice.yaml", "epochs: 4,", "epochs: 4, validate: {},")
      #expect(try tool.digest() != plain)
      #expect(try files() == before && before != nil)
      try tool.edit("recipes/voice.yaml", " validate: {},", "")
      #expect(try tool.digest() == plain)
    }
  }

  @Test("a split that left nothing for it is told with the next step")
  func nothingThere() throws {
    try withProject { tool in
      try tool.edit("recipes/voice.yaml", "validation: 10%", "validation: 0.0001%")
      try tool.run("build", "recipes/voice.yaml").expectFailure(
        1, "train.talk-lora.1: the validation part is empty, and this training is to be measured on it", hint: "give the dataset's split a larger \"validation\"")
    }
  }
}
