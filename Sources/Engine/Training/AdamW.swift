internal import CKernels

/// The optimiser's state: two moments for every trained number, and the powers of the betas in binary64.
final class AdamW {
  let firstMoment: FloatBuffer
  let secondMoment: FloatBuffer
  var powers = ck_adamw_powers(beta1_power: 1, beta2_power: 1)
  private let hyper: ck_adamw
  private let block: ParameterBlock
  /// One sum of squares for every 4,096 numbers of every tensor, in name order.
  private let squares: FloatBuffer

  init(_ parameters: TrainingParameters, block: ParameterBlock) {
    hyper = ck_adamw(beta1: parameters.beta1, beta2: parameters.beta2, epsilon: parameters.epsilon, weight_decay: parameters.weightDecay)
    self.block = block
    firstMoment = FloatBuffer(count: block.values.count)
    secondMoment = FloatBuffer(count: block.values.count)
    squares = FloatBuffer(count: block.slots.reduce(0) { $0 + Self.blockCount($1) })
  }

  private static func blockCount(_ slot: ParameterBlock.Slot) -> Int {
    let blockSize = Int(CK_NORM_BLOCK)
    return (slot.count + blockSize - 1) / blockSize
  }

  /// What the powers are after so many steps, whoever took them.
  func powers(after steps: Int) -> ck_adamw_powers {
    var powers = ck_adamw_powers(beta1_power: 1, beta2_power: 1)
    for _ in 0..<steps { _ = ck_adamw_begin_step(hyper, 0, &powers) }
    return powers
  }

  /// The norm of the whole gradient.
  func gradientNorm(pool: KernelPool) -> Double {
    var next = squares.start
    for slot in block.slots {
      ck_squared_blocks(pool.handle, slot.count, block.gradients.start + slot.offset, next)
      next += Self.blockCount(slot)
    }
    return ck_norm_of_blocks(squares.count, squares.start)
  }

  /// One step on every tensor, with the gradient clipped to `clip` where `norm` is larger.
  func update(learningRate: Double, norm: Double, clip: Double, pool: KernelPool) {
    let step = ck_adamw_begin_step(hyper, learningRate, &powers)
    let factor = ck_clip_factor(norm, clip)
    for slot in block.slots {
      ck_adamw_update(
        pool.handle, slot.count, step, slot.decays, factor, block.gradients.start + slot.offset, block.values.start + slot.offset,
        firstMoment.start + slot.offset, secondMoment.start + slot.offset)
    }
  }
}
