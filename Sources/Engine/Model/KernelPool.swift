internal import CKernels

/// The worker threads of CKernels, and the one door through which products go.
///
/// One pool serves one caller at a time, as `ckernels.h` asks: a pool belongs to one trainer, evaluator or generator.
final class KernelPool {
  let handle: OpaquePointer
  /// Nil in every run that counts.
  let fault: Fault?

  init(threads: Int, fault: Fault? = nil, isDelayed: Bool = false) {
    handle = ck_pool_create(Int32(clamping: threads))
    if isDelayed { ck_test_pool_delay(handle) }
    self.fault = fault
  }

  deinit { ck_pool_destroy(handle) }

  /// c[i, j] = chain over k of a[i, k]·b[k, j], from +0 or, accumulating, from what c holds.
  func multiply(_ rows: Int, _ columns: Int, _ inner: Int, _ a: ck_matrix, _ b: ck_matrix, into c: MatrixRows, accumulate: Bool) {
    switch fault {
    case .reversedProducts where inner > 0:
      ck_gemm(handle, rows, columns, inner, a.reversedColumns(inner), b.reversedRows(inner), c.start, c.stride, accumulate)
    case .splitAccumulators where inner > 1:
      multiplyInHalves(rows, columns, inner, a, b, into: c, accumulate: accumulate)
    default:
      ck_gemm(handle, rows, columns, inner, a, b, c.start, c.stride, accumulate)
    }
  }

  /// The same, and the chains go on over the tail.
  func multiply(_ rows: Int, _ columns: Int, _ inner: Int, _ a: ck_matrix, _ b: ck_matrix, tail: ck_tail, into c: MatrixRows, accumulate: Bool) {
    guard fault == nil else {
      multiply(rows, columns, inner, a, b, into: c, accumulate: accumulate)
      if tail.k > 0 { multiply(rows, columns, tail.k, tail.a, tail.b, into: c, accumulate: true) }
      return
    }
    ck_gemm_with_tail(handle, rows, columns, inner, a, b, tail, c.start, c.stride, accumulate)
  }

  /// The fault of a kernel that keeps two accumulators, for even and odd k, and adds them.
  private func multiplyInHalves(_ rows: Int, _ columns: Int, _ inner: Int, _ a: ck_matrix, _ b: ck_matrix, into c: MatrixRows, accumulate: Bool) {
    let odd = FloatBuffer(count: rows * columns)
    ck_gemm(handle, rows, columns, inner / 2, a.everySecondColumn(from: 1), b.everySecondRow(from: 1), odd.start, columns, false)
    ck_gemm(handle, rows, columns, (inner + 1) / 2, a.everySecondColumn(from: 0), b.everySecondRow(from: 0), c.start, c.stride, accumulate)
    for row in 0..<rows {
      let target = c.start + row * c.stride
      ck_add(handle, columns, target, odd.start + row * columns, target)
    }
  }
}
