internal import Artifacts
internal import CKernels
package import Foundation

/// A base with an adapter taken into its weights: a whole model, for programs that know no adapters.
///
/// An export and no training: what the engine itself computes goes through both (docs/numerics.md, section 14), and a merged model's results differ from it
/// by what the rounding of the sums takes away.
package struct MergedModel {
  /// The most bytes of a file of weights; a tensor that is larger is a file of its own.
  package static let usualShardByteCount: Int64 = 5_000_000_000

  private let base: ModelFolder
  private let adapter: [String: Tensor]
  private let scale: Float
  private let pool: KernelPool

  /// Refuses an adapter that does not fit the base.
  package init(base: ModelFolder, adapter: AdapterFolder, threads: Int) throws(ModelError) {
    try adapter.check(against: base.configuration)
    self.base = base
    self.adapter = Dictionary(uniqueKeysWithValues: adapter.tensors.map { ($0.name, $0) })
    scale = engine_adapter_scale(adapter.configuration.alpha, adapter.configuration.rank, adapter.configuration.isRankStabilized)
    pool = KernelPool(threads: threads)
  }

  /// Of which tensors each weights file is, in name order.
  private func shards(of byteLimit: Int64) -> [[Tensor]] {
    var shards: [[Tensor]] = []
    var byteCount: Int64 = 0
    for tensor in base.tensors {
      let own = Int64(tensor.count) * 4
      if shards.isEmpty || byteCount + own > byteLimit {
        shards.append([])
        byteCount = 0
      }
      shards[shards.count - 1].append(tensor)
      byteCount += own
    }
    return shards
  }

  /// Hands on the configuration and the weights, piece by piece, a file after the other. Every file is named as `transformers` names it.
  package func write(shardByteLimit: Int64 = usualShardByteCount, _ write: (_ file: String, _ piece: Data) throws -> Void) throws {
    try write(ModelConfiguration.fileName, base.configuration.file)
    let shards = shards(of: shardByteLimit)
    guard shards.count > 1 else { return try self.write(base.tensors, to: ModelFolder.weightsFileName, write) }
    for (index, tensors) in shards.enumerated() { try self.write(tensors, to: ShardIndex.fileName(index + 1, of: shards.count), write) }
    try write(ShardIndex.fileName, ShardIndex.file(of: shards.map { $0.map(\.name) }, byteCount: base.tensors.reduce(0) { $0 + $1.count * 4 }))
  }

  private func write(_ tensors: [Tensor], to file: String, _ write: (String, Data) throws -> Void) throws {
    try write(file, TensorFile.opening(of: tensors))
    for tensor in tensors {
      let merged = merged(tensor)
      if let index = merged.firstNonFiniteIndex { throw ModelError.badTensors(file: file, TensorFileError(.notFinite(tensor: tensor.name, index: index))) }
      try write(file, merged.values.withUnsafeBytes { Data($0) })
    }
  }

  /// W + s·(B·A), each of the three rounded on its own; what has no adapter as it is.
  private func merged(_ weight: Tensor) -> Tensor {
    guard let a = adapter[Self.name("A", of: weight)], let b = adapter[Self.name("B", of: weight)] else { return weight }
    let (outputs, inputs, rank) = (weight.shape[0], weight.shape[1], a.shape[0])
    let sum = FloatBuffer(uninitializedCount: weight.count)
    b.values.withStart { b in
      a.values.withStart { a in
        pool.multiply(
          outputs, inputs, rank, .rows(b, stride: rank), .rows(a, stride: inputs), into: MatrixRows(start: sum.start, stride: inputs), accumulate: false)
      }
    }
    ck_scale(pool.handle, sum.count, sum.start, scale, sum.start)
    weight.values.withStart { ck_add(pool.handle, sum.count, $0, sum.start, sum.start) }
    return Tensor(name: weight.name, shape: weight.shape, values: sum.values(at: 0, count: sum.count))
  }

  /// What PEFT calls the adapter's part for this weight.
  private static func name(_ part: String, of weight: Tensor) -> String {
    "base_model.model." + (weight.name.hasSuffix(".weight") ? weight.name.dropLast(".weight".count) : weight.name[...]) + ".lora_\(part).weight"
  }
}
