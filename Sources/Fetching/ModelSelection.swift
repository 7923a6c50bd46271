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

  /// A shard that the set of these must have besides. By its number: some sets count in wider numbers than they number by (`model-00001-of-000002`).
  private static func missingShard(among names: [String]) -> String? {
    guard let first = names.first, let parts = first.wholeMatch(of: /model-([0-9]+)-of-([0-9]+)\.safetensors/), let count = Int(parts.2), count <= 10_000 else { return nil }
    let numbers = Set(names.compactMap { $0.firstMatch(of: /model-([0-9]+)-/).flatMap { Int($0.1) } })
    guard let missing = (1...count).first(where: { !numbers.contains($0) }) else { return nil }
    let digits = String(missing)
    return "model-" + String(repeating: "0", count: max(0, parts.1.count - digits.count)) + digits + "-of-\(parts.2).safetensors"
  }
}
