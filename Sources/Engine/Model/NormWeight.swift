internal import CKernels

/// An RMS norm's weight [width], frozen or trained.
struct NormWeight {
  private let values: UnsafeMutablePointer<Float>
  private let gradient: UnsafeMutablePointer<Float>?
  /// Keeps a frozen weight alive; a trained one lives in its block.
  private let storage: FloatBuffer?
  private let width: Int
  private let epsilon: Float

  init(frozen values: [Float], epsilon: Double) {
    let storage = FloatBuffer(values)
    self.storage = storage
    self.values = storage.start
    gradient = nil
    width = values.count
    self.epsilon = Float(epsilon)
  }

  init(trained pointers: ParameterPointers, width: Int, epsilon: Double) {
    storage = nil
    values = pointers.values
    gradient = pointers.gradient
    self.width = width
    self.epsilon = Float(epsilon)
  }

  /// Y [rows × width] from X; keeps the factor of each row.
  func forward(_ x: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, scales: UnsafeMutablePointer<Float>, rows: Int, pool: KernelPool) {
    ck_rmsnorm_forward(pool.handle, rows, width, x, values, epsilon, y, scales)
  }

  /// dX = residual + the norm's own dX, and the weight's gradient, from dY. `dx` may be `residual`.
  func backward(
    _ dy: UnsafeMutablePointer<Float>, x: UnsafeMutablePointer<Float>, scales: UnsafeMutablePointer<Float>,
    residual: UnsafeMutablePointer<Float>?, into dx: UnsafeMutablePointer<Float>, rows: Int, pool: KernelPool
  ) {
    if let gradient { ck_rmsnorm_weight_gradient(pool.handle, rows, width, dy, x, scales, gradient) }
    ck_rmsnorm_backward(pool.handle, rows, width, dy, x, values, scales, residual, dx)
  }

  /// Y [tokens × heads × width] from X, each head by itself; keeps the factor of each [tokens × heads].
  func forward(_ x: MatrixRows, into y: MatrixRows, heads: Int, scales: UnsafeMutablePointer<Float>, tokens: Int, pool: KernelPool) {
    ck_head_norm_forward(pool.handle, tokens, heads, width, x.start, x.stride, values, epsilon, y.start, y.stride, scales)
  }

  /// dX in the place of dY, and the weight's gradient: one chain over (token, head).
  func backward(_ dy: MatrixRows, x: MatrixRows, heads: Int, scales: UnsafeMutablePointer<Float>, tokens: Int, pool: KernelPool) {
    if let gradient {
      ck_head_norm_weight_gradient(pool.handle, tokens, heads, width, dy.start, dy.stride, x.start, x.stride, scales, gradient)
    }
    ck_head_norm_backward(pool.handle, tokens, heads, width, x.start, x.stride, values, scales, dy.start, dy.stride)
  }
}
