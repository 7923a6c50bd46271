/// A tensor that a model or an adapter must have.
struct TensorShape: Hashable, Sendable {
  let name: String
  let shape: [Int]

  var count: Int { shape.reduce(1, *) }
}

extension TensorShape {
  static let embedding = "model.embed_tokens.weight"
  static let head = "lm_head.weight"
  static let finalNorm = "model.norm.weight"
  static func inputNorm(layer: Int) -> String { "model.layers.\(layer).input_layernorm.weight" }
  static func postAttentionNorm(layer: Int) -> String { "model.layers.\(layer).post_attention_layernorm.weight" }
  static func queryNorm(layer: Int) -> String { "model.layers.\(layer).self_attn.q_norm.weight" }
  static func keyNorm(layer: Int) -> String { "model.layers.\(layer).self_attn.k_norm.weight" }
  static func weight(_ projection: Projection, layer: Int) -> String { projection.path(layer: layer) + ".weight" }
  static func bias(_ projection: Projection, layer: Int) -> String { projection.path(layer: layer) + ".bias" }

  /// Everything that a model of this configuration holds, in name order.
  static func model(_ configuration: ModelConfiguration) -> [TensorShape] {
    let vocabulary = [configuration.vocabularySize, configuration.hiddenSize]
    var shapes = [TensorShape(name: embedding, shape: vocabulary), TensorShape(name: finalNorm, shape: [configuration.hiddenSize])]
    if !configuration.tiesEmbeddings { shapes.append(TensorShape(name: head, shape: vocabulary)) }
    for layer in 0..<configuration.layerCount {
      shapes.append(TensorShape(name: inputNorm(layer: layer), shape: [configuration.hiddenSize]))
      shapes.append(TensorShape(name: postAttentionNorm(layer: layer), shape: [configuration.hiddenSize]))
      for projection in Projection.allCases {
        let (outputs, inputs) = projection.shape(in: configuration)
        shapes.append(TensorShape(name: weight(projection, layer: layer), shape: [outputs, inputs]))
        if configuration.biases.contains(projection) { shapes.append(TensorShape(name: bias(projection, layer: layer), shape: [outputs])) }
      }
      guard configuration.family.normsHeads else { continue }
      shapes.append(TensorShape(name: queryNorm(layer: layer), shape: [configuration.headDimension]))
      shapes.append(TensorShape(name: keyNorm(layer: layer), shape: [configuration.headDimension]))
    }
    return shapes.inNameOrder
  }

  static func loraA(_ projection: Projection, layer: Int) -> String { "base_model.model.\(projection.path(layer: layer)).lora_A.weight" }
  static func loraB(_ projection: Projection, layer: Int) -> String { "base_model.model.\(projection.path(layer: layer)).lora_B.weight" }

  /// Everything that an adapter on these targets holds, in name order.
  static func adapter(_ configuration: ModelConfiguration, rank: Int, targets: Set<Projection>) -> [TensorShape] {
    (0..<configuration.layerCount).flatMap { layer in
      targets.flatMap { projection in
        let (outputs, inputs) = projection.shape(in: configuration)
        return [
          TensorShape(name: loraA(projection, layer: layer), shape: [rank, inputs]),
          TensorShape(name: loraB(projection, layer: layer), shape: [outputs, rank]),
        ]
      }
    }.inNameOrder
  }

  /// Refuses tensors that are missing, more than asked for, or of another shape. Gives them in name order.
  static func check(_ tensors: [Tensor], against shapes: [TensorShape]) throws(ModelError) -> [Tensor] {
    var found: [String: Tensor] = [:]
    for tensor in tensors { found[tensor.name] = tensor }
    var checked: [Tensor] = []
    for expected in shapes {
      guard let tensor = found.removeValue(forKey: expected.name) else { throw .missingTensor(expected.name) }
      guard tensor.shape == expected.shape else {
        throw .wrongShape(tensor: expected.name, expected: expected.shape, found: tensor.shape)
      }
      checked.append(tensor)
    }
    if let extra = found.keys.min() { throw .unexpectedTensor(extra) }
    return checked
  }
}

extension Sequence<TensorShape> {
  var inNameOrder: [TensorShape] { sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } }
}
