// Each backward operator against central differences of its forward formula, written once more in binary64.
import CKernels
import Foundation
import Testing

extension Kernels {
  @Suite("Gradients")
  struct Gradients {
    /// (f(x + h) − f(x − h)) / 2h for every x[i]; in binary64 the error is about 1e−9.
    static func differences(_ x: [Float], _ f: ([Double]) -> Double) -> [Double] {
      let x = x.map(Double.init), h = 1e-5
      return x.indices.map { i in
        var up = x, down = x
        up[i] += h
        down[i] -= h
        return (f(up) - f(down)) / (2 * h)
      }
    }

    static func expectClose(_ actual: [Float], _ expected: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
      let largest = expected.map(abs).max() ?? 0
      let worst = zip(actual, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(actual.count == expected.count && worst < 1e-5 * (1 + largest), "\(what): off by \(worst)", sourceLocation: sourceLocation)
    }

    static func dot(_ x: [Double], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * Double($1.1) } }

    static func run(_ body: (Memory, OpaquePointer) -> [Float]) -> [Float] { withPool(threads: 1) { pool in withMemory { body($0, pool) } } }

    @Test("RMSNorm")
    func norm() {
      let (rows, width) = (3, 13)
      let x = uniform(rows * width, stream: 1), w = uniform(width, stream: 2), dy = uniform(rows * width, stream: 3)
      func loss(_ x: [Double], _ w: [Double]) -> Double {
        Self.dot((0..<rows).flatMap { t in
          let row = x[(t * width)..<((t + 1) * width)]
          let r = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
          return zip(row, w).map { $0 * r * $1 }
        }, dy)
      }
      let result = Self.run { memory, pool in
        let x = memory.array(x), w = memory.array(w), dy = memory.array(dy), y = memory.unset(rows * width), r = memory.unset(rows)
        let dx = memory.unset(rows * width), dw = memory.zeros(width)
        ck_rmsnorm_forward(pool, rows, width, x, w, 1e-5, y, r)
        ck_rmsnorm_backward(pool, rows, width, dy, x, w, r, nil, dx)
        ck_rmsnorm_weight_gradient(pool, rows, width, dy, x, r, dw)
        return values(dx, rows * width) + values(dw, width)
      }
      let (xs, ws) = (x.map(Double.init), w.map(Double.init))
      Self.expectClose(result, Self.differences(x) { loss($0, ws) } + Self.differences(w) { loss(xs, $0) }, "RMSNorm")
    }

    @Test("SiLU·up")
    func silu() {
      let gate = uniform(20, stream: 1, bound: 6), up = uniform(20, stream: 2), dy = uniform(20, stream: 3)
      func loss(_ gate: [Double], _ up: [Double]) -> Double { Self.dot(zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }, dy) }
      let result = Self.run { memory, pool in
        let dgate = memory.unset(20), dup = memory.unset(20)
        ck_silu_backward(pool, 20, memory.array(gate), memory.array(up), memory.array(dy), dgate, dup)
        return values(dgate, 20) + values(dup, 20)
      }
      let (gates, ups) = (gate.map(Double.init), up.map(Double.init))
      Self.expectClose(result, Self.differences(gate) { loss($0, ups) } + Self.differences(up) { loss(gates, $0) }, "SiLU·up")
    }

    @Test("rotation")
    func rotary() {
      let (tokens, d) = (5, 6), x = uniform(30, stream: 1), dy = uniform(30, stream: 2)
      func loss(_ x: [Double]) -> Double {
        var y = x
        for t in 0..<tokens {
          for i in 0..<(d / 2) {
            let angle = Double(t) * pow(10_000, -2 * Double(i) / Double(d)), (a, b) = (t * d + i, t * d + i + d / 2)
            y[a] = x[a] * cos(angle) - x[b] * sin(angle)
            y[b] = x[b] * cos(angle) + x[a] * sin(angle)
          }
        }
        return Self.dot(y, dy)
      }
      let result = Self.run { memory, pool in
        let f = memory.unset(3), c = memory.unset(15), s = memory.unset(15), dx = memory.array(dy)
        ck_rotary_frequencies(d, 10_000, f)
        ck_rotary_tables(pool, tokens, 3, f, c, s)
        ck_rotary_backward(pool, tokens, 1, d, memory.array([0, 1, 2, 3, 4]), c, s, dx, d)
        return values(dx, 30)
      }
      Self.expectClose(result, Self.differences(x, loss), "rotation")
    }

    @Test("cross-entropy")
    func crossEntropy() {
      let (tokens, vocabulary) = (4, 9), x = uniform(36, stream: 1, bound: 4), targets: [Int32] = [3, -1, 8, 0]
      func loss(_ x: [Double]) -> Double {
        (0..<tokens).filter { targets[$0] >= 0 }.reduce(0) { sum, t in
          let row = x[(t * vocabulary)..<((t + 1) * vocabulary)]
          return sum + log(row.reduce(0) { $0 + exp($1) }) - row[t * vocabulary + Int(targets[t])]
        } / 3
      }
      let result = Self.run { memory, pool in
        let logits = memory.array(x), coefficients = memory.unset(tokens), targets = memory.array(targets)
        ck_supervised_coefficients(tokens, targets, 3, coefficients)
        ck_cross_entropy(pool, tokens, vocabulary, logits, targets, coefficients, memory.unset(tokens))
        return values(logits, 36)
      }
      Self.expectClose(result, Self.differences(x, loss), "cross-entropy")
    }

    @Test("attention")
    func attention() {
      let c = AttentionTests.Case(lengths: [5, 3], heads: 4, keyHeads: 2, d: 6), n = c.tokens
      let q = uniform(n * 24, stream: 1, bound: 2), k = uniform(n * 12, stream: 2, bound: 2), v = uniform(n * 12, stream: 3)
      let dy = uniform(n * 24, stream: 4)
      func loss(_ q: [Double], _ k: [Double], _ v: [Double]) -> Double {
        var sum = 0.0
        for (start, length) in zip(c.starts, c.lengths) {
          for h in 0..<4 {
            for i in start..<(start + length) {
              func at(_ t: Int, _ e: Int) -> Int { t * 12 + h / 2 * 6 + e }
              let p = (start...i).map { j in exp((0..<6).reduce(0) { $0 + q[i * 24 + h * 6 + $1] * k[at(j, $1)] } / 6.0.squareRoot()) }
              let z = p.reduce(0, +)
              for e in 0..<6 { for j in start...i { sum += p[j - start] / z * v[at(j, e)] * Double(dy[i * 24 + h * 6 + e]) } }
            }
          }
        }
        return sum
      }
      var inputs = AttentionTests.Inputs(c)
      (inputs.q, inputs.k, inputs.v, inputs.doutput) = (q, k, v, dy)
      let result = Array(AttentionTests.kernel(c, inputs)[(n * 24)...])
      let (qs, ks, vs) = (q.map(Double.init), k.map(Double.init), v.map(Double.init))
      Self.expectClose(
        result, Self.differences(q) { loss($0, ks, vs) } + Self.differences(k) { loss(qs, $0, vs) } + Self.differences(v) { loss(qs, ks, $0) },
        "attention")
    }

    @Test("a linear layer with a LoRA: dx, dA, dB in the shapes that the header gives")
    func linear() {
      let (t, n, k, r) = (6, 5, 7, 2), s: Float = 2
      let x = uniform(t * k, stream: 1), w = uniform(n * k, stream: 2), a = uniform(r * k, stream: 3), b = uniform(n * r, stream: 4)
      let dy = uniform(t * n, stream: 5)
      func loss(_ x: [Double], _ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for i in 0..<t {
          for j in 0..<n {
            var y = (0..<k).reduce(0) { $0 + x[i * k + $1] * Double(w[j * k + $1]) }
            for p in 0..<r { y += 2 * (0..<k).reduce(0) { $0 + x[i * k + $1] * a[p * k + $1] } * b[j * r + p] }
            sum += y * Double(dy[i * n + j])
          }
        }
        return sum
      }
      let result = Self.run { memory, pool in
        let x = memory.array(x), a = memory.array(a), b = memory.array(b), dy = memory.array(dy), w = memory.array(w)
        let h = memory.unset(t * r), dh = memory.unset(t * r), dx = memory.unset(t * k), da = memory.zeros(r * k), db = memory.zeros(n * r)
        func view(_ data: UnsafePointer<Float>, _ row: Int, _ column: Int) -> ck_matrix {
          ck_matrix(data: data, row_stride: row, column_stride: column)
        }
        ck_gemm(pool, t, r, k, view(x, k, 1), view(a, 1, k), h, r, false)
        ck_scale(pool, t * r, h, s, h)
        ck_gemm(pool, t, r, n, view(dy, n, 1), view(b, r, 1), dh, r, false)
        ck_scale(pool, t * r, dh, s, dh)
        ck_gemm(pool, t, k, n, view(dy, n, 1), view(w, k, 1), dx, k, false)
        ck_gemm(pool, t, k, r, view(dh, r, 1), view(a, k, 1), dx, k, true)
        ck_gemm(pool, r, k, t, view(dh, 1, r), view(x, k, 1), da, k, true)
        ck_gemm(pool, n, r, t, view(dy, 1, n), view(h, r, 1), db, r, true)
        return values(dx, t * k) + values(da, r * k) + values(db, n * r)
      }
      let (xs, downs, ups) = (x.map(Double.init), a.map(Double.init), b.map(Double.init))
      Self.expectClose(
        result, Self.differences(x) { loss($0, downs, ups) } + Self.differences(a) { loss(xs, $0, ups) } + Self.differences(b) { loss(xs, downs, $0) },
        "linear layer")
    }
  }
}
