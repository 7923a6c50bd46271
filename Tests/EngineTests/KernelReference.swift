// docs/numerics.md once more, as plain loops in Swift: one value at a time, no vectors, no blocks, no threads. Where a kernel and this disagree in
// one bit, one of them does not do what the page says.
import CKernels

enum Reference {
  static func fma(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

  /// Section 2: 64 lanes and a tree; `step` takes a lane and an index to the lane's next value.
  static func lanes(_ count: Int, start: Float, step: (Float, Int) -> Float, tree: (Float, Float) -> Float) -> Float {
    var lane = [Float](repeating: start, count: 64)
    for i in 0..<count { lane[i % 64] = step(lane[i % 64], i) }
    var width = 32
    while width > 0 {
      for l in 0..<width { lane[l] = tree(lane[l], lane[l + width]) }
      width /= 2
    }
    return lane[0]
  }

  static func sum64(_ x: [Float]) -> Float { lanes(x.count, start: 0, step: { $0 + x[$1] }, tree: { $0 + $1 }) }

  static func dot64(_ x: [Float], _ y: [Float]) -> Float {
    lanes(x.count, start: 0, step: { fma(x[$1], y[$1], $0) }, tree: { $0 + $1 })
  }

  static func max64(_ x: [Float]) -> Float {
    lanes(x.count, start: -.infinity, step: { x[$1] > $0 ? x[$1] : $0 }, tree: { $1 > $0 ? $1 : $0 })
  }

  static func chain(_ range: Range<Int>, from start: Float = 0, _ x: (Int) -> Float, _ y: (Int) -> Float) -> Float {
    range.reduce(start) { fma(x($1), y($1), $0) }
  }

  // MARK: Section 3

  static func exp(_ argument: Float) -> Float {
    var x = argument > 89 ? 89 : argument
    x = x < -104 ? -104 : x
    let t = fma(x, 0x1.715476p+0, 0x1.8p+23)
    let n = t - 0x1.8p+23
    var r = fma(n, -0x1.62e43p-1, x)
    r = fma(n, 0x1.05c61p-29, r)
    var q: Float = 0x1.9f0888p-13
    for c: Float in [0x1.6d8d1ap-10, 0x1.11127p-7, 0x1.55548ep-5, 0x1.555554p-3, 0x1p-1] { q = fma(q, r, c) }
    let e = 1 + fma(q, r * r, r)
    let i = Int32(bitPattern: t.bitPattern) - 0x4B40_0000
    let half = i >> 1
    func pow2(_ i: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: (i + 127) << 23)) }
    return (e * pow2(half)) * pow2(i - half)
  }

  static func log(_ x: Float) -> Float {
    let tiny = x < 0x1p-126
    let offset = Int32(bitPattern: (tiny ? x * 0x1p+23 : x).bitPattern) - 0x3F35_04F3
    let n = Float((offset >> 23) - (tiny ? 23 : 0))
    let f = Float(bitPattern: UInt32(bitPattern: (offset & 0x7F_FFFF) + 0x3F35_04F3)) - 1
    let z = f * f
    var p: Float = 0x1.1457ap-4
    let rest: [Float] = [
      -0x1.de3c14p-4, 0x1.e6f06cp-4, -0x1.fc2208p-4, 0x1.233768p-3, -0x1.555c4ep-3, 0x1.99a4b6p-3, -0x1.000006p-2, 0x1.555548p-2,
    ]
    for c in rest { p = fma(p, f, c) }
    var y = fma(n, 0x1.7f7d1cp-20, (f * z) * p)
    y = fma(-0.5, z, y)
    return fma(n, 0x1.62e4p-1, f + y)
  }

  static func sigmoid(_ x: Float) -> Float {
    let e = exp(-x.magnitude)
    return (x < 0 ? e : 1) / (1 + e)
  }

  // MARK: Section 8, one head of one segment; rows are arrays of features

  struct Attention {
    var output: [[Float]] = [], weights: [[Float]] = []
  }

  static func attention(q: [[Float]], k: [[Float]], v: [[Float]], scale: Float) -> Attention {
    var result = Attention()
    for i in q.indices {
      let s = (0...i).map { j in chain(q[i].indices, { q[i][$0] }, { k[j][$0] }) * scale }
      let m = max64(s)
      let p = s.map { exp($0 - m) }
      let z = 1 / sum64(p)
      let w = p.map { $0 * z }
      result.weights.append(w)
      result.output.append(v[i].indices.map { e in chain(0..<(i + 1), { w[$0] }, { v[$0][e] }) })
    }
    return result
  }

  /// u[i][j] of section 8.
  static func scoreGradients(_ forward: Attention, v: [[Float]], doutput: [[Float]], scale: Float) -> [[Float]] {
    doutput.indices.map { i in
      let dot = dot64(doutput[i], forward.output[i])
      return (0...i).map { j in
        let dw = chain(v[j].indices, { doutput[i][$0] }, { v[j][$0] })
        return (forward.weights[i][j] * (dw - dot)) * scale
      }
    }
  }
}
