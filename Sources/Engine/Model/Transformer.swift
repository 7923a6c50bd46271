internal import CKernels

/// A model of one of the engine's families, ready to be computed: losses of a ragged batch, and the gradients of what is trained.
///
/// Contract of the whole, beside the operators' own: a product's output is one chain; token reductions are one chain in (example,
/// token) order that a second call continues; the embedding's two uses, where tied, keep a sum each, added in `finishGradients`.
final class Transformer {
  enum Purpose {
    case inference
    case trainingAdapter
    case trainingEverything
  }

  let configuration: ModelConfiguration
  let pool: KernelPool
  /// What is trained: the adapter's tensors, or all. In inference, the adapter's values.
  let parameters: ParameterBlock
  let layers: [DecoderLayer]
  let layerSlots: [LayerSlots]
  let scratch: ScratchSlots
  let arena: RowArena
  let rotary: RotaryTables
  let head: LanguageHead
  /// For another transformer on the same base.
  let frozen: FrozenMatrices
  private let embedding: EmbeddingTable
  private let purpose: Purpose
  private let dropout: AdapterDropout?
  /// Only while gradients are taken.
  private var isDropping = false
  private let activations: Activations

  /// `frozen`: the base's matrices, of this transformer alone or of others on the same base that are for the same purpose.
  init(
    base: ModelFolder, adapter: AdapterFolder?, purpose: Purpose, dropout: AdapterDropout? = nil, frozen: FrozenMatrices,
    activations: Activations = .kept, pool: KernelPool
  ) throws(ModelError) {
    try adapter?.check(against: base.configuration)
    let builder = TransformerBuilder(base: base, adapter: adapter, purpose: purpose, frozen: frozen, pool: pool)
    self.frozen = frozen
    configuration = base.configuration
    self.pool = pool
    self.purpose = purpose
    self.dropout = dropout
    self.activations = activations
    parameters = builder.parameters
    embedding = builder.embedding()
    head = builder.head(embedding)
    layers = (0..<configuration.layerCount).map { builder.layer($0) }
    rotary = RotaryTables(configuration)
    let slots = PassLayout(configuration, AdapterWidths(adapter?.configuration, drops: dropout != nil), purpose == .inference ? nil : activations)
    layerSlots = slots.layers
    scratch = slots.scratch
    arena = RowArena(slots.layout)
  }

  /// Makes room for a batch, so that the layers' passes allocate no activations.
  func reserve(tokens: Int, positions: Int) {
    arena.reserve(tokens: tokens)
    rotary.reserve(positions: positions, pool: pool)
  }

  /// Gives that room back, and the head's: the next batch makes it anew.
  func release() {
    arena.release()
    head.release()
  }

  /// The negative log-likelihood of every supervised token, in nats, in the batch's order. Nothing is left out, whatever training leaves out.
  func losses(_ batch: RaggedBatch) -> [Float] {
    head.losses(forward(batch), batch, pool: pool)
  }

  /// The same as training sees them, and the gradients of their sum over `divisor`, added to what the gradients hold.
  func accumulateGradients(_ batch: RaggedBatch, divisor: Int) -> [Float] {
    isDropping = true
    defer { isDropping = false }
    let final = forward(batch)
    let losses = head.lossesAndGradient(final, batch, divisor: divisor, into: arena[scratch.stream], pool: pool)
    let pass = pass(batch)
    let trainsEmbedding = purpose == .trainingEverything
    for index in layers.indices.reversed() {
      recompute(index, pass)
      layers[index].backward(layerSlots[index], reachesInput: index > 0 || trainsEmbedding, pass)
    }
    if trainsEmbedding { embedding.accumulateGradient(arena[scratch.stream], batch.tokens, pool: pool) }
    return losses
  }

  /// Brings back what the backward pass of this layer reads. The last layer's is still there. The layer's result goes once more where it
  /// went in the forward pass, and is the same.
  private func recompute(_ index: Int, _ pass: LayerPass) {
    guard activations == .recomputed, index < layers.count - 1 else { return }
    layers[index].forward(layerSlots[index], into: output(of: index), pass)
  }

  func clearGradients() {
    parameters.gradients.clear()
    embedding.clearGradient()
  }

  /// Adds up the sites of parameters that are used twice. Once, after the last batch of a step.
  func finishGradients() { embedding.addSites(pool: pool) }

  func pass(_ batch: RaggedBatch) -> LayerPass {
    LayerPass(
      configuration: configuration, arena: arena, scratch: scratch, rotary: rotary, batch: batch,
      dropout: !isDropping ? nil : dropout.map { DropoutPass($0, batch, room: arena[scratch.dropped]) }, pool: pool)
  }

  /// The residual stream after the last layer [tokens × hidden].
  func forward(_ batch: RaggedBatch) -> UnsafeMutablePointer<Float> {
    reserve(tokens: batch.rowCount, positions: batch.positionCount)
    embed(batch)
    let pass = pass(batch)
    for index in layers.indices { layers[index].forward(layerSlots[index], into: output(of: index), pass) }
    return arena[scratch.final]
  }

  func embed(_ batch: RaggedBatch) {
    embedding.forward(batch.tokens, into: arena[layerSlots[0].input], pool: pool)
  }

  /// Where a layer's result goes: the next layer's input, or the end of the stream.
  func output(of layer: Int) -> UnsafeMutablePointer<Float> {
    arena[layer + 1 < layers.count ? layerSlots[layer + 1].input : scratch.final]
  }
}
