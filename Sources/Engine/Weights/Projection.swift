/// The seven linear maps of a decoder layer, by the names Hugging Face and PEFT give them.
package enum Projection: String, CaseIterable, Hashable, Sendable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"

  /// Its number in the counters of dropout (docs/numerics.md, section 13): a contract, so that it does not follow from the order of the cases.
  var ordinal: Int {
    switch self {
    case .query: 0
    case .key: 1
    case .value: 2
    case .output: 3
    case .gate: 4
    case .up: 5
    case .down: 6
    }
  }

  /// Where it stands inside its layer.
  private var block: String {
    switch self {
    case .query, .key, .value, .output: "self_attn"
    case .gate, .up, .down: "mlp"
    }
  }

  /// `model.layers.3.self_attn.q_proj`
  package func path(layer: Int) -> String { "model.layers.\(layer).\(block).\(rawValue)" }

  /// Rows and columns of the weight: outputs, then inputs.
  package func shape(in configuration: ModelConfiguration) -> (outputs: Int, inputs: Int) {
    let queries = configuration.headCount * configuration.headDimension
    let keys = configuration.keyValueHeadCount * configuration.headDimension
    switch self {
    case .query: return (queries, configuration.hiddenSize)
    case .key, .value: return (keys, configuration.hiddenSize)
    case .output: return (configuration.hiddenSize, queries)
    case .gate, .up: return (configuration.intermediateSize, configuration.hiddenSize)
    case .down: return (configuration.hiddenSize, configuration.intermediateSize)
    }
  }
}
