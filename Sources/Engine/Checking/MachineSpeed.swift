internal import CKernels

/// How fast this machine multiplies, for an estimate of hours. Nothing that is built depends on it.
package enum MachineSpeed {
  /// Operations of a product the size of a layer's, each second: the best of a few, a tenth of a second in all.
  package static func operationsPerSecond(threads: Int) -> Double {
    let (rows, columns, inner) = (512, 768, 576)
    let pool = KernelPool(threads: threads)
    let (a, b, c) = (FloatBuffer(count: rows * inner), FloatBuffer(count: columns * inner), FloatBuffer(count: rows * columns))
    var best = Duration.seconds(1)
    for _ in 0..<8 {
      let started = ContinuousClock.now
      pool.multiply(
        rows, columns, inner, .rows(a.start, stride: inner), .transposed(b.start, stride: inner), into: MatrixRows(start: c.start, stride: columns),
        accumulate: false)
      best = min(best, ContinuousClock.now - started)
    }
    return 2 * Double(rows * columns * inner) / (best / .seconds(1))
  }
}
