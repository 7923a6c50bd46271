internal import Artifacts
internal import Foundation

/// `model.safetensors.index.json`: which file of a model that is cut into several holds which tensor.
///
/// Index and shards must say the same: every tensor of every shard is in the index, at that shard, and the other way round. Then there is one
/// reading, whichever of the two somebody trusts.
struct ShardIndex {
  static let fileName = "model.safetensors.index.json"

  /// The file of each tensor.
  let places: [String: String]

  init(parsing bytes: Data) throws(ModelError) {
    let reader = try ConfigurationReader(file: Self.fileName, bytes: bytes)
    guard let map = reader.members["weight_map"]?.object, !map.isEmpty else { throw .missingField(file: reader.file, field: "weight_map") }
    var places: [String: String] = [:]
    for (tensor, value) in map {
      guard let shard = value.string else { throw .missingField(file: reader.file, field: "weight_map." + quotedName(tensor)) }
      guard Self.isPlain(shard) else { throw .shardOutsideFolder(shard) }
      places[tensor] = shard
    }
    self.places = places
  }

  /// A file beside the index: no folder, no way up, no root.
  private static func isPlain(_ name: String) -> Bool {
    name.hasSuffix(".safetensors") && !name.contains("/") && !name.contains("\\") && !name.hasPrefix(".") && !name.contains("\0")
  }

  func tensors(of files: [String: Data]) throws(ModelError) -> [Tensor] {
    var tensors: [Tensor] = []
    for shard in Set(places.values).sorted() {
      guard files[shard] != nil else { throw .missingShard(shard) }
      let found = try readTensors(files, shard)
      if let stray = found.first(where: { places[$0.name] != shard }) { throw .unindexedTensor(stray.name, shard: shard) }
      let names = Set(found.map(\.name))
      if let absent = places.filter({ $0.value == shard && !names.contains($0.key) }).keys.min() { throw .tensorNotInShard(absent, shard: shard) }
      tensors += found
    }
    return tensors
  }
}

// MARK: - Writing

extension ShardIndex {
  /// As `transformers` names them, counted from 1.
  static func fileName(_ number: Int, of count: Int) -> String { String(format: "model-%05d-of-%05d.safetensors", number, count) }

  /// The index of shards that hold these tensors.
  static func file(of shards: [[String]], byteCount: Int) -> Data {
    let places = shards.enumerated().flatMap { index, names in names.map { ($0, JSONValue.string(fileName(index + 1, of: shards.count))) } }
    let document: JSONValue = [
      "metadata": ["total_size": .integer(Int64(byteCount))], "weight_map": .object(Dictionary(uniqueKeysWithValues: places)),
    ]
    return Data(document.pretty.utf8)
  }
}
