/// How many numbers per token sH has for each group of maps: the rank for each adapted map.
struct AdapterWidths {
  let attention: Int
  let output: Int
  let feed: Int
  let down: Int
  /// Something of the inputs is left out.
  let drops: Bool

  init(rank: Int, targets: Set<Projection>, drops: Bool) {
    attention = rank * targets.intersection([.query, .key, .value]).count
    output = rank * targets.intersection([.output]).count
    feed = rank * targets.intersection([.gate, .up]).count
    down = rank * targets.intersection([.down]).count
    self.drops = drops
  }

  init(_ adapter: AdapterConfiguration?, drops: Bool = false) {
    self.init(rank: adapter?.rank ?? 0, targets: Set(adapter?.targets ?? []), drops: drops)
  }

  var largest: Int { max(attention, output, feed, down) }
}

/// The slots of a whole pass.
struct PassLayout {
  private(set) var layout = RowLayout()
  let layers: [LayerSlots]
  let scratch: ScratchSlots

  /// Without activations, in inference, nothing is kept for a backward pass, so that all layers share their slots.
  init(_ configuration: ModelConfiguration, _ widths: AdapterWidths, _ activations: Activations?) {
    var layout = RowLayout()
    let first = LayerSlots(configuration, widths, in: &layout)
    var layers = [first]
    while layers.count < configuration.layerCount {
      switch activations {
      case nil: layers.append(first)
      case .recomputed: layers.append(first.reading(layout.take(configuration.hiddenSize)))
      case .kept: layers.append(LayerSlots(configuration, widths, in: &layout))
      }
    }
    self.layers = layers
    scratch = ScratchSlots(configuration, widths, isTraining: activations != nil, in: &layout)
    self.layout = layout
  }
}

/// Where one layer keeps what its backward pass needs: numbers per token. What one pass over kept numbers gives, the normed streams and the activated
/// gate, is not kept: it is a third of all, and making it again costs less than a hundredth of the products that read it.
struct LayerSlots {
  /// The residual stream before the layer [hidden].
  private(set) var input: RowSlot
  let inputScale: RowSlot
  /// Query, key and value side by side, the first two turned by their positions.
  let queryKeyValue: RowSlot
  /// Query and key as projected, and the factor of each of their heads: of no width where heads are not normed.
  let projectedQueryKey: RowSlot
  let queryScales: RowSlot
  let keyScales: RowSlot
  let attended: RowSlot
  let maxima: RowSlot
  let reciprocals: RowSlot
  /// The residual stream after attention [hidden].
  let middle: RowSlot
  let middleScale: RowSlot
  let gate: RowSlot
  let up: RowSlot
  let attentionHidden: RowSlot
  let outputHidden: RowSlot
  let feedHidden: RowSlot
  let downHidden: RowSlot

  init(_ configuration: ModelConfiguration, _ widths: AdapterWidths, in layout: inout RowLayout) {
    let hidden = configuration.hiddenSize
    let queries = configuration.headCount * configuration.headDimension
    let keys = configuration.keyValueHeadCount * configuration.headDimension
    input = layout.take(hidden)
    inputScale = layout.take(1)
    queryKeyValue = layout.take(queries + 2 * keys)
    let normsHeads = configuration.family.normsHeads
    projectedQueryKey = layout.take(normsHeads ? queries + keys : 0)
    queryScales = layout.take(normsHeads ? configuration.headCount : 0)
    keyScales = layout.take(normsHeads ? configuration.keyValueHeadCount : 0)
    attended = layout.take(queries)
    maxima = layout.take(configuration.headCount)
    reciprocals = layout.take(configuration.headCount)
    middle = layout.take(hidden)
    middleScale = layout.take(1)
    gate = layout.take(configuration.intermediateSize)
    up = layout.take(configuration.intermediateSize)
    attentionHidden = layout.take(widths.attention)
    outputHidden = layout.take(widths.output)
    feedHidden = layout.take(widths.feed)
    downHidden = layout.take(widths.down)
  }

  /// A layer that shares all else with this one.
  func reading(_ input: RowSlot) -> LayerSlots {
    var other = self
    other.input = input
    return other
  }
}

/// What a pass uses and forgets within a layer.
struct ScratchSlots {
  /// The residual stream after the last layer [hidden].
  let final: RowSlot
  /// d of the residual stream [hidden].
  let stream: RowSlot
  /// A branch's output before it is added, or its input's gradient [hidden].
  let branch: RowSlot
  /// The normed stream that a branch reads [hidden].
  let normed: RowSlot
  /// silu(gate) · up [intermediate].
  let activated: RowSlot
  /// d of what a layer keeps under these names, and of `activated`.
  let queryKeyValue: RowSlot
  let attended: RowSlot
  let activatedGradient: RowSlot
  let hidden: RowSlot
  /// An adapter's input of which something was left out, of the widest map.
  let dropped: RowSlot

  init(_ configuration: ModelConfiguration, _ widths: AdapterWidths, isTraining: Bool, in layout: inout RowLayout) {
    let queries = configuration.headCount * configuration.headDimension
    let keys = configuration.keyValueHeadCount * configuration.headDimension
    final = layout.take(configuration.hiddenSize)
    branch = layout.take(configuration.hiddenSize)
    normed = layout.take(configuration.hiddenSize)
    activated = layout.take(configuration.intermediateSize)
    stream = layout.take(isTraining ? configuration.hiddenSize : 0)
    queryKeyValue = layout.take(isTraining ? queries + 2 * keys : 0)
    attended = layout.take(isTraining ? queries : 0)
    activatedGradient = layout.take(isTraining ? configuration.intermediateSize : 0)
    hidden = layout.take(isTraining ? widths.largest : 0)
    dropped = layout.take(isTraining && widths.drops ? max(configuration.hiddenSize, queries, configuration.intermediateSize) : 0)
  }
}
