import Artifacts
import Foundation
import Testing

@Suite("A base model that is damaged, or that training breaks")
struct BaseModelTests {
  struct Damage: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let message: String
    let apply: @Sendable (inout SafetensorsFile) throws -> Void

    init(_ description: String, _ message: String, _ apply: @escaping @Sendable (inout SafetensorsFile) throws -> Void) {
      testDescription = description
      self.message = message
      self.apply = apply
    }
  }

  private static let unsound = #"model.safetensors: not a sound safetensors file: "#

  @Test("a damaged base is refused by name, with what is wrong with it, and nothing is cached for it",
    arguments: [
      Damage("no bytes", unsound + "0 bytes are too few for a header") { $0.bytes = Data() },
      Damage("a header without end", unsound + "the header claims 18446744073709551615 bytes") { $0.bytes.replaceSubrange(0..<8, with: [UInt8](repeating: 255, count: 8)) },
      Damage("a header that is no JSON", unsound + "at byte 0 of the header, expected {") { $0.bytes[$0.bytes.startIndex + 8] = UInt8(ascii: "x") },
      Damage("cut off", unsound + "the last 5 bytes of the tensors are missing") { $0.bytes.removeLast(5) },
      Damage("a hole at the end", unsound + "8 bytes follow the last tensor") { $0.bytes += Data(count: 8) },
      Damage("an overlap", unsound + #"tensor "model.layers.0.input_layernorm.weight" overlaps "model.embed_tokens.weight""#) { file in
        try file.editHeader { header in
          guard case .object(var tensor)? = header["model.layers.0.input_layernorm.weight"], let range = tensor["data_offsets"]?.array else { return }
          tensor["data_offsets"] = .array(range.compactMap(\.integer).map { .integer($0 - 4) })
          header["model.layers.0.input_layernorm.weight"] = .object(tensor)
        }
      },
      Damage("a tensor that is missing", #"tensor "model.norm.weight""#) { file in
        try file.editHeader { header in header["model.other.weight"] = header.removeValue(forKey: "model.norm.weight") }
      },
      Damage("a tensor of another shape", #"tensor "model.norm.weight" has the shape [1, 32], and the configuration asks for [32]"#) { file in
        try file.editHeader { header in
          guard case .object(var tensor)? = header["model.norm.weight"] else { return }
          tensor["shape"] = [1, 32]
          header["model.norm.weight"] = .object(tensor)
        }
      },
      Damage("a NaN", unsound + #"tensor "model.embed_tokens.weight" has a NaN or an infinity at element 0"#) { file in
        file.replaceWeights { $0 == 0 ? .nan : $1 }
      },
    ])
  func damaged(_ damage: Damage) throws {
    try withBase { tool in
      var file = SafetensorsFile(bytes: try tool.read("models/small/model.safetensors"))
      try damage.apply(&file)
      try tool.write(file.bytes, to: "models/small/model.safetensors")
      let outcome = try tool.build("-j", "1")
      outcome.expectFailure(1, #"score.base: base "models/small": "# + damage.message)
      #expect(try tool.must("status", "recipes/voice.yaml").output.contains("run   train.talk-lora.1"))
    }
  }

  @Test("a base without one of its files", arguments: ["config.json", "model.safetensors", "tokenizer.json"])
  func missingFile(name: String) throws {
    try withBase { tool in
      try tool.remove("models/small/\(name)")
      try tool.build("-j", "1").expectFailure(1, #"score.base: base "models/small": \#(name): the file is missing"#)
    }
  }

  @Test("a training whose numbers run away says where, is recorded and done, and makes no Soul")
  func notFinite() throws {
    try withBase { tool in
      var file = SafetensorsFile(bytes: try tool.read("models/small/model.safetensors"))
      file.replaceWeights { $1 * 1e30 }
      try tool.write(file.bytes, to: "models/small/model.safetensors")
      let outcome = try tool.build("-j", "1", "--set", "train.talk-lora.optimizer.learning-rate=10")
      #expect(outcome.status != 0)
      let words = try Regex(#"train\.talk-lora\.1: diverged after \d+ steps: .*tensor "base_model\.model\..*weight" is not a finite number; this candidate is out"#)
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
      #expect(!(try tool.must("status", "recipes/voice.yaml", "--set", "train.talk-lora.optimizer.learning-rate=10").output.contains("run   train.talk-lora.1")))
      #expect(!tool.exists("out/voice-1.0.0.soul"))
    }
  }

  @Test("a training that makes nothing better makes no Soul: exit code 4, with both losses")
  func noWinner() throws {
    try Tool.inBuiltProject { tool in
      try tool.remove("out")
      let outcome = try tool.run("build", "recipes/base.yaml", "--threads", "1", "--set", "train.base.optimizer.learning-rate=10", "--set", "train.base.optimizer.schedule=constant")
      outcome.expectFailure(4, "select: no candidate is better on the holdout by 1/1000 nats a token: the best has ", hint: "train longer")
      #expect(!tool.exists("out"))
    }
  }

  /// The voice over a model folder, which is damaged next.
  private func withBase(_ body: (Tool) throws -> Void) throws {
    try Tool.inBuiltProject { tool in
      try tool.must("build", "recipes/base.yaml", "--threads", "1")
      try tool.must("unpack", "out/small-base-0.1.0.soul", "models/small")
      // With it, a file that is changed is one that the Soul does not name.
      try tool.remove("models/small/soul.json")
      try tool.edit("recipes/voice.yaml", "{ recipe: recipes/base.yaml }", "{ path: models/small }")
      try tool.remove("out")
      try body(tool)
    }
  }
}

/// The bytes of a safetensors file, taken apart by the format's own rule: eight bytes of length, a JSON header, the tensors.
struct SafetensorsFile {
  var bytes: Data

  private var headerEnd: Int { 8 + bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) } }

  mutating func editHeader(_ edit: (inout [String: JSONValue]) -> Void) throws {
    var header = try JSONValue(parsing: Data(bytes[8..<headerEnd])).object ?? [:]
    edit(&header)
    var text = JSONValue.object(header).canonical
    text += Data(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    bytes = length + text + bytes[headerEnd...]
  }

  /// Gives each 32-bit weight, by its number, another value.
  mutating func replaceWeights(_ value: (Int, Float) -> Float) {
    let start = headerEnd
    bytes.withUnsafeMutableBytes { all in
      for (index, offset) in stride(from: start, to: all.count, by: 4).enumerated() {
        let old = Float(bitPattern: UInt32(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        all.storeBytes(of: value(index, old).bitPattern.littleEndian, toByteOffset: offset, as: UInt32.self)
      }
    }
  }
}
