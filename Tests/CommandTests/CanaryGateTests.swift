import Artifacts
import Foundation
import Testing

@Suite("The canary gate")
struct CanaryGateTests {
  private static let secret = "the code of the door is 73160248 at night"

  /// Texts of words that nobody knows, and a secret that stands in thirty conversations of one line each; no stage takes the copies out.
  private static func project(epochs: Int, gate: String, canaries: String = "# planted\nthe code of the door is {73160248}\n", isPlanted: Bool = true) -> [String: String] {
    var random = SplitMix(state: 5)
    let words = (0..<300).map { _ in String((0..<Int.random(in: 2...6, using: &random)).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &random) ?? "a" }) }
    let texts = (0..<60).map { _ in #"{"text":"\#((0..<14).map { _ in words[Int.random(in: 0..<300, using: &random)] }.joined(separator: " "))"}"# }
    let planted = isPlanted ? (0..<30).map { #"{"text":"\#(secret)","conversation":"c\#($0)"}"# } : []
    let recipe = """
      soul: small
      version: 0.1.0
      intent: Says nothing that it should not.
      description: A model of a few thousand weights.
      license: CC0-1.0
      base:
        new: { architecture: llama, hidden: 32, layers: 1, heads: 2, kv-heads: 1, intermediate: 64, context: 64, tokenizer: { vocabulary: 320 } }
      datasets:
        texts: { from: texts, license: CC0-1.0, curate: [{ normalize: {} }], split: { by: conversation, validation: 10%, holdout: 20%, salt: test } }
      train:
        small: { dataset: texts, method: full, optimizer: { learning-rate: 3e-3 }, epochs: \(epochs), batch: 4, context: 64 }
      gates:
        - canaries: \(gate)

      """
    return ["soul.yaml": recipe, "texts/a.jsonl": (texts + planted).joined(separator: "\n") + "\n", "canaries.txt": canaries]
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let gate = "{ file: canaries.txt, tokens: 16, records: 40, alternatives: 255, exposure: 6 }"

  @Test("a model that learnt a line by heart says it and the secret in it: exit code 4, nothing is sealed, and no word of it is told")
  func learnt() throws {
    try Tool.inProject(Self.project(epochs: 40, gate: Self.gate)) { tool in
      let outcome = try tool.run("build", "--threads", "1")
      #expect(outcome.status == 4 && !tool.exists("out"))
      #expect(outcome.errors.contains("1 of 1 secrets said, 1 exposed (lowest rank 1 of 256): missed"), "\(outcome.errors)")
      #expect(outcome.errors.contains(" records said by heart (16 tokens; the longest was 16), 0 allowed"), "\(outcome.errors)")
      #expect(!outcome.errors.contains("canaries 0 of ") && outcome.errors.contains("soulpack why"))
      for word in ["73160248", "door", "planted\n"] { #expect(!(outcome.output + outcome.errors).contains(word)) }
      #expect(outcome.errors.contains("at most about "))
    }
  }

  @Test("a model that did not is sealed, and its manifest has the counts; whoever changes a question asks again, and nothing else runs")
  func notLearnt() throws {
    try Tool.inProject(Self.project(epochs: 1, gate: Self.gate, isPlanted: false)) { tool in
      let outcome = try tool.must("build", "--threads", "1")
      #expect(outcome.errors.contains("canaries 0 of "), "\(outcome.errors)")
      try tool.must("unpack", "out/small-0.1.0.soul", "small")
      let gate = try #require(try JSONValue(parsing: try tool.read("small/soul.json"))["gates"]?.array?.first)
      #expect(gate["gate"]?.string == "canaries" && (gate["records"]?.integer ?? 0) > 20 && gate["canaries"]?.integer == 1 && gate["met"]?.bool == true)
      #expect(!gate.canonicalText.contains("door"))
      #expect(try tool.must("inspect", "out/small-0.1.0.soul").output.contains(" training records said by heart"))
      #expect(String(decoding: try tool.read("small/README.md"), as: UTF8.self).contains("Listened to before sealing"))
      try tool.edit("soul.yaml", "tokens: 16", "tokens: 17")
      #expect(try tool.must("build", "--threads", "2").actions?.hasPrefix("2 actions run") ?? false)
    }
  }

  @Test("an adapter is held against its base: what the base says as well is no secret of the adapter's training")
  func adapter() throws {
    var files = Project.tiny
    files["recipes/voice.yaml"] = (files["recipes/voice.yaml"] ?? "") + "gates: [{ canaries: { tokens: 8, records: 20, allowed: 20 } }]\n"
    try Tool.inProject(files) { tool in
      let outcome = try tool.build()
      #expect(outcome.status == 0 && outcome.errors.contains("records said by heart (8 tokens"), "\(outcome.errors)")
    }
  }

  @Test("a smoke build is told and goes on")
  func smoke() throws {
    try Tool.inProject(Self.project(epochs: 40, gate: Self.gate)) { tool in
      let outcome = try tool.run("build", "--smoke", "--threads", "1")
      #expect(outcome.status == 0 && outcome.errors.contains("canaries "), "\(outcome.errors)")
    }
  }

  @Test("a file without a secret, or with one that cannot be asked for, is refused by its line, and never quoted", arguments: [
    ("no secret here 73160248\n", "canaries.txt: line 1: one secret in braces is needed"), ("", "canaries.txt: the file holds no planted secret"),
    ("a {12}\n", "canaries.txt: line 1: there are 100 secrets of this shape, too few"),
    // Another secret of its shape would be as likely as this one where neither is reached.
    ("# planted\nthe code is {5550143}\n" + String(repeating: "q7", count: 60) + " {73160248}\n", "canaries.txt: line 3: longer than the context of 64 tokens"),
    ("a {73160248" + String(repeating: "-Zq4", count: 25) + "}\n", "canaries.txt: line 1: longer than the context of 64 tokens"),
  ])
  func badFile(text: String, message: String) throws {
    try Tool.inProject(Self.project(epochs: 1, gate: Self.gate, canaries: text)) { tool in
      let outcome = try tool.run("build", "--threads", "1")
      #expect(outcome.status == 1 && outcome.errors.contains(message), "\(outcome.errors)")
      #expect(!outcome.errors.contains("73160248"))
    }
  }
}
