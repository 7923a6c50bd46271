// Counter-based randomness: published vectors, and that what is drawn depends on its coordinates alone.
import CKernels
import Testing

extension Kernels {
  @Suite("Randomness")
  struct Randomness {
    struct Vector: CustomTestStringConvertible {
      var counter: [UInt32], key: [UInt32], words: [UInt32]
      var testDescription: String { "counter \(counter), key \(key)" }
    }

    /// Random123's known answers for philox4x32-10 (kat_vectors).
    static let published: [Vector] = [
      Vector(counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      Vector(
        counter: [.max, .max, .max, .max], key: [.max, .max], words: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
      Vector(
        counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0],
        words: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
    ]

    @Test("Philox4x32-10 gives its published answers", arguments: published)
    func knownAnswers(_ vector: Vector) {
      var words = [UInt32](repeating: 0, count: 4)
      ck_philox(vector.counter, vector.key, &words)
      #expect(words == vector.words)
    }

    @Test("a word depends on seed, stream, step and index alone")
    func words() {
      func words(_ random: ck_random, from first: UInt64, _ count: Int) -> [UInt32] {
        var out = [UInt32](repeating: 0, count: count)
        ck_random_words(random, first, count, &out)
        return out
      }
      let base = ck_random(seed: 1 << 40 | 7, stream: 3, step: 9)
      let all = words(base, from: 0, 40)
      for first in 0..<20 { #expect(words(base, from: UInt64(first), 11) == Array(all[first..<(first + 11)])) }
      #expect(words(ck_random(seed: 7, stream: 3, step: 9), from: 0, 40) != all)
      #expect(words(ck_random(seed: 1 << 40 | 7, stream: 4, step: 9), from: 0, 40) != all)
      #expect(words(ck_random(seed: 1 << 40 | 7, stream: 3, step: 8), from: 0, 40) != all)
      var block = [UInt32](repeating: 0, count: 4)
      ck_philox([1, 1, 9, 3], [7, 256], &block)
      #expect(words(base, from: (1 << 32 | 1) * 4, 4) == block)
    }

    @Test("uniform values fill their interval, from whole blocks and a rest", arguments: [1, 3, 4, 1_000, 40_001])
    func uniformValues(count: Int) {
      let random = ck_random(seed: 5, stream: 1, step: 0)
      let x = everywhere("uniform") { memory, pool in
        let out = memory.unset(count)
        ck_fill_uniform(pool, count, random, ck_kaiming_bound(16), out)
        return values(out, count)
      }
      var words = [UInt32](repeating: 0, count: count)
      ck_random_words(random, 0, count, &words)
      expectSameBits(x, words.map { (Float(2 * Int32($0 >> 8) - 1 << 24) * 0x1p-24) * 0.25 }, "uniform")
      #expect(x.allSatisfy { -0.25 <= $0 && $0 < 0.25 })
    }

    @Test("normal values have their mean, deviation and tails")
    func normalValues() {
      let count = 100_003
      let x = everywhere("normal") { memory, pool in
        let out = memory.unset(count)
        ck_fill_normal(pool, count, ck_random(seed: 5, stream: 2, step: 0), 0.02, out)
        return values(out, count)
      }.map(Double.init)
      let mean = x.reduce(0, +) / Double(count)
      let deviation = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
      // Four standard errors.
      #expect(abs(mean) < 4 * 0.02 / Double(count).squareRoot())
      #expect(abs(deviation - 0.02) < 4 * 0.02 / (2 * Double(count)).squareRoot())
      let beyondTwo = Double(x.count { abs($0) > 0.04 }) / Double(count)
      #expect(abs(beyondTwo - 0.0455) < 0.003)
    }

    @Test("a permutation holds every index once and depends on the step", arguments: [0, 1, 2, 1_000])
    func permutations(count: Int) {
      func order(step: UInt32) -> [Int] {
        var order = [Int](repeating: -1, count: count)
        ck_permutation(ck_random(seed: 1, stream: 4, step: step), count, &order)
        return order
      }
      #expect(order(step: 0).sorted() == Array(0..<count))
      if count > 2 { #expect(order(step: 0) != order(step: 1)) }
      if count > 2 { #expect(order(step: 0) != Array(0..<count)) }
    }

    @Test("every one of the six orders of three comes about as often")
    func fairness() {
      var seen: [[Int]: Int] = [:]
      for step in 0..<UInt32(6_000) {
        var order = [0, 0, 0]
        ck_permutation(ck_random(seed: 1, stream: 4, step: step), 3, &order)
        seen[order, default: 0] += 1
      }
      #expect(seen.count == 6)
      #expect(seen.values.allSatisfy { abs($0 - 1_000) < 150 })
    }

    @Test("dropout is keyed by example and token, never by the row")
    func dropout() {
      let width = 37
      func dropped(_ examples: [UInt32], _ tokens: [UInt32]) -> [Float] {
        everywhere("dropout") { memory, pool in
          let x = memory.array([Float](repeating: 2, count: width * tokens.count)), y = memory.unset(width * tokens.count)
          ck_dropout(pool, tokens.count, width, memory.array(examples), memory.array(tokens), 9, 4, 0.25, x, y)
          return values(y, width * tokens.count)
        }
      }
      let forward = dropped([3, 3, 8], [0, 1, 0]), shuffled = dropped([8, 3, 3], [0, 0, 1])
      expectSameBits(Array(shuffled[..<width]), Array(forward[(2 * width)...]), "the same example in another row")
      expectSameBits(Array(shuffled[width...]), Array(forward[..<(2 * width)]), "the same example in another row")
      #expect(Set(forward) == [0, 2 * Float(1 / 0.75)])
      let many = dropped([UInt32](repeating: 0, count: 400), Array(0..<400))
      #expect(abs(Double(many.count { $0 == 0 }) / Double(many.count) - 0.25) < 0.02)
    }
  }
}
