// swift run -c release tokenizer-bench TEXTS TOKENIZER.json …
//
// How fast text becomes tokens, on one thread: what `run.py` beside this compares with Hugging Face `tokenizers`. TEXTS holds texts between
// NUL bytes. A line a tokenizer: CPU seconds to read it, CPU seconds to encode all texts once, how many tokens they are, and a digest of
// the ids, so that a comparison of speeds is one of the same work.
import Artifacts
import Engine
import Foundation
import Hashing

@main
struct TokenizerBench {
  static func main() throws {
    let paths = Array(CommandLine.arguments.dropFirst())
    guard paths.count > 1 else { throw Usage() }
    let texts = try Data(contentsOf: URL(filePath: paths[0])).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    for path in paths.dropFirst() {
      let bytes = try Data(contentsOf: URL(filePath: path))
      let start = clock()
      let tokenizer = try TokenizerFile.read(bytes)
      let read = clock()
      var cache = PieceCache()
      let ids = texts.map { tokenizer.encodeOrdinary($0, cache: &cache) }
      let encoded = clock()
      let digest = ids.withUnsafeBufferPointer { lists in
        Digest(hashing: lists.joined().flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * Int32($0))) } })
      }
      print(seconds(read - start), seconds(encoded - read), ids.reduce(0) { $0 + $1.count }, digest)
    }
  }

  private static func seconds(_ ticks: clock_t) -> Double { Double(ticks) / Double(CLOCKS_PER_SEC) }
}

struct Usage: Error, CustomStringConvertible {
  var description: String { "tokenizer-bench TEXTS TOKENIZER.json …" }
}
