// Every other operator: the same bits on every path and number of threads, and the page's formulas to the bit.
import CKernels
import Testing

extension Kernels {
  @Suite("Operators")
  struct Operators {
    static let widths = [1, 7, 47, 49, 64, 255, 576]

    @Test("RMSNorm follows the page, forward and backward", arguments: widths)
    func norm(width: Int) {
      let rows = 9
      let x = awkward(rows * width, stream: 1), w = awkward(width, stream: 2), dy = awkward(rows * width, stream: 3)
      let residual = awkward(rows * width, stream: 4), before = awkward(width, stream: 5)
      let result = everywhere("RMSNorm of \(width)") { memory, pool in
        let x = memory.array(x), w = memory.array(w), dy = memory.array(dy), r = memory.unset(rows), dw = memory.array(before)
        let y = memory.unset(rows * width), dx = memory.unset(rows * width), withResidual = memory.array(residual)
        ck_rmsnorm_forward(pool, rows, width, x, w, 1e-5, y, r)
        ck_rmsnorm_backward(pool, rows, width, dy, x, w, r, nil, dx)
        ck_rmsnorm_backward(pool, rows, width, dy, x, w, r, withResidual, withResidual)
        ck_rmsnorm_weight_gradient(pool, rows, width, dy, x, r, dw)
        return values(y, rows * width) + values(dx, rows * width) + values(withResidual, rows * width) + values(dw, width)
      }
      var y: [Float] = [], dx: [Float] = [], withResidual: [Float] = [], dw = before
      for t in 0..<rows {
        let row = Array(x[(t * width)..<((t + 1) * width)])
        let r = 1 / (Reference.dot64(row, row) / Float(width) + 1e-5).squareRoot()
        y += row.indices.map { (row[$0] * r) * w[$0] }
        let g = row.indices.map { dy[t * width + $0] * w[$0] }
        let c = (Reference.dot64(g, row) * (r * r)) / Float(width)
        let own = row.indices.map { r * Reference.fma(-c, row[$0], g[$0]) }
        dx += own
        withResidual += own.indices.map { residual[t * width + $0] + own[$0] }
        for j in row.indices { dw[j] = Reference.fma(dy[t * width + j], row[j] * r, dw[j]) }
      }
      expectSameBits(result, y + dx + withResidual + dw, "RMSNorm of \(width)")
    }

    @Test("SiLU·up follows the page, also in place", arguments: [1, 15, 33, 40_001])
    func silu(count: Int) {
      let gate = awkward(count, stream: 1).map { $0 * 9 }, up = awkward(count, stream: 2), dy = awkward(count, stream: 3)
      let result = everywhere("SiLU·up") { memory, pool in
        let gate = memory.array(gate), up = memory.array(up), dy = memory.array(dy), y = memory.unset(count)
        ck_silu_forward(pool, count, gate, up, y)
        ck_silu_backward(pool, count, gate, up, dy, gate, up)
        return values(y, count) + values(gate, count) + values(up, count)
      }
      let s = gate.map(Reference.sigmoid)
      let y = (0..<count).map { (gate[$0] * s[$0]) * up[$0] }
      let dgate = (0..<count).map { (dy[$0] * up[$0]) * (s[$0] * Reference.fma(gate[$0], 1 - s[$0], 1)) }
      expectSameBits(result, y + dgate + (0..<count).map { dy[$0] * (gate[$0] * s[$0]) }, "SiLU·up")
    }

    @Test("rotation follows the page, and backward turns back", arguments: [2, 14, 64, 128])
    func rotary(d: Int) {
      let (tokens, heads, half) = (11, 3, d / 2), stride = heads * d + 5
      let x = awkward(tokens * stride, stream: 1)
      let positions = (0..<Int32(tokens)).map { $0 * 17 % 23 }
      let result = everywhere("rotary \(d)") { memory, pool in
        let f = memory.unset(half), c = memory.unset(23 * half), s = memory.unset(23 * half), p = memory.array(positions)
        let forward = memory.array(x), backward = memory.array(x)
        ck_rotary_frequencies(d, 100_000, f)
        ck_rotary_tables(pool, 23, half, f, c, s)
        ck_rotary_forward(pool, tokens, heads, d, p, c, s, forward, stride)
        ck_rotary_backward(pool, tokens, heads, d, p, c, s, backward, stride)
        return values(c, 23 * half) + values(s, 23 * half) + values(forward, tokens * stride) + values(backward, tokens * stride)
      }
      let c = Array(result[..<(23 * half)]), s = Array(result[(23 * half)..<(46 * half)])
      var forward = x, backward = x
      for t in 0..<tokens {
        for h in 0..<heads {
          for i in 0..<half {
            let low = t * stride + h * d + i, high = low + half, at = Int(positions[t]) * half + i
            forward[low] = Reference.fma(x[low], c[at], -(x[high] * s[at]))
            forward[high] = Reference.fma(x[high], c[at], x[low] * s[at])
            backward[low] = Reference.fma(x[low], c[at], x[high] * s[at])
            backward[high] = Reference.fma(x[high], c[at], -(x[low] * s[at]))
          }
        }
      }
      expectSameBits(Array(result[(46 * half)...]), forward + backward, "rotary \(d)")
      for i in 0..<half { #expect(c[i] == 1 && s[i] == 0) }
    }

    @Test("the embedding copies rows, and adds gradients in token order", arguments: [1, 47, 300])
    func embedding(width: Int) {
      let ids: [Int32] = [3, 0, 3, 5, 3, 0]
      let table = awkward(6 * width, stream: 1), dy = awkward(ids.count * width, stream: 2), before = awkward(6 * width, stream: 3)
      let result = everywhere("embedding of \(width)") { memory, pool in
        let y = memory.unset(ids.count * width), gradient = memory.array(before), ids6 = memory.array(ids)
        ck_embedding_forward(pool, ids.count, width, memory.array(table), CK_FLOAT32, ids6, y)
        ck_embedding_backward(pool, ids.count, width, ids6, memory.array(dy), gradient)
        return values(y, ids.count * width) + values(gradient, 6 * width)
      }
      var gradient = before
      for (t, id) in ids.enumerated() { for j in 0..<width { gradient[Int(id) * width + j] += dy[t * width + j] } }
      expectSameBits(result, ids.flatMap { table[(Int($0) * width)..<((Int($0) + 1) * width)] } + gradient, "embedding of \(width)")
    }

    @Test("cross-entropy follows the page; what is not supervised is +0", arguments: [1, 7, 49, 255, 2_048])
    func crossEntropy(vocabulary: Int) {
      let targets = (0..<Int32(7)).map { $0 == 2 || $0 == 6 ? -1 : $0 * 37 % Int32(vocabulary) }, divisor = 11
      let logits = awkward(7 * vocabulary, stream: 1).map { $0.magnitude > 9 ? 90 : $0 * 8 }
      let result = everywhere("cross-entropy of \(vocabulary)") { memory, pool in
        let x = memory.array(logits), kept = memory.array(logits), coefficients = memory.unset(7), targets = memory.array(targets)
        let nll = memory.unset(7), evaluated = memory.unset(7)
        ck_supervised_coefficients(7, targets, divisor, coefficients)
        ck_cross_entropy(pool, 7, vocabulary, kept, targets, nil, evaluated)
        ck_cross_entropy(pool, 7, vocabulary, x, targets, coefficients, nll)
        return values(nll, 7) + values(evaluated, 7) + values(kept, 7 * vocabulary) + values(x, 7 * vocabulary)
      }
      var nll: [Float] = [], gradient: [Float] = []
      for t in 0..<7 {
        let x = Array(logits[(t * vocabulary)..<((t + 1) * vocabulary)]), target = Int(targets[t])
        guard target >= 0 else {
          nll.append(0)
          gradient += x.map { _ in 0 }
          continue
        }
        let m = Reference.max64(x), e = x.map { Reference.exp($0 - m) }, z = Reference.sum64(e), y = 1 / z
        nll.append(Reference.log(z) - (x[target] - m))
        gradient += e.indices.map { (($0 == target ? e[$0] * y - 1 : e[$0] * y)) * (1 / Float(divisor)) }
      }
      expectSameBits(result, nll + nll + logits + gradient, "cross-entropy of \(vocabulary)")
    }

    @Test("loss sums go on across calls; scores are integers and refuse what is not finite")
    func lossSums() {
      let nll: [Float] = [1.5, 0x1.8p-21, 2.25, 3e-8, 7], targets: [Int32] = [0, 4, -1, 2, 1]
      for path in paths {
        onPath(path) {
          var whole = 0.0, parts = 0.0, score: Int64 = 5
          ck_loss_sum(5, nll, targets, &whole)
          for t in 0..<5 { ck_loss_sum(1, [nll[t]], [targets[t]], &parts) }
          #expect(whole == 1.5 + 0x1.8p-21 + Double(Float(3e-8)) + 7)
          #expect(parts == whole)
          #expect(ck_loss_mean(whole, 4) == whole / 4)
          // 0.75 units of 2⁻²⁰ round up, 0.03 down.
          #expect(ck_score_sum(5, nll, targets, &score))
          #expect(score == 5 + 3 << 19 + 1 + 0 + 7 << 20)
          for bad: Float in [.nan, .infinity, 0x1p+20] {
            #expect(!ck_score_sum(2, [1, bad], [0, 0], &score))
            #expect(ck_score_sum(2, [1, bad], [-1, -1], &score))
          }
          #expect(score == 5 + 3 << 19 + 1 + 0 + 7 << 20)
          var ties: Int64 = 0
          #expect(ck_score_sum(3, [0x1p-21, 0x1.8p-20, 0x1.4p-19], [0, 0, 0], &ties))
          #expect(ties == 0 + 2 + 2)
        }
      }
    }

    @Test("elementwise operators, sums over columns and a row added to every row", arguments: [1, 17, 255])
    func elements(columns: Int) {
      let rows = 31, count = rows * columns
      let a = awkward(count, stream: 1), b = awkward(count, stream: 2), bias = awkward(columns, stream: 3), rowsBefore = a
      let result = everywhere("elements") { memory, pool in
        let a = memory.array(a), b = memory.array(b), y = memory.unset(count), sums = memory.array(bias), biased = memory.array(rowsBefore)
        ck_scale(pool, count, a, 0.3, y)
        ck_add(pool, count, a, b, b)
        ck_column_sums(pool, rows, columns, a, columns, sums)
        ck_rows_add(pool, rows, columns, memory.array(bias), biased, columns)
        return values(y, count) + values(b, count) + values(sums, columns) + values(biased, count)
      }
      var sums = bias
      for t in 0..<rows { for j in 0..<columns { sums[j] += a[t * columns + j] } }
      let biased = a.enumerated().map { $1 + bias[$0 % columns] }
      expectSameBits(result, a.map { $0 * 0.3 } + zip(a, b).map { $0 + $1 } + sums + biased, "elements")
    }

    @Test("bfloat16 narrows to nearest, ties to even")
    func narrow() {
      let x: [Float] = [1, -0.0, 0x1.01p0, 0x1.03p0, 0x1.0101p0, 0x1.16c2p-133, -3.1415927, 3e38]
      let expected: [UInt16] = [0x3F80, 0x8000, 0x3F80, 0x3F82, 0x3F81, 0x0001, 0xC049, 0x7F62]
      for path in paths {
        onPath(path) { withPool(threads: 2) { pool in
          var y = [UInt16](repeating: 0, count: x.count)
          ck_narrow_bfloat16(pool, x.count, x, &y)
          #expect(y == expected)
        } }
      }
    }

    @Test("the finite check names the first that is not", arguments: [Float.nan, .infinity, -.infinity])
    func nonfinite(_ bad: Float) {
      let count = 400_003
      for path in paths {
        for threads: Int32 in 1...3 {
          onPath(path) { withPool(threads: threads) { pool in
            var x = [Float](repeating: .greatestFiniteMagnitude, count: count)
            #expect(ck_first_nonfinite(pool, count, x) == -1)
            for index in [count - 1, 300_000, 17, 0] {
              x[index] = bad
              #expect(ck_first_nonfinite(pool, count, x) == index)
            }
          } }
        }
      }
    }

    @Test("argmax gives the first of equals and never a NaN")
    func argmax() {
      for path in paths {
        onPath(path) {
          #expect(ck_argmax(5, [1, 3, 3, 2, -1]) == 1)
          #expect(ck_argmax(3, [.nan, -5, -4]) == 2)
          #expect(ck_argmax(70, (0..<70).map { Float($0) }) == 69)
        }
      }
    }
  }
}
