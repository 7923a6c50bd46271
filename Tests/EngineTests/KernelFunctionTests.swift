// Our exp, log, sin, cos, tanh and sigmoid: bounds against binary64, special values, and the page's formulas to the bit.
import CKernels
import Foundation
import Testing

extension Kernels {
  @Suite("Functions")
  struct Functions {
    typealias Operator = @Sendable (OpaquePointer, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

    struct Function: CustomTestStringConvertible, Sendable {
      var testDescription: String
      var kernel: Operator
      var exact: @Sendable (Double) -> Double
      var reference: (@Sendable (Float) -> Float)?
      var boundUlp: Double
      var domain: ClosedRange<Float>
    }

    static let all: [Function] = [
      Function(
        testDescription: "exp", kernel: ck_exp, exact: { Foundation.exp($0) }, reference: Reference.exp, boundUlp: 1.0,
        domain: -110...88.7),
      Function(
        testDescription: "log", kernel: ck_log, exact: { Foundation.log($0) }, reference: Reference.log, boundUlp: 0.85,
        domain: Float.leastNonzeroMagnitude...Float.greatestFiniteMagnitude),
      Function(
        testDescription: "sigmoid", kernel: ck_sigmoid, exact: { 1 / (1 + Foundation.exp(-$0)) }, reference: Reference.sigmoid,
        boundUlp: 2.4, domain: -103...103),
      Function(
        testDescription: "tanh", kernel: ck_tanh, exact: { Foundation.tanh($0) }, reference: nil, boundUlp: 1.6, domain: -20...20),
    ]

    /// Values over the whole domain: by value, and by bit pattern so that small magnitudes come too.
    static func samples(_ domain: ClosedRange<Float>) -> [Float] {
      let even = (0...20_000).map { domain.lowerBound + (domain.upperBound - domain.lowerBound) * (Float($0) / 20_000) }
      let byPattern = stride(from: UInt32(0), to: 0xFFFF_0000, by: 65_539).map { Float(bitPattern: $0) }
      return (even + byPattern).filter { domain.contains($0) }
    }

    static func ulp(_ y: Double) -> Double { Double(max(Float(y).ulp, Float.leastNonzeroMagnitude)) }

    @Test("stays within its bound of binary64, with the same bits everywhere", arguments: all)
    func bound(_ f: Function) {
      let x = Self.samples(f.domain)
      let y = everywhere(f.testDescription) { memory, pool in
        let out = memory.unset(x.count)
        f.kernel(pool, x.count, memory.array(x), out)
        return values(out, x.count)
      }
      let worst = zip(x, y).map { abs(Double($1) - f.exact(Double($0))) / Self.ulp(f.exact(Double($0))) }.max() ?? .infinity
      #expect(worst <= f.boundUlp)
      if let reference = f.reference { expectSameBits(y, x.map(reference), f.testDescription) }
    }

    @Test("special values")
    func special() {
      let x: [Float] = [0, -0.0, .infinity, -.infinity, 1000, -1000]
      func apply(_ kernel: @escaping Operator, _ x: [Float]) -> [Float] {
        everywhere("special values") { memory, pool in
          let out = memory.unset(x.count)
          kernel(pool, x.count, memory.array(x), out)
          return values(out, x.count)
        }
      }
      expectSameBits(apply(ck_exp, x), [1, 1, .infinity, 0, .infinity, 0], "exp")
      expectSameBits(apply(ck_sigmoid, x), [0.5, 0.5, 1, 0, 1, 0], "sigmoid")
      expectSameBits(apply(ck_tanh, x), [0, -0.0, 1, -1, 1, -1], "tanh")
      expectSameBits(apply(ck_log, [0, -0.0, .infinity, 1]), [-.infinity, -.infinity, .infinity, 0], "log")
      for kernel: Operator in [ck_exp, ck_log, ck_tanh, ck_sigmoid] {
        for path in paths {
          let y = onPath(path) { withPool(threads: 1) { pool in withMemory { memory in
            let out = memory.zeros(1)
            kernel(pool, 1, memory.array([Float.nan]), out)
            return out[0]
          } } }
          #expect(y.isNaN)
        }
      }
      for path in paths {
        let y = onPath(path) { withPool(threads: 1) { pool in withMemory { memory in
          let out = memory.zeros(1)
          ck_log(pool, 1, memory.array([Float(-1)]), out)
          return out[0]
        } } }
        #expect(y.isNaN)
      }
    }

    @Test("binary64 functions stay within two units in the last place, with the same bits on every path")
    func binary64() {
      var worst = (exp: 0.0, log: 0.0, sin: 0.0, cos: 0.0)
      func error(_ got: Double, _ want: Double) -> Double { abs(got - want) / want.ulp }
      for i in 0..<20_000 {
        let t = Double(i) / 20_000 * 2 - 1
        let power = t * 700, positive = Foundation.exp(t * 300), angle = i % 2 == 0 ? t * 7 : t * 1_048_576
        let results = paths.map { path in onPath(path) { [ck_exp64(power), ck_log64(positive), ck_sin64(angle), ck_cos64(angle)] } }
        for other in results.dropFirst() { #expect(other.map(\.bitPattern) == results[0].map(\.bitPattern)) }
        worst.exp = max(worst.exp, error(results[0][0], Foundation.exp(power)))
        worst.log = max(worst.log, error(results[0][1], Foundation.log(positive)))
        worst.sin = max(worst.sin, error(results[0][2], Foundation.sin(angle)))
        worst.cos = max(worst.cos, error(results[0][3], Foundation.cos(angle)))
      }
      // libm is itself up to one unit away.
      #expect(worst.exp <= 2)
      #expect(worst.log <= 3)
      #expect(worst.sin <= 3)
      #expect(worst.cos <= 3)
    }
  }
}
