/// The architectures that the engine computes: decoders of one build, which differ in where a bias stands and whether heads are normed.
package enum ModelFamily: String, CaseIterable, Hashable, Sendable {
  /// Llama 2 and 3, SmolLM, TinyLlama.
  case llama
  /// Qwen2 and Qwen2.5: biases on query, key and value.
  case qwen2
  /// Qwen3: each head of query and key is normed before it is turned.
  case qwen3

  /// What `architectures` calls it.
  var architecture: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .qwen3: "Qwen3ForCausalLM"
    }
  }

  var normsHeads: Bool { self == .qwen3 }

  /// `"llama", "qwen2", "qwen3"`, for errors.
  static var supported: String { allCases.map { quotedName($0.rawValue) }.joined(separator: ", ") }
}

// MARK: - What transformers takes where a field is absent

extension ModelFamily {
  func defaultKeyValueHeadCount(heads: Int) -> Int { self == .llama ? heads : 32 }

  func defaultHeadDimension(hiddenSize: Int, heads: Int) -> Int { self == .qwen3 ? 128 : hiddenSize / heads }

  var defaultPositionCount: Int { self == .llama ? 2048 : 32_768 }
}
