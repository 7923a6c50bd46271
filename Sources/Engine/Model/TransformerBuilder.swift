internal import CKernels

/// Lays out the tensors of a base and an adapter as the passes read them.
struct TransformerBuilder {
  private let base: ModelFolder
  private let adapter: AdapterFolder?
  private let purpose: Transformer.Purpose
  private let frozen: FrozenMatrices
  private let pool: KernelPool
  private let tensors: [String: Tensor]
  let parameters: ParameterBlock

  init(base: ModelFolder, adapter: AdapterFolder?, purpose: Transformer.Purpose, frozen: FrozenMatrices, pool: KernelPool) {
    self.base = base
    self.frozen = frozen
    self.adapter = adapter
    self.purpose = purpose
    self.pool = pool
    tensors = Dictionary(uniqueKeysWithValues: base.tensors.map { ($0.name, $0) })
    if purpose == .trainingEverything {
      parameters = ParameterBlock(layout: TensorShape.model(base.configuration))
      parameters.set(base.tensors)
    } else {
      parameters = ParameterBlock(layout: adapter.map { Self.layout(of: $0, on: base.configuration) } ?? [])
      parameters.set(adapter?.tensors ?? [])
    }
  }

  /// The maps that share an input, in the order of their chains.
  private static let groups: [[Projection]] = [[.query, .key, .value], [.output], [.gate, .up], [.down]]

  /// The A of a group one below the other, then its B.
  private static func layout(of adapter: AdapterFolder, on configuration: ModelConfiguration) -> [TensorShape] {
    let shapes = Dictionary(uniqueKeysWithValues: adapter.shapes(on: configuration).map { ($0.name, $0) })
    return (0..<configuration.layerCount).flatMap { layer in
      groups.flatMap { group in
        group.compactMap { shapes[TensorShape.loraA($0, layer: layer)] } + group.compactMap { shapes[TensorShape.loraB($0, layer: layer)] }
      }
    }
  }

  func embedding() -> EmbeddingTable {
    if let trained = trained(TensorShape.embedding) { return EmbeddingTable(trained: trained, configuration: base.configuration) }
    return EmbeddingTable(frozen: tensor(TensorShape.embedding).numbers, configuration: base.configuration)
  }

  func head(_ embedding: EmbeddingTable) -> LanguageHead {
    let name = base.configuration.tiesEmbeddings ? TensorShape.embedding : TensorShape.head
    let weight = embedding.tiedHead ?? weight(name, outputs: base.configuration.vocabularySize, inputs: base.configuration.hiddenSize)
    return LanguageHead(norm: norm(TensorShape.finalNorm), weight: weight)
  }

  func layer(_ layer: Int) -> DecoderLayer {
    let groups = Self.groups.map { group($0, layer: layer) }
    return DecoderLayer(
      inputNorm: norm(TensorShape.inputNorm(layer: layer)), attention: groups[0], headNorms: headNorms(layer: layer), output: groups[1],
      middleNorm: norm(TensorShape.postAttentionNorm(layer: layer)), feed: groups[2], down: groups[3])
  }

  private func headNorms(layer: Int) -> HeadNorms? {
    guard base.configuration.family.normsHeads else { return nil }
    return HeadNorms(query: norm(TensorShape.queryNorm(layer: layer)), key: norm(TensorShape.keyNorm(layer: layer)))
  }

  private func group(_ projections: [Projection], layer: Int) -> LinearGroup {
    var column = 0
    var firstA: ParameterPointers?
    let members = projections.map { projection in
      let (outputs, inputs) = projection.shape(in: base.configuration)
      var slice: LinearGroup.AdapterSlice?
      if let adapter, let a = parameters[TensorShape.loraA(projection, layer: layer)], let b = parameters[TensorShape.loraB(projection, layer: layer)] {
        firstA = firstA ?? a
        slice = LinearGroup.AdapterSlice(b: b, column: column, module: AdapterDropout.module(projection, layer: layer))
        column += adapter.configuration.rank
      }
      return LinearGroup.Member(
        weight: weight(TensorShape.weight(projection, layer: layer), outputs: outputs, inputs: inputs), bias: bias(projection, layer: layer),
        adapter: slice)
    }
    return LinearGroup(inputs: projections[0].shape(in: base.configuration).inputs, members: members, stack: stack(firstA, width: column))
  }

  private func stack(_ a: ParameterPointers?, width: Int) -> LinearGroup.AdapterStack? {
    guard let adapter, let a else { return nil }
    let configuration = adapter.configuration
    let scale = engine_adapter_scale(configuration.alpha, configuration.rank, configuration.isRankStabilized)
    return LinearGroup.AdapterStack(a: a, rank: configuration.rank, width: width, scale: scale)
  }

  private func weight(_ name: String, outputs: Int, inputs: Int) -> Weight {
    if let trained = trained(name) {
      return Weight(trained: trained.values, gradient: trained.gradient, outputs: outputs, inputs: inputs)
    }
    return frozen.weight(tensor(name), outputs: outputs, inputs: inputs, passesGradients: purpose != .inference, pool: pool)
  }

  private func bias(_ projection: Projection, layer: Int) -> BiasWeight? {
    guard base.configuration.biases.contains(projection) else { return nil }
    let name = TensorShape.bias(projection, layer: layer)
    if let trained = trained(name) { return BiasWeight(trained: trained, outputs: projection.shape(in: base.configuration).outputs) }
    return BiasWeight(frozen: values(name))
  }

  private func norm(_ name: String) -> NormWeight {
    let epsilon = base.configuration.normEpsilon
    if let trained = trained(name) { return NormWeight(trained: trained, width: tensors[name]?.count ?? 0, epsilon: epsilon) }
    return NormWeight(frozen: values(name), epsilon: epsilon)
  }

  private func trained(_ name: String) -> ParameterPointers? { parameters[name] }

  private func values(_ name: String) -> [Float] { tensor(name).values }

  private func tensor(_ name: String) -> Tensor {
    guard let tensor = tensors[name] else { preconditionFailure("a checked folder has every tensor") }
    return tensor
  }
}
