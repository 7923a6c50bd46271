internal import CKernels

/// What a linear map adds to its outputs [outputs], frozen or trained.
struct BiasWeight {
  private let values: UnsafeMutablePointer<Float>
  private let gradient: UnsafeMutablePointer<Float>?
  /// Keeps a frozen bias alive; a trained one lives in its block.
  private let storage: FloatBuffer?
  private let outputs: Int

  init(frozen values: [Float]) {
    let storage = FloatBuffer(values)
    self.storage = storage
    self.values = storage.start
    gradient = nil
    outputs = values.count
  }

  init(trained pointers: ParameterPointers, outputs: Int) {
    storage = nil
    values = pointers.values
    gradient = pointers.gradient
    self.outputs = outputs
  }

  /// Y [tokens × outputs] += bias, once all of its chain is done.
  func add(to y: MatrixRows, tokens: Int, pool: KernelPool) { ck_rows_add(pool.handle, tokens, outputs, values, y.start, y.stride) }

  /// A chain over tokens in order. A frozen bias has none.
  func accumulateGradient(_ dy: MatrixRows, tokens: Int, pool: KernelPool) {
    guard let gradient else { return }
    ck_column_sums(pool.handle, tokens, outputs, dy.start, dy.stride, gradient)
  }
}
