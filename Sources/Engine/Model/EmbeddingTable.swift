internal import CKernels

/// The token embedding [vocabulary × width]. Where the LM head is the same tensor, the head's gradient is kept here, apart.
final class EmbeddingTable {
  let vocabularySize: Int
  let width: Int
  private let values: UnsafeMutablePointer<Float>
  private let gradient: UnsafeMutablePointer<Float>?
  /// Keeps a frozen table alive; a trained one lives in its block.
  private let storage: FloatBuffer?
  /// The contribution of the tied head, until the sites are added.
  let headGradient: FloatBuffer?

  init(frozen values: [Float], configuration: ModelConfiguration) {
    let storage = FloatBuffer(values)
    self.storage = storage
    self.values = storage.start
    gradient = nil
    headGradient = nil
    vocabularySize = configuration.vocabularySize
    width = configuration.hiddenSize
  }

  init(trained pointers: ParameterPointers, configuration: ModelConfiguration) {
    storage = nil
    values = pointers.values
    gradient = pointers.gradient
    vocabularySize = configuration.vocabularySize
    width = configuration.hiddenSize
    headGradient = configuration.tiesEmbeddings ? FloatBuffer(count: vocabularySize * width) : nil
  }

  /// The head that shares this tensor, where it is trained.
  var tiedHead: Weight? {
    headGradient.map { Weight(trained: values, gradient: $0.start, outputs: vocabularySize, inputs: width) }
  }

  /// Y [tokens × width]
  func forward(_ tokens: [Int32], into y: UnsafeMutablePointer<Float>, pool: KernelPool) {
    ck_embedding_forward(pool.handle, tokens.count, width, values, CK_FLOAT32, tokens, y)
  }

  func accumulateGradient(_ dy: UnsafeMutablePointer<Float>, _ tokens: [Int32], pool: KernelPool) {
    guard let gradient else { return }
    ck_embedding_backward(pool.handle, tokens.count, width, tokens, dy, gradient)
  }

  func clearGradient() { headGradient?.clear() }

  /// gradient = as embedding + as head
  func addSites(pool: KernelPool) {
    guard let gradient, let headGradient else { return }
    ck_add(pool.handle, headGradient.count, gradient, headGradient.start, gradient)
  }
}
