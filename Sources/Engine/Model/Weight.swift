internal import CKernels

/// The matrix W [outputs × inputs] of one linear map, stored as its products like to read it.
struct Weight {
  private enum Storage {
    /// Laid out once for Y = X·Wᵀ and, where gradients pass through, for dX = dY·W.
    case packed(forward: PackedOperand, backward: PackedOperand?)
    /// Frozen, and read as it is: the values are those of the folder, not a copy.
    case plain([Float])
    /// The same of numbers that are widened for each product.
    case narrow(NarrowMatrix)
    /// Changes every step; the gradient beside it.
    case trained(values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>)
  }

  let outputs: Int
  let inputs: Int
  private let storage: Storage

  init(frozen numbers: Tensor.Numbers, outputs: Int, inputs: Int, layout: FrozenLayout, passesGradients: Bool, room: WideningRoom, pool: KernelPool) {
    self.outputs = outputs
    self.inputs = inputs
    if pool.fault != nil {  // Faults need the plain order.
      storage = .plain(numbers.widened)
    } else if layout == .packed {
      storage = .packed(
        forward: PackedOperand(numbers, rows: inputs, columns: outputs, rowStride: 1, columnStride: inputs, pool: pool),
        backward: passesGradients ? PackedOperand(numbers, rows: outputs, columns: inputs, rowStride: inputs, columnStride: 1, pool: pool) : nil)
    } else if case .bfloat16(let patterns) = numbers {
      storage = .narrow(NarrowMatrix(patterns, rows: outputs, columns: inputs, room: room))
    } else {
      storage = .plain(numbers.widened)
    }
  }

  init(trained values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, outputs: Int, inputs: Int) {
    self.outputs = outputs
    self.inputs = inputs
    storage = .trained(values: values, gradient: gradient)
  }

  /// Y [tokens × outputs] = X [tokens × inputs] · Wᵀ, the chains going on over the tail.
  func forward(_ x: MatrixRows, tail: ck_tail = ck_tail(), into y: MatrixRows, tokens: Int, pool: KernelPool) {
    switch storage {
    case .packed(let forward, _): forward.multiply(tokens, x, tail: tail, into: y, accumulate: false, pool: pool)
    case .plain(let values): values.withStart { forward(x, $0, tail, into: y, tokens: tokens, pool: pool) }
    case .narrow(let matrix): matrix.multiplyTransposed(x, tail: tail, into: y, tokens: tokens, pool: pool)
    case .trained(let values, _): forward(x, values, tail, into: y, tokens: tokens, pool: pool)
    }
  }

  private func forward(_ x: MatrixRows, _ values: UnsafePointer<Float>, _ tail: ck_tail, into y: MatrixRows, tokens: Int, pool: KernelPool) {
    pool.multiply(tokens, outputs, inputs, x.view, .transposed(values, stride: inputs), tail: tail, into: y, accumulate: false)
  }

  /// dX [tokens × inputs] (+)= dY [tokens × outputs] · W, the chains going on over the tail.
  func backward(_ dy: MatrixRows, tail: ck_tail = ck_tail(), into dx: MatrixRows, accumulate: Bool, tokens: Int, pool: KernelPool) {
    switch storage {
    case .packed(_, let backward):
      guard let backward else { preconditionFailure("the weight was packed for the forward pass alone") }
      backward.multiply(tokens, dy, tail: tail, into: dx, accumulate: accumulate, pool: pool)
    case .narrow(let matrix): matrix.multiply(dy, tail: tail, into: dx, accumulate: accumulate, tokens: tokens, pool: pool)
    case .plain(let values): values.withStart { backwardPlain(dy, $0, tail, into: dx, accumulate: accumulate, tokens: tokens, pool: pool) }
    case .trained(let values, _): backwardPlain(dy, values, tail, into: dx, accumulate: accumulate, tokens: tokens, pool: pool)
    }
  }

  private func backwardPlain(
    _ dy: MatrixRows, _ values: UnsafePointer<Float>, _ tail: ck_tail, into dx: MatrixRows, accumulate: Bool, tokens: Int, pool: KernelPool
  ) {
    pool.multiply(tokens, inputs, outputs, dy.view, .rows(values, stride: inputs), tail: tail, into: dx, accumulate: accumulate)
  }

  /// dW [outputs × inputs] += dYᵀ · X, one chain over tokens in order. A frozen weight has none.
  func accumulateGradient(_ dy: MatrixRows, _ x: MatrixRows, tokens: Int, pool: KernelPool) {
    guard case .trained(_, let gradient) = storage else { return }
    pool.multiply(outputs, inputs, tokens, dy.transposedView, x.view, into: MatrixRows(start: gradient, stride: inputs), accumulate: true)
  }
}

/// A frozen operand in the order in which products read it.
final class PackedOperand {
  private let handle: OpaquePointer

  /// b [rows × columns], element (p, j) at p·rowStride + j·columnStride of `values`, which may go afterwards.
  init(_ values: Tensor.Numbers, rows: Int, columns: Int, rowStride: Int, columnStride: Int, pool: KernelPool) {
    handle = values.withStart { ck_pack_create(pool.handle, rows, columns, $0, $1, rowStride, columnStride) }
  }

  deinit { ck_pack_destroy(handle) }

  func multiply(_ rows: Int, _ a: MatrixRows, tail: ck_tail, into c: MatrixRows, accumulate: Bool, pool: KernelPool) {
    ck_gemm_packed_with_tail(pool.handle, rows, a.view, handle, tail, c.start, c.stride, accumulate)
  }
}
