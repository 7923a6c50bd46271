import Artifacts
import Foundation
import Testing

@Suite("Letting a Soul answer")
struct RunTests {
  private static let archive = "out/voice-1.0.0.soul"

  private func withTrustedSoul(_ body: (Tool) throws -> Void) throws {
    try Tool.inBuiltProject { tool in
      try tool.must("trust", "add", "voice", try tool.signed())
      try body(tool)
    }
  }

  @Test("nobody's word, a stranger's word and a changed byte are refused before anything is run")
  func refused() throws {
    try Tool.inBuiltProject { tool in
      try tool.run("run", Self.archive, "What is 5 and one?").expectFailure(6, #""voice" is not signed"#)
      let key = try tool.signed()
      try tool.run("run", Self.archive, "What is 5 and one?").expectFailure(
        8, #"no rule of the trust policy is for "voice""#, hint: "if you know the signer: soulpack trust add voice \(key)")
      var bytes = try tool.read(Self.archive)
      bytes[bytes.count / 2] ^= 1
      try tool.write(bytes, to: "x.soul")
      #expect(try tool.run("run", "x.soul", "What is 5 and one?").status == 6)
    }
  }

  @Test("the same prompt and seed give the same words with any number of threads; --json has them with their number; standard input is a prompt")
  func answers() throws {
    try withTrustedSoul { tool in
      let prompt = "What is 5 and one?"
      let one = try tool.must("run", Self.archive, prompt, "--threads", "1", "--max-tokens", "24")
      let three = try tool.must("run", Self.archive, prompt, "--threads", "3", "--max-tokens", "24")
      #expect(one.output == three.output && one.output.hasSuffix("\n") && one.output.count > 1)
      let document = try tool.must("run", Self.archive, prompt, "--json", "--max-tokens", "24").json()
      #expect(document["schema"] == "soulpack.answer/1" && document["soul"]?["name"] == "voice")
      let text = try #require(document["text"]?.string)
      #expect(one.output == shown(text) + "\n")
      #expect((0...24).contains(try #require(document["tokens"]?.integer)))
      let piped = try tool.shell("printf '%s\\n' '\(prompt)' | soulpack run \(Self.archive) --max-tokens 24")
      #expect(piped.status == 0 && piped.output == one.output, "\(piped.errors)")
      let seeds = try (1...6).map { try tool.must("run", Self.archive, prompt, "--seed", "\($0)", "--temperature", "2", "--max-tokens", "24").output }
      #expect(Set(seeds).count > 1)
    }
  }

  /// A model of a few thousand weights says anything, control characters too, which a terminal must not get.
  private func shown(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control && !["\n", "\t"].contains(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }.joined()
  }

  @Test("an answer ends at each token that config.json names as an end")
  func endTokens() throws {
    try withTrustedSoul { tool in
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.must("unpack", "out/small-base-0.1.0.soul", "models/small")
      try tool.remove("models/small/soul.json")
      let config = try #require(try JSONValue(parsing: try tool.read("models/small/config.json")).object)
      let all = JSONValue.array((0..<(try #require(config["vocab_size"]?.integer))).map { .integer($0) })
      try tool.write(JSONValue.object(config.merging(["eos_token_id": all]) { $1 }).canonical, to: "models/small/config.json")
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ path: models/small }")
      try tool.edit("recipes/voice.yaml", "version: 1.0.0", "version: 1.0.1")
      try tool.must("publish", "recipes/voice.yaml", "--threads", "1")
      let answer = try tool.must("run", "out/voice-1.0.1.soul", "What is 5 and one?", "--json").json()
      #expect(answer["text"] == "" && answer["tokens"] == 0, "\(answer.canonicalText)")
    }
  }

  @Test("an answer that is cut says so; no prompt, and settings that make no sense, are refused")
  func limits() throws {
    try withTrustedSoul { tool in
      let cut = try tool.must("run", Self.archive, "What is 5 and one?", "--max-tokens", "1", "--temperature", "0")
      #expect(cut.errors.contains("cut after 1 token; --max-tokens asks for more"), "\(cut.errors)")
      try tool.run("run", Self.archive).expectFailure(2, "there is no prompt")
      try tool.run("run", Self.archive, String(repeating: "five ", count: 2000)).expectFailure(1, "the prompt's")
      try tool.run("run", Self.archive, "x", "--temperature=-1").expectFailure(2, "--temperature must be 0 or more")
      try tool.run("run", Self.archive, "x", "--top-p", "0").expectFailure(2, "--top-p must be above 0")
    }
  }

  @Test("a Soul for some keys runs for those who have one of them")
  func permissions() throws {
    try Tool.inProject(Project.tiny) { tool in
      let key = try #require(try tool.must("keys", "new", "me", "--no-passphrase", "--json").json()["key"]?.string)
      try tool.edit("recipes/voice.yaml", "description: An adapter that counts.\n", "description: An adapter that counts.\npermissions: { run: { allow: [\"\(key)\"] } }\n")
      try tool.must("publish", "recipes/voice.yaml", "--threads", "1")
      try tool.must("trust", "add", "voice", key)
      try tool.must("run", Self.archive, "What is 5 and one?")
      try FileManager.default.removeItem(at: tool.folder.deletingLastPathComponent().appending(path: "home/data/soulpack/keys/me.key"))
      try tool.run("run", Self.archive, "What is 5 and one?").expectFailure(8, "voice is not for you to run: its manifest allows \(key)")
    }
  }
}
