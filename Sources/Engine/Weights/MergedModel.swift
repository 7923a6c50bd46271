internal import CKernels

extension ModelFolder {
  /// The base with an adapter folded in, so that a child can name a Soul as its base: each adapted element is one chain over the rank,
  /// W[i, j] + Σ (s·B[i, p])·A[p, j], begun at W. Rounded to float32 once where the adapter's own path rounds per token: close to it, not equal.
  package func merging(_ adapter: AdapterFolder, threads: Int) throws(ModelError) -> ModelFolder {
    try adapter.check(against: configuration)
    let pool = KernelPool(threads: threads)
    let parts = Dictionary(uniqueKeysWithValues: adapter.tensors.map { ($0.name, $0) })
    let scale = engine_adapter_scale(adapter.configuration.alpha, adapter.configuration.rank, adapter.configuration.isRankStabilized)
    var merged = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    for layer in 0..<configuration.layerCount {
      for projection in adapter.configuration.targets {
        let name = TensorShape.weight(projection, layer: layer)
        guard let weight = merged[name], let a = parts[TensorShape.loraA(projection, layer: layer)],
          let b = parts[TensorShape.loraB(projection, layer: layer)]
        else { preconditionFailure("both folders were checked") }
        merged[name] = Self.merge(weight, a: a, b: b, scale: scale, pool: pool)
      }
    }
    return try ModelFolder(configuration: configuration, tensors: Array(merged.values))
  }

  private static func merge(_ weight: Tensor, a: Tensor, b: Tensor, scale: Float, pool: KernelPool) -> Tensor {
    let (outputs, inputs, rank) = (weight.shape[0], weight.shape[1], a.shape[0])
    let (product, scaledB, right) = (FloatBuffer(weight.values), FloatBuffer(b.values), FloatBuffer(a.values))
    ck_scale(pool.handle, scaledB.count, scaledB.start, scale, scaledB.start)
    pool.multiply(
      outputs, inputs, rank, .rows(scaledB.start, stride: rank), .rows(right.start, stride: inputs),
      into: MatrixRows(start: product.start, stride: inputs), accumulate: true)
    return Tensor(name: weight.name, shape: weight.shape, values: product.values(at: 0, count: product.count))
  }
}
