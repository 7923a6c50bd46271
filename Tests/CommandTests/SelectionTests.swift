import Artifacts
import Foundation
import Testing

@Suite("Candidates, gates and the certificate")
struct SelectionTests {
  private static let candidates = "batch: 4, context: 64, candidates: [{ seed: 1 }, { seed: 2, learning-rate: 2e-3 }] }"

  /// The tiny project with two candidates for the voice.
  private static func withChoice(_ more: String = "") -> [String: String] {
    let voice = Project.voice.replacing("batch: 4, context: 64 }", with: candidates) + more
    return Project.tiny.merging(["recipes/voice.yaml": voice]) { _, new in new }
  }

  @Test("of two candidates the lower loss is sealed, and soul.json holds what both tried and came to")
  func choice() throws {
    try Tool.inProject(Self.withChoice()) { tool in
      let built = try tool.build()
      #expect(built.status == 0, "\(built.errors)")
      #expect(built.errors.contains("paired standard error"), "\(built.errors)")
      try tool.must("unpack", "out/voice-1.0.0.soul", "voice")
      let soul = try JSONValue(parsing: try tool.read("voice/soul.json"))
      let candidates = try #require(soul["candidates"]?.array)
      #expect(candidates.map { $0["number"]?.integer } == [1, 2])
      #expect(candidates[1]["parameters"]?["learning-rate"] != nil && candidates[1]["target"]?.string == "talk-lora")
      let totals = try candidates.map { try #require($0["total"]?.integer) }
      let winner = try #require(candidates.firstIndex { $0["files"]?.digest == soul["selection"]?["winner"]?.digest })
      #expect(totals[winner] == totals.min())
      #expect(candidates.allSatisfy { ($0["standardError"]?.integer ?? 0) > 0 && ($0["gainStandardError"]?.integer ?? 0) > 0 })
      let shown = try tool.must("inspect", "out/voice-1.0.0.soul").output
      #expect(shown.contains("seed 2") && shown.contains("\(winner + 1)*"), "\(shown)")
    }
  }

  @Test("publishing certifies the selection; verify checks and shows it; the Soul digest knows no key")
  func certificate() throws {
    try Tool.inBuiltProject { tool in
      let digest = try tool.digest()
      let key = try tool.signed()
      try tool.must("trust", "add", "voice", key)
      let verified = try tool.must("verify", "out/voice-1.0.0.soul")
      #expect(verified.output.contains("certified by 1 of 1 keys (quorum 1), self-measured: \(key)"), "\(verified.output)")
      #expect(verified.output.contains(digest))
      let certificates = try tool.must("verify", "out/voice-1.0.0.soul", "--json").json()["certificates"]?.array
      #expect(certificates?.first?["signers"] == [.string(key)])
      #expect(certificates?.first?["trusted"] == true)
      #expect(try tool.must("inspect", "out/voice-1.0.0.soul").output.contains("1 certificate of the selection"))
      let signed = try tool.read("out/voice-1.0.0.soul")
      try tool.remove("out")
      try tool.must("publish", "recipes/voice.yaml", "--threads", "1")
      #expect(try tool.read("out/voice-1.0.0.soul") == signed)
    }
  }

  @Test("a gate that is met is told and sealed; one that is missed ends with 4 and nothing is sealed")
  func gates() throws {
    try Tool.inProject(Self.withChoice("gates:\n  - holdout-loss: { below-base-by: 0.1% }\n")) { tool in
      let met = try tool.build()
      #expect(met.status == 0 && met.errors.contains("% interval ") && met.errors.contains(", 0.1 % asked: met"), "\(met.errors)")
      try tool.must("unpack", "out/voice-1.0.0.soul", "voice")
      let gate = try JSONValue(parsing: try tool.read("voice/soul.json"))["gates"]?.array?.first
      #expect(gate?["askedPPM"]?.integer == 1000 && gate?["met"]?.bool == true)
      #expect(try tool.must("inspect", "out/voice-1.0.0.soul").output.contains("holdout-loss"))

      try tool.remove("out")
      try tool.edit("recipes/voice.yaml", "below-base-by: 0.1%", "below-base-by: 99%")
      let missed = try tool.build()
      missed.expectFailure(4, "gate: holdout-loss ", hint: "train longer")
      #expect(missed.errors.contains(", 99 % asked: missed"), "\(missed.errors)")
      #expect(!tool.exists("out"))
      #expect(try tool.run("train", "recipes/voice.yaml", "--threads", "1").status == 4)
    }
  }
}
