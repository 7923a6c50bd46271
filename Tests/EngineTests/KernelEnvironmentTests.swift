// A caller's floating-point environment must not reach a result, and must be the caller's again afterwards.
import CKernels
import Testing

extension Kernels {
  @Suite("Environment")
  struct Environment {
    /// Products, divisions, square roots, functions in both formats and threads, with denormals among the inputs.
    static func work(_ pool: OpaquePointer) -> [Float] {
      let n = 70_001
      let x = awkward(n, stream: 1), w = awkward(n, stream: 2)
      return withMemory { memory in
        let x = memory.array(x), w = memory.array(w), y = memory.unset(n), c = memory.unset(100 * 90), r = memory.unset(100)
        ck_silu_forward(pool, n, x, w, y)
        ck_gemm(pool, 100, 90, 300, ck_matrix(data: x, row_stride: 300, column_stride: 1), ck_matrix(data: w, row_stride: 90, column_stride: 1), c, 90, false)
        ck_rmsnorm_forward(pool, 100, 700, x, w, 1e-5, x, r)
        // Halves of their patterns: rounding to Float here would be this test's own arithmetic.
        let halves = [ck_exp64(-20), ck_log64(3), ck_sin64(40), ck_learning_rate(CK_SCHEDULE_COSINE, 0.1, 3, 10, 0)].flatMap {
          [Float(bitPattern: UInt32(truncatingIfNeeded: $0.bitPattern)), Float(bitPattern: UInt32($0.bitPattern >> 32))]
        }
        let scalars = halves + [ck_attention_scale(48), ck_kaiming_bound(7)]
        return values(y, n) + values(c, 9_000) + values(x, n) + values(r, 100) + scalars
      }
    }

    @Test("hostile rounding and flushed denormals change nothing and come back", arguments: paths)
    func hostile(_ path: ck_path) {
      onPath(path) {
        let calm = withPool(threads: 2) { Self.work($0) }
        #expect(calm.contains { $0 != 0 && $0.magnitude < .leastNormalMagnitude })
        let before = ck_test_environment_make_hostile()
        // Workers inherit the environment of whoever starts them: these start hostile too.
        let pool = ck_pool_create(3)
        let hostile = Self.work(pool)
        let after = ck_environment_enter()
        ck_environment_leave(before)
        ck_pool_destroy(pool)
        expectSameBits(hostile, calm, "hostile environment")
        let control: UInt64 = ~0x3F  // without the sticky flags
        #expect(after.saved & control != before.saved & control)
        #expect(before.saved & control == 0x1F80 || before.saved & control == 0)
      }
    }

    @Test("a path that the CPU lacks is refused, and one that it has is named")
    func forcing() {
      #expect(ck_path_available(CK_PATH_GENERIC))
      for path in [CK_PATH_GENERIC, CK_PATH_AVX2, CK_PATH_AVX512] where !ck_path_available(path) {
        let before = ck_path_active()
        #expect(!ck_path_force(path))
        #expect(ck_path_active() == before)
      }
      for path in paths { onPath(path) { #expect(ck_path_active() == path) } }
      #expect(paths.map { String(cString: ck_path_name($0)) }.first == "generic")
    }

    @Test("packed weights outlive a change of path")
    func packedAcrossPaths() {
      let (m, n, k) = (10, 60, 30), a = awkward(m * k, stream: 1), b = awkward(n * k, stream: 2)
      let results = paths.flatMap { packing in
        paths.map { multiplying in
          withPool(threads: 2) { pool in withMemory { memory in
            let packed = onPath(packing) { ck_pack_create(pool, k, n, memory.array(b), CK_FLOAT32, 1, k) }
            defer { ck_pack_destroy(packed) }
            let c = memory.unset(m * n)
            onPath(multiplying) {
              ck_gemm_packed(pool, m, ck_matrix(data: memory.array(a), row_stride: k, column_stride: 1), packed, c, n, false)
            }
            return values(c, m * n)
          } }
        }
      }
      for other in results { expectSameBits(other, results[0], "packed on one path, multiplied on another") }
    }

    @Test("a pool survives thousands of small jobs and idle pauses")
    func pool() {
      withPool(threads: 3) { pool in
        var y = [Float](repeating: 0, count: 100_000)
        let x = [Float](repeating: 1, count: y.count)
        for _ in 0..<2_000 { ck_add(pool, y.count, x, y, &y) }
        #expect(y.allSatisfy { $0 == 2_000 })
      }
      for _ in 0..<200 { ck_pool_destroy(ck_pool_create(3)) }
      #expect(withPool(threads: 0) { ck_pool_threads($0) } == 1)
    }
  }
}
