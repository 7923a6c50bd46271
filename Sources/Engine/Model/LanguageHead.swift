internal import CKernels

/// The final norm, the LM head and the cross-entropy, over the supervised rows alone and a chunk of them at a time, so that the
/// logits of a batch never exist as a whole.
final class LanguageHead {
  private let norm: NormWeight
  private let weight: Weight
  private let hiddenSize: Int
  private let arena: RowArena
  private let slots: Slots

  private struct Slots {
    let x: RowSlot
    let scale: RowSlot
    let normed: RowSlot
    let gradient: RowSlot
    let logits: RowSlot
    let coefficient: RowSlot
    let loss: RowSlot

    init(hiddenSize: Int, vocabularySize: Int, in layout: inout RowLayout) {
      x = layout.take(hiddenSize)
      scale = layout.take(1)
      normed = layout.take(hiddenSize)
      gradient = layout.take(hiddenSize)
      logits = layout.take(vocabularySize)
      coefficient = layout.take(1)
      loss = layout.take(1)
    }
  }

  private let chunkRows: Int

  /// 32 MiB of logits, but never fewer than 512 rows: below that laying out the head's matrix, once for each chunk, costs more than the memory.
  private static func chunkRows(vocabularySize: Int) -> Int { max(512, (1 << 23) / vocabularySize / 16 * 16) }

  /// What the head takes for a batch with so many supervised rows.
  static func byteCount(_ base: ModelConfiguration, supervisedRows: Int) -> Int {
    var layout = RowLayout()
    _ = Slots(hiddenSize: base.hiddenSize, vocabularySize: base.vocabularySize, in: &layout)
    return RowArena.byteCount(layout, tokens: min(chunkRows(vocabularySize: base.vocabularySize), supervisedRows))
  }

  init(norm: NormWeight, weight: Weight) {
    self.norm = norm
    self.weight = weight
    hiddenSize = weight.inputs
    chunkRows = Self.chunkRows(vocabularySize: weight.outputs)
    var layout = RowLayout()
    slots = Slots(hiddenSize: hiddenSize, vocabularySize: weight.outputs, in: &layout)
    arena = RowArena(layout)
  }

  /// The negative log-likelihood of every supervised token, in nats, in row order.
  func losses(_ stream: UnsafeMutablePointer<Float>, _ batch: RaggedBatch, pool: KernelPool) -> [Float] {
    var losses: [Float] = []
    forEachChunk(of: batch) { rows, targets in
      forward(stream, rows, pool: pool)
      ck_cross_entropy(pool.handle, rows.count, weight.outputs, arena[slots.logits], targets, nil, arena[slots.loss])
      losses += UnsafeBufferPointer(start: arena[slots.loss], count: rows.count)
    }
    return losses
  }

  /// The same, and d of the stream [rows × hidden] for a mean over `divisor` supervised tokens: +0 in rows without a target.
  func lossesAndGradient(
    _ stream: UnsafeMutablePointer<Float>, _ batch: RaggedBatch, divisor: Int, into dStream: UnsafeMutablePointer<Float>, pool: KernelPool
  ) -> [Float] {
    dStream.update(repeating: 0, count: batch.rowCount * hiddenSize)
    var losses: [Float] = []
    forEachChunk(of: batch) { rows, targets in
      forward(stream, rows, pool: pool)
      ck_supervised_coefficients(rows.count, targets, divisor, arena[slots.coefficient])
      ck_cross_entropy(pool.handle, rows.count, weight.outputs, arena[slots.logits], targets, arena[slots.coefficient], arena[slots.loss])
      losses += UnsafeBufferPointer(start: arena[slots.loss], count: rows.count)
      backward(rows, into: dStream, pool: pool)
    }
    return losses
  }

  func release() { arena.release() }

  /// The logits of one row of the stream.
  func logits(_ stream: UnsafeMutablePointer<Float>, row: Int, pool: KernelPool) -> UnsafeBufferPointer<Float> {
    arena.reserve(tokens: 1)
    forward(stream, [row], pool: pool)
    return UnsafeBufferPointer(start: arena[slots.logits], count: weight.outputs)
  }

  private func forEachChunk(of batch: RaggedBatch, _ body: ([Int], [Int32]) -> Void) {
    arena.reserve(tokens: min(chunkRows, batch.supervisedRows.count))
    for first in stride(from: 0, to: batch.supervisedRows.count, by: chunkRows) {
      let range = first..<min(first + chunkRows, batch.supervisedRows.count)
      body(Array(batch.supervisedRows[range]), Array(batch.supervisedTargets[range]))
    }
  }

  /// Gathers the rows; logits [rows × vocabulary] = norm(x) · Wᵀ
  private func forward(_ stream: UnsafeMutablePointer<Float>, _ rows: [Int], pool: KernelPool) {
    let (x, normed, logits) = (arena[slots.x], arena[slots.normed], arena[slots.logits])
    for (index, row) in rows.enumerated() { (x + index * hiddenSize).update(from: stream + row * hiddenSize, count: hiddenSize) }
    norm.forward(x, into: normed, scales: arena[slots.scale], rows: rows.count, pool: pool)
    weight.forward(
      MatrixRows(start: normed, stride: hiddenSize), into: MatrixRows(start: logits, stride: weight.outputs), tokens: rows.count, pool: pool)
  }

  /// From the gradient of the logits, which stands in their place.
  private func backward(_ rows: [Int], into dStream: UnsafeMutablePointer<Float>, pool: KernelPool) {
    let (x, normed, gradient) = (arena[slots.x], arena[slots.normed], arena[slots.gradient])
    let dLogits = MatrixRows(start: arena[slots.logits], stride: weight.outputs)
    weight.accumulateGradient(dLogits, MatrixRows(start: normed, stride: hiddenSize), tokens: rows.count, pool: pool)
    weight.backward(dLogits, into: MatrixRows(start: gradient, stride: hiddenSize), accumulate: false, tokens: rows.count, pool: pool)
    norm.backward(gradient, x: x, scales: arena[slots.scale], residual: nil, into: gradient, rows: rows.count, pool: pool)
    for (index, row) in rows.enumerated() { (dStream + row * hiddenSize).update(from: gradient + index * hiddenSize, count: hiddenSize) }
  }
}
