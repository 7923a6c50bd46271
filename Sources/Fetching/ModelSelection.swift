internal import Artifacts

/// Which files of a repository make the model that the engine reads (docs/models.md, "Files"): never a second form of the weights, nor a program.
enum ModelSelection {
  private static let configuration = "config.json"
  private static let tokenizer = "tokenizer.json"
  private static let weights = "model.safetensors"
  private static let index = "model.safetensors.index.json"
  private static let optional = ["tokenizer_config.json", "chat_template.jinja"]

  /// Sorted. Throws the first that a model cannot be without.
  static func files(among names: [String], of model: HubReference) throws(FetchError) -> [String] {
    let present = Set(names)
    for name in [configuration, tokenizer] where !present.contains(name) { throw .notAModel(model, missing: name) }
    let isWhole = present.contains(weights)
    guard isWhole || present.contains(index) else { throw .notAModel(model, missing: weights) }
    let shards = isWhole ? [] : names.filter(isShard)
    guard isWhole || !shards.isEmpty else { throw .notAModel(model, missing: "shard beside its \(index)") }
    // Which of two sets the index means is not known before it is read, and twice the bytes are not fetched on a guess.
    guard Set(shards.compactMap { $0.firstMatch(of: /-of-[0-9]+/).map { String($0.0) } }).count <= 1 else {
      throw .notAModel(model, missing: "single set of shards")
    }
    if let shard = missingShard(among: shards) { throw .notAModel(model, missing: shard) }
    return ([configuration, tokenizer] + (isWhole ? [weights] : [index] + shards) + optional.filter(present.contains)).sorted()
  }

  /// `model-00001-of-00002.safetensors`, as the hub's libraries name them.
  private static func isShard(_ name: String) -> Bool {
    guard let match = name.wholeMatch(of: /model-([0-9]{5,})-of-([0-9]{5,})\.safetensors/), let number = Int(match.1), let count = Int(match.2) else { return false }
    return number >= 1 && number <= count
  }

  /// The shards that the set of this one must have besides.
  private static func missingShard(among names: [String]) -> String? {
    guard let any = names.first(where: isShard), let count = any.firstMatch(of: /-of-([0-9]+)\./).map({ $0.1 }), let number = Int(count), number <= 10_000 else { return nil }
    let width = count.count
    return (1...number).lazy.map { index in
      let digits = String(index)
      return "model-" + String(repeating: "0", count: max(0, width - digits.count)) + digits + "-of-\(count).safetensors"
    }.first { !names.contains($0) }
  }
}
