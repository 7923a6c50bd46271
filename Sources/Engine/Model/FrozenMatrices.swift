/// The matrices of a base as products read them, each laid out once however many transformers compute with them: a base with and without an adapter, one
/// thread at a time.
final class FrozenMatrices {
  let layout: FrozenLayout
  private let room = WideningRoom()
  private var weights: [String: Weight] = [:]

  init(_ layout: FrozenLayout) { self.layout = layout }

  func weight(_ tensor: Tensor, outputs: Int, inputs: Int, passesGradients: Bool, pool: KernelPool) -> Weight {
    if let known = weights[tensor.name] { return known }
    let weight = Weight(
      frozen: tensor.numbers, outputs: outputs, inputs: inputs, layout: layout, passesGradients: passesGradients, room: room, pool: pool)
    weights[tensor.name] = weight
    return weight
  }
}
