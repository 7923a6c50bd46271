// Norm, clipping, AdamW and the schedule against the page's formulas to the bit.
import CKernels
import Foundation
import Testing

extension Kernels {
  @Suite("Optimiser")
  struct Optimiser {
    @Test("squares are summed in blocks of 4,096, blocks in a tree", arguments: [1, 255, 4_096, 4_097, 100_000])
    func norm(count: Int) {
      let x = awkward(count, stream: 1), blocks = (count + 4_095) / 4_096
      let sums = everywhere("blocks") { memory, pool in
        let out = memory.unset(blocks)
        ck_squared_blocks(pool, count, memory.array(x), out)
        return values(out, blocks)
      }
      let expected = stride(from: 0, to: count, by: 4_096).map { start in
        let block = Array(x[start..<min(start + 4_096, count)])
        return Reference.dot64(block, block)
      }
      expectSameBits(sums, expected, "blocks")
      var level = expected.map(Double.init)
      while level.count > 1 {
        level = stride(from: 0, to: level.count, by: 2).map { $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0] }
      }
      for path in paths { onPath(path) { #expect(ck_norm_of_blocks(blocks, sums) == level[0].squareRoot()) } }
    }

    @Test("the tree adds neighbours, and an odd one out goes up", arguments: 0...9)
    func tree(count: Int) {
      // Each value meets rounding, so that another order would show.
      let blocks = (0..<count).map { Float(1) + Float($0) * 0x1p-20 + ($0 % 3 == 0 ? 0x1p+60 : 0) }
      var level = blocks.map(Double.init)
      while level.count > 1 {
        level = stride(from: 0, to: level.count, by: 2).map { $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0] }
      }
      #expect(ck_norm_of_blocks(count, blocks) == (level.first ?? 0).squareRoot())
    }

    @Test("clipping scales down only")
    func clipping() {
      #expect(ck_clip_factor(0.5, 1) == 1)
      #expect(ck_clip_factor(4, 1) == Float(1 / (4 + 1e-6)))
      #expect(ck_clip_factor(4, 0) == 1)
      #expect(ck_clip_factor(0, 1) == 1)
    }

    @Test("AdamW follows the page over several steps, with and without decay", arguments: [true, false])
    func adamw(decays: Bool) {
      let count = 20_011, hyper = ck_adamw(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01)
      let gradients = (0..<3).map { awkward(count, stream: 10 + $0) }, initial = awkward(count, stream: 1)
      let clip: Float = 0.37
      let result = everywhere("AdamW") { memory, pool in
        let p = memory.array(initial), m = memory.zeros(count), v = memory.zeros(count)
        var powers = ck_adamw_powers(beta1_power: 1, beta2_power: 1)
        for gradient in gradients {
          let step = ck_adamw_begin_step(hyper, 1e-3, &powers)
          ck_adamw_update(pool, count, step, decays, clip, memory.array(gradient), p, m, v)
        }
        return values(p, count) + values(m, count) + values(v, count)
      }
      var p = initial, m = [Float](repeating: 0, count: count), v = m, (b1, b2) = (1.0, 1.0)
      for gradient in gradients {
        b1 *= 0.9
        b2 *= 0.999
        let decay: Float = decays ? Float(1 - 1e-3 * 0.01) : 1
        let (c1, beta, c2) = (Float(1 - 0.9), Float(0.999), Float(1 - 0.999))
        let (rate, root, epsilon) = (Float(1e-3 / (1 - b1)), Float((1 - b2).squareRoot()), Float(1e-8))
        for i in 0..<count {
          let g = gradient[i] * clip
          m[i] = Reference.fma(c1, g - m[i], m[i])
          v[i] = Reference.fma(c2 * g, g, beta * v[i])
          p[i] = Reference.fma(-rate, m[i] / (v[i].squareRoot() / root + epsilon), p[i] * decay)
        }
      }
      expectSameBits(result, p + m + v, "AdamW")
    }

    @Test("the rate rises over the warm-up, then is constant, linear or a half cosine")
    func schedule() {
      for path in paths {
        onPath(path) {
          func rates(_ schedule: ck_schedule, warmup: Int64) -> [Double] {
            (0..<10).map { ck_learning_rate(schedule, 2, $0, 10, warmup) }
          }
          #expect(rates(CK_SCHEDULE_CONSTANT, warmup: 0).allSatisfy { $0 == 2 })
          #expect(rates(CK_SCHEDULE_CONSTANT, warmup: 3)[..<4] == [0.5, 1, 1.5, 2])
          let falling: [Double] = (0..<10).map { (s: Int) -> Double in 2.0 * (1.0 - Double(s) / 10.0) }
          #expect(rates(CK_SCHEDULE_LINEAR, warmup: 0) == falling)
          let cosine = rates(CK_SCHEDULE_COSINE, warmup: 2)
          #expect(cosine[2] == 2)
          for s in 2..<10 {
            let expected: Double = 1.0 + Foundation.cos(Double.pi * Double(s - 2) / 8.0)
            #expect(abs(cosine[s] - expected) < 1e-14)
          }
          // A run that goes on after its last planned step stays at the end, and one step of warm-up alone divides by nothing.
          #expect(abs(ck_learning_rate(CK_SCHEDULE_COSINE, 2, 12, 10, 2)) < 1e-15)
          #expect(ck_learning_rate(CK_SCHEDULE_COSINE, 2, 1, 1, 1) == 2)
        }
      }
    }

    @Test("the preference loss is −log σ of the margin, its coefficients the slope")
    func preference() {
      for (chosen, rejected) in [(5.0, 9.0), (9, 5), (700, 3), (3, 700), (4, 4)] {
        let result = ck_preference_loss(chosen, rejected, 6, 6.5, 0.1, 4)
        let margin = 0.1 * ((6 - chosen) - (6.5 - rejected))
        #expect(abs(result.margin - margin) < 1e-12)
        let loss = Foundation.log1p(Foundation.exp(-abs(margin))) + max(0, -margin)
        #expect(abs(result.loss - loss) < 1e-12)
        let slope = 0.1 / (1 + Foundation.exp(margin)) / 4
        #expect(abs(Double(result.chosen_coefficient) - slope) < 1e-8)
        #expect(result.rejected_coefficient == -result.chosen_coefficient)
      }
    }
  }
}
