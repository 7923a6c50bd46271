// Attention against the page's formulas to the bit: ragged segments, grouped heads, one token at a time.
import CKernels
import Testing

extension Kernels {
  @Suite("Attention")
  struct AttentionTests {
    struct Case: CustomTestStringConvertible {
      var lengths: [Int], heads: Int, keyHeads: Int, d: Int
      var testDescription: String { "segments \(lengths), \(heads)/\(keyHeads) heads of \(d)" }
      var starts: [Int] { lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) } }
      var tokens: Int { lengths.reduce(0, +) }
    }

    static let cases = [
      Case(lengths: [1], heads: 1, keyHeads: 1, d: 2), Case(lengths: [7, 1, 33], heads: 4, keyHeads: 2, d: 16),
      Case(lengths: [65], heads: 3, keyHeads: 1, d: 20), Case(lengths: [0, 130, 47], heads: 2, keyHeads: 2, d: 64),
      Case(lengths: [40, 49], heads: 6, keyHeads: 2, d: 7),
    ]

    struct Inputs {
      var q: [Float], k: [Float], v: [Float], doutput: [Float]
      init(_ c: Case) {
        q = awkward(c.tokens * c.heads * c.d, stream: 1).map { min($0, 3) }
        k = awkward(c.tokens * c.keyHeads * c.d, stream: 2).map { min($0, 2) }
        v = awkward(c.tokens * c.keyHeads * c.d, stream: 3)
        doutput = awkward(c.tokens * c.heads * c.d, stream: 4)
      }
    }

    static func withShape<Result>(_ c: Case, _ memory: Memory, _ body: (UnsafePointer<ck_attention>) -> Result) -> Result {
      var shape = ck_attention(
        segments: c.lengths.count, segment_starts: memory.array(c.starts), query_heads: c.heads, key_heads: c.keyHeads,
        head_dimension: c.d, query_stride: c.heads * c.d, key_stride: c.keyHeads * c.d, value_stride: c.keyHeads * c.d,
        output_stride: c.heads * c.d, scale: ck_attention_scale(c.d))
      return body(&shape)
    }

    /// Output, dq, dk, dv.
    static func kernel(_ c: Case, _ inputs: Inputs) -> [Float] {
      let (n, wide, narrow) = (c.tokens, c.tokens * c.heads * c.d, c.tokens * c.keyHeads * c.d)
      return everywhere("attention, \(c.testDescription)") { memory, pool in
        withShape(c, memory) { shape in
          let q = memory.array(inputs.q), k = memory.array(inputs.k), v = memory.array(inputs.v), doutput = memory.array(inputs.doutput)
          let output = memory.unset(wide), m = memory.unset(n * c.heads), z = memory.unset(n * c.heads)
          let dq = memory.unset(wide), dk = memory.unset(narrow), dv = memory.unset(narrow)
          ck_attention_forward(pool, shape, q, k, v, output, m, z)
          ck_attention_backward(pool, shape, q, k, v, output, m, z, doutput, dq, dk, dv)
          return values(output, wide) + values(dq, wide) + values(dk, narrow) + values(dv, narrow)
        }
      }
    }

    static func reference(_ c: Case, _ inputs: Inputs) -> [Float] {
      let (d, group, scale) = (c.d, c.heads / c.keyHeads, ck_attention_scale(c.d))
      var output = [Float](repeating: .nan, count: inputs.q.count), dq = output
      var dk = [Float](repeating: 0, count: inputs.k.count), dv = dk
      for (start, length) in zip(c.starts, c.lengths) {
        func head(_ x: [Float], _ heads: Int, _ h: Int) -> [[Float]] {
          (start..<(start + length)).map { t in (0..<d).map { x[(t * heads + h) * d + $0] } }
        }
        for h in 0..<c.heads {
          let q = head(inputs.q, c.heads, h), k = head(inputs.k, c.keyHeads, h / group), v = head(inputs.v, c.keyHeads, h / group)
          let doutput = head(inputs.doutput, c.heads, h)
          let forward = Reference.attention(q: q, k: k, v: v, scale: scale)
          let u = Reference.scoreGradients(forward, v: v, doutput: doutput, scale: scale)
          for i in 0..<length {
            for e in 0..<d {
              let at = ((start + i) * c.heads + h) * d + e
              output[at] = forward.output[i][e]
              dq[at] = Reference.chain(0..<(i + 1), { u[i][$0] }, { k[$0][e] })
              let key = ((start + i) * c.keyHeads + h / group) * d + e
              dk[key] = Reference.chain(i..<length, from: dk[key], { u[$0][i] }, { q[$0][e] })
              dv[key] = Reference.chain(i..<length, from: dv[key], { forward.weights[$0][i] }, { doutput[$0][e] })
            }
          }
        }
      }
      return output + dq + dk + dv
    }

    @Test("forward and backward follow the page, the same bits everywhere", arguments: cases)
    func followsPage(_ c: Case) {
      let inputs = Inputs(c)
      expectSameBits(Self.kernel(c, inputs), Self.reference(c, inputs), c.testDescription)
    }

    @Test("packing examples together changes nothing")
    func packing() {
      let both = Case(lengths: [37, 50], heads: 2, keyHeads: 1, d: 8), first = Case(lengths: [37], heads: 2, keyHeads: 1, d: 8)
      let inputs = Inputs(both)
      var alone = inputs
      alone.q = Array(inputs.q[..<(37 * 16)])
      alone.k = Array(inputs.k[..<(37 * 8)])
      alone.v = Array(inputs.v[..<(37 * 8)])
      alone.doutput = Array(inputs.doutput[..<(37 * 16)])
      expectSameBits(
        Array(Self.kernel(first, alone)[..<(37 * 16)]), Array(Self.kernel(both, inputs)[..<(37 * 16)]), "the first example alone")
    }

    @Test("one token against a cache has the bits of the whole row", arguments: [1, 8, 61])
    func step(keys: Int) {
      let c = Case(lengths: [keys], heads: 4, keyHeads: 2, d: 24), inputs = Inputs(c), wide = c.heads * c.d
      let last = everywhere("one token") { memory, pool in
        Self.withShape(c, memory) { shape in
          let output = memory.unset(wide)
          let q = memory.array(Array(inputs.q[((keys - 1) * wide)...]))
          ck_attention_step(pool, shape, keys, q, memory.array(inputs.k), memory.array(inputs.v), output)
          return values(output, wide)
        }
      }
      expectSameBits(last, Array(Self.kernel(c, inputs)[((keys - 1) * wide)..<(keys * wide)]), "the last of \(keys)")
    }
  }
}
