// Products against a naive chain, in every layout, size and continuation.
import CKernels
import Testing

extension Kernels {
  @Suite("Products")
  struct Products {
    struct Shape: CustomTestStringConvertible {
      var m: Int, n: Int, k: Int
      var testDescription: String { "\(m)×\(n)×\(k)" }
    }

    // Some are longer than the bodies' blocks: 768 steps, 512 of a narrow product, 240 rows.
    static let shapes: [Shape] =
      [1, 7, 47, 49].flatMap { m in [1, 8, 47, 49, 96].flatMap { n in [1, 8, 17, 255].map { Shape(m: m, n: n, k: $0) } } } + [
        Shape(m: 255, n: 110, k: 800), Shape(m: 1, n: 255, k: 1600), Shape(m: 300, n: 8, k: 600), Shape(m: 16, n: 100, k: 800),
        Shape(m: 500, n: 50, k: 20), Shape(m: 9, n: 16, k: 9),
      ]

    static func naive(_ s: Shape, a: [Float], aColumns: Bool, b: [Float], bColumns: Bool, start: [Float]?) -> [Float] {
      (0..<s.m).flatMap { i in
        (0..<s.n).map { j in
          (0..<s.k).reduce(start?[i * s.n + j] ?? 0) { sum, p in
            Reference.fma(a[aColumns ? p * s.m + i : i * s.k + p], b[bColumns ? j * s.k + p : p * s.n + j], sum)
          }
        }
      }
    }

    @Test("every element is one chain of fused multiply-adds, whatever the layout, path, threads or packing", arguments: shapes)
    func chains(_ s: Shape) {
      let a = awkward(s.m * s.k, stream: 1), b = awkward(s.k * s.n, stream: 2), c = awkward(s.m * s.n, stream: 3)
      for layout in 0..<8 {
        let (aColumns, bColumns, accumulate) = (layout & 1 != 0, layout & 2 != 0, layout & 4 != 0)
        let expected = Self.naive(s, a: a, aColumns: aColumns, b: b, bColumns: bColumns, start: accumulate ? c : nil)
        let (bRow, bColumn) = bColumns ? (1, s.k) : (s.n, 1)
        for packed in [false, true] {
          let result = everywhere("product \(s.testDescription), layout \(layout)") { memory, pool in
            let left = ck_matrix(data: memory.array(a), row_stride: aColumns ? 1 : s.k, column_stride: aColumns ? s.m : 1)
            let right = memory.array(b), out = memory.array(c)
            if packed {
              let panels = ck_pack_create(pool, s.k, s.n, right, CK_FLOAT32, bRow, bColumn)
              ck_gemm_packed(pool, s.m, left, panels, out, s.n, accumulate)
              ck_pack_destroy(panels)
            } else {
              let view = ck_matrix(data: right, row_stride: bRow, column_stride: bColumn)
              ck_gemm(pool, s.m, s.n, s.k, left, view, out, s.n, accumulate)
            }
            return values(out, s.m * s.n)
          }
          expectSameBits(result, expected, "product \(s.testDescription), layout \(layout), packed \(packed)")
        }
      }
    }

    @Test(
      "a chain that goes on over a tail has the bits of two products, the second accumulating",
      arguments: [(3, 50, 17, 8), (260, 49, 800, 8), (200, 96, 40, 24), (17, 8, 30, 4), (33, 60, 20, 65), (20, 50, 0, 8), (20, 50, 30, 0)])
    func tails(m: Int, n: Int, k: Int, rank: Int) {
      let a = awkward(m * k, stream: 9), b = awkward(n * k, stream: 10), c = awkward(m * n, stream: 11)
      let hidden = awkward(m * rank, stream: 12), up = awkward(n * rank, stream: 13)
      func product(packed: Bool, accumulate: Bool, inOne: Bool) -> [Float] {
        everywhere("tail of \(rank) after \(m)×\(n)×\(k)") { memory, pool in
          let left = ck_matrix(data: memory.array(a), row_stride: k, column_stride: 1), right = memory.array(b), out = memory.array(c)
          let view = ck_matrix(data: right, row_stride: 1, column_stride: k)
          let tail = ck_tail(
            k: rank, a: ck_matrix(data: memory.array(hidden), row_stride: rank, column_stride: 1),
            b: ck_matrix(data: memory.array(up), row_stride: 1, column_stride: rank))
          if packed {
            let panels = ck_pack_create(pool, k, n, right, CK_FLOAT32, 1, k)
            ck_gemm_packed_with_tail(pool, m, left, panels, tail, out, n, accumulate)
            ck_pack_destroy(panels)
          } else if inOne {
            ck_gemm_with_tail(pool, m, n, k, left, view, tail, out, n, accumulate)
          } else {
            ck_gemm(pool, m, n, k, left, view, out, n, accumulate)
            ck_gemm(pool, m, n, rank, tail.a, tail.b, out, n, true)
          }
          return values(out, m * n)
        }
      }
      for accumulate in [false, true] {
        let expected = product(packed: false, accumulate: accumulate, inOne: false)
        for packed in [false, true] {
          expectSameBits(product(packed: packed, accumulate: accumulate, inOne: true), expected, "tail, packed \(packed), accumulating \(accumulate)")
        }
      }
    }

    @Test("a right side that is gone through in parts, by columns or by steps of the chain, gives the same bits", arguments: [(600, 7300), (7300, 600)])
    func parts(n: Int, k: Int) {
      let m = 192, rank = 8
      let a = awkward(m * k, stream: 14), b = awkward(n * k, stream: 15), hidden = awkward(m * rank, stream: 16), up = awkward(n * rank, stream: 17)
      func product(threads: Int32) -> [Float] {
        withMemory { memory in
          withPool(threads: threads) { pool in
            let out = memory.zeros(m * n)
            let tail = ck_tail(
              k: rank, a: ck_matrix(data: memory.array(hidden), row_stride: rank, column_stride: 1),
              b: ck_matrix(data: memory.array(up), row_stride: 1, column_stride: rank))
            ck_gemm_with_tail(
              pool, m, n, k, ck_matrix(data: memory.array(a), row_stride: k, column_stride: 1),
              ck_matrix(data: memory.array(b), row_stride: 1, column_stride: k), tail, out, n, false)
            return values(out, m * n)
          }
        }
      }
      // One thread takes it whole.
      expectSameBits(product(threads: 2), product(threads: 1), "parts of \(n)×\(k)")
    }

    @Test("a gradient over all tokens has the bits of micro-batches that continue each other", arguments: [1, 2, 13, 128])
    func microBatches(tokens: Int) {
      let (m, n, all) = (24, 40, 256)
      let a = awkward(all * m, stream: 4), b = awkward(all * n, stream: 5)
      func gradient(step: Int) -> [Float] {
        everywhere("gradient in steps of \(step)") { memory, pool in
          let dy = memory.array(a), x = memory.array(b), dw = memory.zeros(m * n)
          for first in stride(from: 0, to: all, by: step) {
            ck_gemm(
              pool, m, n, min(step, all - first), ck_matrix(data: dy + first * m, row_stride: 1, column_stride: m),
              ck_matrix(data: x + first * n, row_stride: n, column_stride: 1), dw, n, true)
          }
          return values(dw, m * n)
        }
      }
      expectSameBits(gradient(step: tokens), gradient(step: all), "micro-batches of \(tokens)")
    }

    @Test("a wider row stride leaves the columns between untouched")
    func strides() {
      let (m, n, k, stride) = (11, 50, 19, 64)
      let a = awkward(m * k, stream: 6), b = awkward(n * k, stream: 7)
      let out = everywhere("strided output") { memory, pool in
        let c = memory.array([Float](repeating: 7, count: m * stride))
        ck_gemm(
          pool, m, n, k, ck_matrix(data: memory.array(a), row_stride: k, column_stride: 1),
          ck_matrix(data: memory.array(b), row_stride: 1, column_stride: k), c, stride, false)
        return values(c, m * stride)
      }
      for i in 0..<m { #expect(out[(i * stride + n)..<((i + 1) * stride)].allSatisfy { $0 == 7 }) }
    }

    @Test("an empty chain stores +0, or leaves what it continues")
    func emptyChain() {
      let x: [Float] = [5, -0.0, 7]
      for accumulate in [false, true] {
        let out = everywhere("empty chain") { memory, pool in
          let c = memory.array(x), nothing = memory.zeros(0)
          let view = ck_matrix(data: nothing, row_stride: 0, column_stride: 0)
          ck_gemm(pool, 1, 3, 0, view, view, c, 3, accumulate)
          return values(c, 3)
        }
        expectSameBits(out, accumulate ? x : [0, 0, 0], "empty chain")
      }
    }

    @Test("half-precision weights widen exactly", arguments: [CK_BFLOAT16, CK_FLOAT16])
    func halves(_ element: ck_element) {
      let (n, k) = (1024, 64)
      let halves = (0..<UInt16(truncatingIfNeeded: 65535)).filter { half in
        element == CK_BFLOAT16 ? half & 0x7F80 != 0x7F80 : half & 0x7C00 != 0x7C00
      }
      let expected = halves.map { half in
        element == CK_BFLOAT16 ? Float(bitPattern: UInt32(half) << 16) : Float(Float16(bitPattern: half))
      }
      let widened = everywhere("widen") { memory, pool in
        let y = memory.unset(halves.count)
        ck_widen(pool, halves.count, element, memory.array(halves), y)
        return values(y, halves.count)
      }
      expectSameBits(widened, expected, "widened")

      // Weights below 2: a product of larger ones overflows.
      let weights = (0..<(n * k)).map { UInt16($0 % 3000) | (element == CK_BFLOAT16 ? 0x3000 : 0x2000) }
      let x = awkward(3 * k, stream: 8)
      func product(_ run: (Memory, OpaquePointer, UnsafeMutablePointer<Float>) -> OpaquePointer) -> [Float] {
        everywhere("half product") { memory, pool in
          let y = memory.unset(3 * n)
          let packed = run(memory, pool, y)
          ck_gemm_packed(pool, 3, ck_matrix(data: memory.array(x), row_stride: k, column_stride: 1), packed, y, n, false)
          ck_pack_destroy(packed)
          return values(y, 3 * n)
        }
      }
      for (row, column) in [(1, k), (n, 1)] {
        let half = product { memory, pool, _ in ck_pack_create(pool, k, n, memory.array(weights), element, row, column) }
        let wide = product { memory, pool, _ in
          let w = memory.unset(n * k)
          ck_widen(pool, n * k, element, memory.array(weights), w)
          return ck_pack_create(pool, k, n, w, CK_FLOAT32, row, column)
        }
        expectSameBits(half, wide, "packed halves")
      }
    }
  }
}
