// What only some families have: norms of heads and stretched frequencies, against the page to the bit.
import CKernels
import Foundation
import Testing

extension Kernels {
  @Suite("Heads and positions of the families")
  struct Heads {
    @Test("a norm of heads is the norm of each head, between other columns that stay", arguments: [1, 7, 12, 64, 128])
    func norm(width: Int) {
      let (tokens, heads) = (9, 3), rows = tokens * heads, xStride = heads * width + 5, yStride = heads * width + 2
      let x = awkward(tokens * xStride, stream: 1), w = awkward(width, stream: 2), before = awkward(width, stream: 3)
      let dy = awkward(tokens * yStride, stream: 4)
      let result = everywhere("head norm of \(width)") { memory, pool in
        let x = memory.array(x), w = memory.array(w), y = memory.array(dy), dx = memory.array(dy), r = memory.unset(rows), dw = memory.array(before)
        ck_head_norm_forward(pool, tokens, heads, width, x, xStride, w, 1e-5, y, yStride, r)
        ck_head_norm_weight_gradient(pool, tokens, heads, width, dx, yStride, x, xStride, r, dw)
        ck_head_norm_backward(pool, tokens, heads, width, x, xStride, w, r, dx, yStride)
        return values(y, tokens * yStride) + values(r, rows) + values(dx, tokens * yStride) + values(dw, width)
      }
      var y = dy, dx = dy, scales: [Float] = [], dw = before
      for t in 0..<tokens {
        for h in 0..<heads {
          let row = Array(x[(t * xStride + h * width)..<(t * xStride + (h + 1) * width)]), at = t * yStride + h * width
          let r = 1 / (Reference.dot64(row, row) / Float(width) + 1e-5).squareRoot()
          scales.append(r)
          let g = row.indices.map { dy[at + $0] * w[$0] }
          let c = (Reference.dot64(g, row) * (r * r)) / Float(width)
          for j in row.indices {
            y[at + j] = (row[j] * r) * w[j]
            dw[j] = Reference.fma(dy[at + j], row[j] * r, dw[j])
            dx[at + j] = r * Reference.fma(-c, row[j], g[j])
          }
        }
      }
      expectSameBits(result, y + scales + dx + dw, "head norm of \(width)")
    }

    /// Llama 3.1's own numbers, and some whose frequencies fall into all three parts.
    static let stretches: [(d: Int, theta: Double, stretch: ck_rotary_stretch)] = [
      (128, 500_000, ck_rotary_stretch(factor: 8, low_frequency_factor: 1, high_frequency_factor: 4, original_positions: 8192)),
      (64, 500_000, ck_rotary_stretch(factor: 32, low_frequency_factor: 1, high_frequency_factor: 4, original_positions: 8192)),
      (10, 10_000, ck_rotary_stretch(factor: 8, low_frequency_factor: 1, high_frequency_factor: 16, original_positions: 256)),
    ]

    @Test("stretched frequencies follow the page, and transformers' formula within a unit in the last place", arguments: 0..<3)
    func stretched(number: Int) {
      let (d, theta, stretch) = Self.stretches[number]
      let result = everywhere("stretched frequencies") { memory, _ in
        let f = memory.unset(d / 2)
        ck_rotary_frequencies_stretched(d, theta, stretch, f)
        return values(f, d / 2)
      }
      let (n, low, high) = (stretch.original_positions, stretch.low_frequency_factor, stretch.high_frequency_factor)
      var parts: Set<Int> = []
      for (i, frequency) in result.enumerated() {
        let plain = ck_exp64(-(Double(2 * i) / Double(d)) * ck_log64(theta)), wavelength = 0x1.921fb54442d18p+2 / plain
        let s = (n / wavelength - low) / (high - low)
        let part = wavelength < n / high ? 0 : wavelength > n / low ? 2 : 1
        let expected = part == 0 ? plain : part == 2 ? plain / stretch.factor : ((1 - s) * plain) / stretch.factor + s * plain
        parts.insert(part)
        #expect(frequency.bitPattern == Float(expected).bitPattern, "frequency \(i)")
        let theirs = Self.transformers(pow(theta, -Double(2 * i) / Double(d)), stretch)
        #expect(abs(Double(frequency) - theirs) <= theirs * 0x1p-23)
      }
      #expect(parts == [0, 1, 2])
    }

    /// `_compute_llama3_parameters` of transformers, in binary64 of libm: clamping says the same as its three cases.
    private static func transformers(_ frequency: Double, _ stretch: ck_rotary_stretch) -> Double {
      let turns = stretch.original_positions * frequency / (2 * .pi)
      let smooth = min(1, max(0, (turns - stretch.low_frequency_factor) / (stretch.high_frequency_factor - stretch.low_frequency_factor)))
      return (1 - smooth) * frequency / stretch.factor + smooth * frequency
    }
  }
}

extension Kernels.Gradients {
  @Test("a norm of heads")
  func headNorm() {
    let (tokens, heads, width) = (3, 2, 7), count = tokens * heads * width
    let x = uniform(count, stream: 1), w = uniform(width, stream: 2), dy = uniform(count, stream: 3)
    func loss(_ x: [Double], _ w: [Double]) -> Double {
      Self.dot((0..<(tokens * heads)).flatMap { row in
        let head = x[(row * width)..<((row + 1) * width)]
        let r = 1 / (head.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
        return zip(head, w).map { $0 * r * $1 }
      }, dy)
    }
    let result = Self.run { memory, pool in
      let x = memory.array(x), w = memory.array(w), y = memory.unset(count), r = memory.unset(tokens * heads)
      let dx = memory.array(dy), dw = memory.zeros(width), stride = heads * width
      ck_head_norm_forward(pool, tokens, heads, width, x, stride, w, 1e-5, y, stride, r)
      ck_head_norm_weight_gradient(pool, tokens, heads, width, dx, stride, x, stride, r, dw)
      ck_head_norm_backward(pool, tokens, heads, width, x, stride, w, r, dx, stride)
      return values(dx, count) + values(dw, width)
    }
    let (xs, ws) = (x.map(Double.init), w.map(Double.init))
    Self.expectClose(result, Self.differences(x) { loss($0, ws) } + Self.differences(w) { loss(xs, $0) }, "head norm")
  }

  @Test("a bias")
  func bias() {
    let (rows, columns) = (5, 9), y = uniform(rows * columns, stream: 1), bias = uniform(columns, stream: 2), dy = uniform(rows * columns, stream: 3)
    let result = Self.run { memory, pool in
      let sums = memory.zeros(columns)
      ck_column_sums(pool, rows, columns, memory.array(dy), columns, sums)
      return values(sums, columns)
    }
    let expected = Self.differences(bias) { bias in Self.dot(y.indices.map { Double(y[$0]) + bias[$0 % columns] }, dy) }
    Self.expectClose(result, expected, "bias")
  }
}
