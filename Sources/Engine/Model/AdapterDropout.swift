internal import CKernels

/// Which features of an adapter's input are left out in training: a function of the seed, the example's place in the plan, the token, the map and the
/// feature, never of how a step was cut.
struct AdapterDropout {
  let probability: Double
  let seed: UInt64

  /// Nil where nothing is left out: the pass then has no operation for it.
  init?(probability: Double, seed: UInt64) {
    guard probability > 0 else { return nil }
    self.probability = probability
    self.seed = seed
  }

  /// The map's number, with the upper bit set: the streams of other randomness have small ones.
  static func module(_ projection: Projection, layer: Int) -> UInt32 {
    1 << 31 | UInt32(truncatingIfNeeded: layer * Projection.allCases.count + projection.ordinal)
  }
}

/// The same for one batch, with room for an input of which something was left out [tokens × the widest input].
struct DropoutPass {
  private let dropout: AdapterDropout
  private let batch: RaggedBatch
  private let tokenIndices: [UInt32]
  let room: UnsafeMutablePointer<Float>

  init(_ dropout: AdapterDropout, _ batch: RaggedBatch, room: UnsafeMutablePointer<Float>) {
    self.dropout = dropout
    self.batch = batch
    tokenIndices = batch.tokenIndices
    self.room = room
  }

  /// room [tokens × width] = x, less what this map does not see; x may be the room. On a gradient the same call is the backward pass.
  func apply(_ x: UnsafePointer<Float>, width: Int, module: UInt32, pool: KernelPool) {
    ck_dropout(
      pool.handle, batch.rowCount, width, batch.exampleOrdinals, tokenIndices, dropout.seed, module, dropout.probability, x, room)
  }
}
