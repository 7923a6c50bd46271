package import Artifacts
package import Foundation
internal import Hashing

/// A base model as Hugging Face lays it out: `config.json` and `model.safetensors`, or shards and their index, each file a value in a dictionary from its path.
package struct ModelFolder: Sendable {
  package static let weightsFileName = "model.safetensors"

  package let configuration: ModelConfiguration
  /// Exactly the tensors of the configuration, in name order, every number finite.
  package let tensors: [Tensor]

  package init(configuration: ModelConfiguration, tensors: [Tensor]) throws(ModelError) {
    self.configuration = configuration
    // Every layer has tensors: a configuration that claims more layers than that is refused before they are all named.
    guard configuration.layerCount <= tensors.count else { throw .missingTensor(TensorShape.inputNorm(layer: tensors.count)) }
    self.tensors = try TensorShape.check(tensors, against: TensorShape.model(configuration))
    try refuseNonFinite(self.tensors, file: Self.weightsFileName)
  }

  /// Reads the configuration and the weights; other files (tokenizer, generation settings) are not looked at.
  package init(files: [String: Data]) throws(ModelError) {
    guard let configuration = files[ModelConfiguration.fileName] else { throw .missingFile(ModelConfiguration.fileName) }
    let parsed = try ModelConfiguration(parsing: configuration)
    try self.init(configuration: parsed, tensors: try Self.withoutCopies(try Self.allTensors(files), parsed))
  }

  /// One file is looked for first, as transformers does.
  private static func allTensors(_ files: [String: Data]) throws(ModelError) -> [Tensor] {
    guard files[weightsFileName] == nil, let index = files[ShardIndex.fileName] else { return try readTensors(files, weightsFileName) }
    return try ShardIndex(parsing: index).tensors(of: files)
  }

  /// Some writers store what follows from the rest: the tied head a second time, and the rotary frequencies of old Llamas, which readers
  /// recompute. A head that is not the embedding contradicts the configuration.
  private static func withoutCopies(_ tensors: [Tensor], _ configuration: ModelConfiguration) throws(ModelError) -> [Tensor] {
    var kept = tensors.filter { !$0.name.hasSuffix(".rotary_emb.inv_freq") }
    guard configuration.tiesEmbeddings, let head = kept.firstIndex(where: { $0.name == TensorShape.head }) else { return kept }
    let embedding = kept.first { $0.name == TensorShape.embedding }
    guard embedding?.shape == kept[head].shape, embedding?.dataDigest == kept[head].dataDigest else { throw .untiedHead }
    kept.remove(at: head)
    return kept
  }

  package var files: [String: Data] {
    [ModelConfiguration.fileName: configuration.file, Self.weightsFileName: TensorFile.write(tensors)]
  }

  /// Of the numbers in memory: two for each of a file in bfloat16, else four.
  package var byteCount: Int { tensors.reduce(0) { $0 + $1.numbers.byteCount } }

  package subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  /// The Merkle root over the tensors in name order, each by its name, shape and float32 bytes: the same for F32, BF16 and sharded
  /// files of equal numbers.
  package var root: Digest {
    MerkleTree.root(
      of: tensors.map { tensor in
        Digest(hashing: ["name": .string(tensor.name), "shape": .array(tensor.shape.map { .integer(Int64($0)) }), "data": .digest(tensor.dataDigest)])
      })
  }
}

extension Tensor {
  /// SHA-256 of the float32 numbers, little-endian.
  var dataDigest: Digest {
    var hasher = SHA256()
    values.withUnsafeBytes { hasher.update($0) }
    return hasher.finalize()
  }
}

func readTensors(_ files: [String: Data], _ name: String) throws(ModelError) -> [Tensor] {
  guard let file = files[name] else { throw .missingFile(name) }
  do {
    return try TensorFile.read(file)
  } catch {
    throw .badTensors(file: name, error)
  }
}

func refuseNonFinite(_ tensors: [Tensor], file: String) throws(ModelError) {
  for tensor in tensors {
    guard let index = tensor.firstNonFiniteIndex else { continue }
    throw .badTensors(file: file, TensorFileError(.notFinite(tensor: tensor.name, index: index)))
  }
}
