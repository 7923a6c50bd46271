internal import Artifacts
internal import Curation
internal import Engine
internal import Foundation
internal import Recipes

/// How many tokens of the recipe's base the kept records are, as training would see them: with the marks of turns, and before anything is cut to a
/// context.
struct TokenCount {
  let total: Int
  let lengths: LengthDistribution

  /// Nil where the base is no folder: that of a hub may not be here yet, nor another recipe's model, and a new model's tokenizer is trained on these very
  /// records.
  static func of(_ dataset: StoredDataset, base: Base, in root: URL) async throws -> TokenCount? {
    guard case .path(let path) = base else { return nil }
    let folder = URL(filePath: path, relativeTo: root)
    func file(_ name: String) -> Data? { FileManager.default.contents(atPath: folder.appending(path: name).path) }
    guard let tokenizer = file("tokenizer.json") else { return nil }
    let format = try ChatFormat(
      tokenizer: try TokenizerFile.read(tokenizer), tokenizerConfig: file("tokenizer_config.json"), templateFile: file("chat_template.jinja"))
    return try await TokenCount(try dataset.records(), format)
  }

  private init(_ records: [DatasetRecord], _ format: ChatFormat) async throws {
    let width = 512
    let lengths = try await withThrowingTaskGroup(of: [Int].self) { group in
      for start in stride(from: 0, to: records.count, by: width) {
        let slice = records[start..<min(start + width, records.count)]
        group.addTask {
          var cache = PieceCache()
          return try slice.map { try TokenCount.tokens(of: $0.content, format, &cache) }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    total = lengths.reduce(0, +)
    self.lengths = LengthDistribution(lengths)
  }

  private static func tokens(of content: DatasetRecord.Content, _ format: ChatFormat, _ cache: inout PieceCache) throws -> Int {
    switch content {
    case .messages(let messages): try format.encode(messages, cache: &cache).tokens.count
    case .text(let text): format.encode(text: text, cache: &cache).count
    // The base's template has no form for these: what is said in them.
    case .toolUse, .preference, .judged: content.texts { _ in true }.reduce(0) { $0 + format.tokenizer.encodeOrdinary($1, cache: &cache).count }
    }
  }

  /// For `--json`.
  var canonical: JSONValue {
    [
      "total": .integer(Int64(total)), "shortest": .integer(Int64(lengths.shortest)), "median": .integer(Int64(lengths.median)),
      "longest": .integer(Int64(lengths.longest)),
      "bins": .array(
        lengths.bins.map { bin in
          ["from": .integer(Int64(bin.range.lowerBound)), "to": .integer(Int64(bin.range.upperBound)), "records": .integer(Int64(bin.count))]
        }),
    ]
  }
}
