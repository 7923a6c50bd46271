import Foundation
import Testing

import Engine

/// Our half of `tools/judge-tokenizer.py`, which sets the variable, leaves tokenizers and strings in that folder, and compares what this
/// writes with what Hugging Face `tokenizers` says.
private let judgeFolder = ProcessInfo.processInfo.environment["SOULPACK_TOKENIZER_JUDGE"].map {
  URL(filePath: $0, directoryHint: .isDirectory)
}

@Suite("Tokenizer against the judge", .enabled(if: judgeFolder != nil, "run tools/judge-tokenizer.py"))
struct TextJudgeTests {
  @Test("every string of the judge is encoded, decoded, and comes back byte for byte")
  func answersJudge() throws {
    let folder = try #require(judgeFolder)
    try trainOurs(in: folder)
    let texts = try readBlocks(folder.appending(path: "strings.bin")).map { String(decoding: $0, as: UTF8.self) }
    let lists = try readBlocks(folder.appending(path: "lists.bin")).map(integers)
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.lastPathComponent.hasSuffix(".tokenizer.json") {
      let tokenizer = try TokenizerFile.read(Data(contentsOf: file))
      let clock = ContinuousClock()
      let seconds = try clock.measure {
        try answer(file, "encoded", texts.map { bytes(of: tokenizer.encode($0)) })
      }
      let marked = texts.filter { $0.utf8.contains(UInt8(ascii: "<")) }
      try answer(file, "ordinary", marked.map { bytes(of: tokenizer.encodeOrdinary($0)) })
      try answer(file, "decoded", lists.map { Array(tokenizer.decode($0).utf8) })
      #expect(lists.allSatisfy { streamed($0, by: tokenizer).utf8.elementsEqual(tokenizer.decode($0).utf8) })
      print("\(file.lastPathComponent): \(texts.count) strings, \(seconds)")
      if file.lastPathComponent.hasPrefix("ours") {
        #expect(texts.allSatisfy { tokenizer.decodeBytes(tokenizer.encodeOrdinary($0)) == Array($0.utf8) })
      }
      guard tokenizer.metaspace == nil else { continue }
      let rewritten = try TokenizerFile.read(TokenizerFile.canonical(of: tokenizer))
      #expect(texts.prefix(2000).allSatisfy { rewritten.encode($0) == tokenizer.encode($0) })
    }
  }

  private func streamed(_ ids: [Int32], by tokenizer: Tokenizer) -> String {
    var decoder = TokenDecoder(tokenizer)
    return ids.map { decoder.append($0) }.joined() + decoder.finish()
  }

  private func trainOurs(in folder: URL) throws {
    let corpus = try readBlocks(folder.appending(path: "corpus.bin")).map { String(decoding: $0, as: UTF8.self) }
    let kinds: [(String, PreTokenizer)] = [("gpt2", .gpt2), ("qwen2", .qwen2), ("llama3", .llama3), ("smollm2", .smolLM2)]
    for (name, preTokenizer) in kinds {
      let trainer = try TokenizerTrainer(vocabularySize: 4096, specialTokens: ChatFormat.specialTokens, preTokenizer: preTokenizer)
      var tokenizer: Tokenizer?
      let seconds = try ContinuousClock().measure { tokenizer = try trainer.train(on: corpus) }
      let trained = try #require(tokenizer)
      print("trained \(name): \(corpus.reduce(0) { $0 + $1.utf8.count }) bytes, \(trained.vocabularySize) tokens, \(seconds)")
      try TokenizerFile.canonical(of: trained).write(to: folder.appending(path: "ours-\(name).tokenizer.json"))
    }
  }

  // A block is a length (u32, little-endian) and as many bytes.

  private func readBlocks(_ url: URL) throws -> [[UInt8]] {
    let data = [UInt8](try Data(contentsOf: url))
    var blocks: [[UInt8]] = []
    var position = 0
    while position < data.count {
      let count = (0..<4).reduce(0) { $0 | Int(data[position + $1]) << (8 * $1) }
      blocks.append(Array(data[position + 4..<position + 4 + count]))
      position += 4 + count
    }
    return blocks
  }

  private func answer(_ file: URL, _ kind: String, _ blocks: [[UInt8]]) throws {
    var data = Data()
    for block in blocks {
      data.append(contentsOf: bytes(of: [Int32(block.count)]))
      data.append(contentsOf: block)
    }
    try data.write(to: file.deletingLastPathComponent().appending(path: file.lastPathComponent + "." + kind))
  }

  private func bytes(of values: [Int32]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * Int32($0))) } }
  }

  private func integers(_ bytes: [UInt8]) -> [Int32] {
    stride(from: 0, to: bytes.count, by: 4).map { start in (0..<4).reduce(0) { $0 | Int32(bytes[start + $1]) << (8 * Int32($1)) } }
  }
}
