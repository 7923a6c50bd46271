internal import CKernels

/// The token embedding [vocabulary × width]. Where the LM head is the same tensor, the head's gradient is kept here, apart.
final class EmbeddingTable {
  let vocabularySize: Int
  let width: Int
  private enum Storage {
    /// The folder's own numbers, not a copy.
    case frozen(Tensor.Numbers)
    case trained(ParameterPointers)
  }

  private let storage: Storage
  /// The contribution of the tied head, until the sites are added.
  let headGradient: FloatBuffer?

  init(frozen values: Tensor.Numbers, configuration: ModelConfiguration) {
    storage = .frozen(values)
    headGradient = nil
    vocabularySize = configuration.vocabularySize
    width = configuration.hiddenSize
  }

  init(trained pointers: ParameterPointers, configuration: ModelConfiguration) {
    storage = .trained(pointers)
    vocabularySize = configuration.vocabularySize
    width = configuration.hiddenSize
    headGradient = configuration.tiesEmbeddings ? FloatBuffer(count: vocabularySize * width) : nil
  }

  /// The head that shares this tensor, where it is trained.
  var tiedHead: Weight? {
    guard case .trained(let pointers) = storage, let headGradient else { return nil }
    return Weight(trained: pointers.values, gradient: headGradient.start, outputs: vocabularySize, inputs: width)
  }

  /// Y [tokens × width]
  func forward(_ tokens: [Int32], into y: UnsafeMutablePointer<Float>, pool: KernelPool) {
    switch storage {
    case .frozen(let numbers): numbers.withStart { ck_embedding_forward(pool.handle, tokens.count, width, $0, $1, tokens, y) }
    case .trained(let pointers): ck_embedding_forward(pool.handle, tokens.count, width, pointers.values, CK_FLOAT32, tokens, y)
    }
  }

  func accumulateGradient(_ dy: UnsafeMutablePointer<Float>, _ tokens: [Int32], pool: KernelPool) {
    guard case .trained(let pointers) = storage else { return }
    ck_embedding_backward(pool.handle, tokens.count, width, tokens, dy, pointers.gradient)
  }

  func clearGradient() { headGradient?.clear() }

  /// gradient = as embedding + as head
  func addSites(pool: KernelPool) {
    guard case .trained(let pointers) = storage, let headGradient else { return }
    ck_add(pool.handle, headGradient.count, pointers.gradient, headGradient.start, pointers.gradient)
  }
}
