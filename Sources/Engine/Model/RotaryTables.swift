internal import CKernels

/// cos and sin of every (position, frequency), as far as positions have been asked for.
final class RotaryTables {
  private let half: Int
  private let frequencies: FloatBuffer
  private var cosines = FloatBuffer(count: 0)
  private var sines = FloatBuffer(count: 0)
  private var positionCount = 0

  init(_ configuration: ModelConfiguration) {
    half = configuration.headDimension / 2
    frequencies = FloatBuffer(count: half)
    guard let stretch = configuration.ropeStretch else {
      ck_rotary_frequencies(configuration.headDimension, configuration.ropeTheta, frequencies.start)
      return
    }
    ck_rotary_frequencies_stretched(configuration.headDimension, configuration.ropeTheta, ck_rotary_stretch(stretch), frequencies.start)
  }

  func reserve(positions: Int, pool: KernelPool) {
    guard positions > positionCount else { return }
    positionCount = max(positions, 2 * positionCount)
    cosines = FloatBuffer(count: positionCount * half)
    sines = FloatBuffer(count: positionCount * half)
    ck_rotary_tables(pool.handle, positionCount, half, frequencies.start, cosines.start, sines.start)
  }

  /// Turns x [tokens × heads × head dimension] in place.
  func turn(_ x: MatrixRows, heads: Int, positions: [Int32], pool: KernelPool) {
    ck_rotary_forward(pool.handle, positions.count, heads, 2 * half, positions, cosines.start, sines.start, x.start, x.stride)
  }

  /// The transpose of `turn`, on gradients.
  func turnBack(_ dx: MatrixRows, heads: Int, positions: [Int32], pool: KernelPool) {
    ck_rotary_backward(pool.handle, positions.count, heads, 2 * half, positions, cosines.start, sines.start, dx.start, dx.stride)
  }
}

extension ck_rotary_stretch {
  fileprivate init(_ stretch: RotaryStretch) {
    self.init(
      factor: stretch.factor, low_frequency_factor: stretch.lowFrequencyFactor, high_frequency_factor: stretch.highFrequencyFactor,
      original_positions: Double(stretch.originalPositionCount))
  }
}
