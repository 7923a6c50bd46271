internal import CKernels

/// One layer of a decoder: x + attention(norm(x)), then that + feed(norm(that)).
struct DecoderLayer {
  let inputNorm: NormWeight
  /// Query, key, value.
  let attention: LinearGroup
  /// Nil in families that do not norm heads.
  let headNorms: HeadNorms?
  let output: LinearGroup
  let middleNorm: NormWeight
  /// Gate, up.
  let feed: LinearGroup
  let down: LinearGroup
}

/// What the layers of one pass share.
struct LayerPass {
  let configuration: ModelConfiguration
  let arena: RowArena
  let scratch: ScratchSlots
  let rotary: RotaryTables
  let batch: RaggedBatch
  let dropout: DropoutPass?
  let pool: KernelPool

  var tokens: Int { batch.rowCount }
  var queryWidth: Int { configuration.headCount * configuration.headDimension }
  var keyWidth: Int { configuration.keyValueHeadCount * configuration.headDimension }

  func rows(_ slot: RowSlot) -> MatrixRows { MatrixRows(start: arena[slot], stride: slot.width) }

  /// Query, key and value, the three parts of a slot.
  func parts(_ slot: RowSlot) -> [MatrixRows] {
    let all = rows(slot)
    return [all, all.columns(from: queryWidth), all.columns(from: queryWidth + keyWidth)]
  }

  /// Where the projections of query, key and value go: beside the slot that is turned, where heads are normed in between.
  func projected(_ slots: LayerSlots) -> [MatrixRows] {
    let parts = parts(slots.queryKeyValue)
    guard slots.projectedQueryKey.width > 0 else { return parts }
    let projected = rows(slots.projectedQueryKey)
    return [projected, projected.columns(from: queryWidth), parts[2]]
  }

  /// `keyValueStride` is that of a cache; nil where keys and values lie beside their queries.
  func withAttentionShape(keyValueStride: Int? = nil, _ body: (UnsafePointer<ck_attention>) -> Void) {
    let stride = queryWidth + 2 * keyWidth
    batch.segmentStarts.withUnsafeBufferPointer { starts in
      guard let start = starts.baseAddress else { return }
      var shape = ck_attention(
        segments: starts.count - 1, segment_starts: start, query_heads: configuration.headCount, key_heads: configuration.keyValueHeadCount,
        head_dimension: configuration.headDimension, query_stride: stride, key_stride: keyValueStride ?? stride, value_stride: keyValueStride ?? stride,
        output_stride: queryWidth,
        scale: ck_attention_scale(configuration.headDimension))
      body(&shape)
    }
  }
}

// MARK: - Forward

extension DecoderLayer {
  /// Reads the layer's input slot and writes the residual stream after it.
  func forward(_ slots: LayerSlots, into result: UnsafeMutablePointer<Float>, _ pass: LayerPass) {
    attend(slots, pass)
    feedForward(slots, into: result, pass)
  }

  private func attend(_ slots: LayerSlots, _ pass: LayerPass) {
    project(slots, pass)
    let parts = pass.parts(slots.queryKeyValue)
    let (attended, maxima, reciprocals) = (pass.arena[slots.attended], pass.arena[slots.maxima], pass.arena[slots.reciprocals])
    pass.withAttentionShape { shape in
      ck_attention_forward(pass.pool.handle, shape, parts[0].start, parts[1].start, parts[2].start, attended, maxima, reciprocals)
    }
    finishAttention(slots, pass)
  }

  /// Query, key and value of norm(x), the heads of the first two normed where the family does, and turned by their positions.
  func project(_ slots: LayerSlots, _ pass: LayerPass) {
    let normed = norm(slots, pass)
    let parts = pass.parts(slots.queryKeyValue)
    attention.forward(
      normed, into: pass.projected(slots), scaledHidden: pass.arena[slots.attentionHidden], dropout: pass.dropout, tokens: pass.tokens, pool: pass.pool)
    headNorms?.forward(slots, pass)
    pass.rotary.turn(parts[0], heads: pass.configuration.headCount, positions: pass.batch.positions, pool: pass.pool)
    pass.rotary.turn(parts[1], heads: pass.configuration.keyValueHeadCount, positions: pass.batch.positions, pool: pass.pool)
  }

  /// What query, key and value read, until the scratch is used again.
  private func norm(_ slots: LayerSlots, _ pass: LayerPass) -> MatrixRows {
    let normed = pass.rows(pass.scratch.normed)
    inputNorm.forward(pass.arena[slots.input], into: normed.start, scales: pass.arena[slots.inputScale], rows: pass.tokens, pool: pass.pool)
    return normed
  }

  /// What gate and up read, likewise.
  private func normMiddle(_ slots: LayerSlots, _ pass: LayerPass) -> MatrixRows {
    let normed = pass.rows(pass.scratch.normed)
    middleNorm.forward(pass.arena[slots.middle], into: normed.start, scales: pass.arena[slots.middleScale], rows: pass.tokens, pool: pass.pool)
    return normed
  }

  /// What down reads, likewise: silu(gate) · up.
  private func activate(_ slots: LayerSlots, _ pass: LayerPass) -> MatrixRows {
    let activated = pass.rows(pass.scratch.activated)
    ck_silu_forward(pass.pool.handle, pass.tokens * activated.stride, pass.arena[slots.gate], pass.arena[slots.up], activated.start)
    return activated
  }

  /// middle = x + attended · Wₒᵀ
  func finishAttention(_ slots: LayerSlots, _ pass: LayerPass) {
    let branch = pass.rows(pass.scratch.branch)
    output.forward(
      pass.rows(slots.attended), into: [branch], scaledHidden: pass.arena[slots.outputHidden], dropout: pass.dropout, tokens: pass.tokens,
      pool: pass.pool)
    ck_add(pass.pool.handle, pass.tokens * branch.stride, pass.arena[slots.input], branch.start, pass.arena[slots.middle])
  }

  /// result = middle + (silu(gate) · up) · Wₐᵀ
  func feedForward(_ slots: LayerSlots, into result: UnsafeMutablePointer<Float>, _ pass: LayerPass) {
    let arena = pass.arena
    feed.forward(
      normMiddle(slots, pass), into: [pass.rows(slots.gate), pass.rows(slots.up)], scaledHidden: arena[slots.feedHidden], dropout: pass.dropout,
      tokens: pass.tokens, pool: pass.pool)
    let branch = pass.rows(pass.scratch.branch)
    down.forward(
      activate(slots, pass), into: [branch], scaledHidden: arena[slots.downHidden], dropout: pass.dropout, tokens: pass.tokens, pool: pass.pool)
    ck_add(pass.pool.handle, pass.tokens * branch.stride, arena[slots.middle], branch.start, result)
  }
}

// MARK: - Backward

extension DecoderLayer {
  /// Turns d of the stream after the layer into d of the stream before it, in place, and adds the gradients of what is trained.
  /// Where nothing before the layer is trained, `reachesInput` is false and the last products are left out.
  func backward(_ slots: LayerSlots, reachesInput: Bool, _ pass: LayerPass) {
    feedBackward(slots, pass)
    attendBackward(slots, reachesInput: reachesInput, pass)
  }

  private func feedBackward(_ slots: LayerSlots, _ pass: LayerPass) {
    let arena = pass.arena
    let scratch = pass.scratch
    let (gate, up) = (pass.rows(slots.gate), pass.rows(slots.up))
    let (stream, branch, dActivated) = (pass.rows(scratch.stream), pass.rows(scratch.branch), pass.rows(scratch.activatedGradient))
    down.backward(
      [stream], x: activate(slots, pass), scaledHidden: arena[slots.downHidden], hiddenGradient: arena[scratch.hidden],
      dropout: pass.dropout, into: dActivated, tokens: pass.tokens, pool: pass.pool)
    // The gate and up of this layer are not read again: their gradients take their place.
    ck_silu_backward(pass.pool.handle, pass.tokens * gate.stride, gate.start, up.start, dActivated.start, gate.start, up.start)
    feed.backward(
      [gate, up], x: normMiddle(slots, pass), scaledHidden: arena[slots.feedHidden], hiddenGradient: arena[scratch.hidden],
      dropout: pass.dropout, into: branch, tokens: pass.tokens, pool: pass.pool)
    middleNorm.backward(
      branch.start, x: arena[slots.middle], scales: arena[slots.middleScale], residual: stream.start, into: stream.start, rows: pass.tokens,
      pool: pass.pool)
  }

  private func attendBackward(_ slots: LayerSlots, reachesInput: Bool, _ pass: LayerPass) {
    let arena = pass.arena
    let scratch = pass.scratch
    let (stream, branch, dAttended) = (pass.rows(scratch.stream), pass.rows(scratch.branch), pass.rows(scratch.attended))
    output.backward(
      [stream], x: pass.rows(slots.attended), scaledHidden: arena[slots.outputHidden], hiddenGradient: arena[scratch.hidden],
      dropout: pass.dropout, into: dAttended, tokens: pass.tokens, pool: pass.pool)
    let parts = pass.parts(slots.queryKeyValue)
    let gradients = pass.parts(scratch.queryKeyValue)
    pass.withAttentionShape { shape in
      ck_attention_backward(
        pass.pool.handle, shape, parts[0].start, parts[1].start, parts[2].start, arena[slots.attended], arena[slots.maxima],
        arena[slots.reciprocals], dAttended.start, gradients[0].start, gradients[1].start, gradients[2].start)
    }
    pass.rotary.turnBack(gradients[0], heads: pass.configuration.headCount, positions: pass.batch.positions, pool: pass.pool)
    pass.rotary.turnBack(gradients[1], heads: pass.configuration.keyValueHeadCount, positions: pass.batch.positions, pool: pass.pool)
    headNorms?.backward(gradients, slots, pass)
    attention.backward(
      gradients, x: norm(slots, pass), scaledHidden: arena[slots.attentionHidden], hiddenGradient: arena[scratch.hidden],
      dropout: pass.dropout, into: reachesInput ? branch : nil, tokens: pass.tokens, pool: pass.pool)
    guard reachesInput else { return }
    inputNorm.backward(
      branch.start, x: arena[slots.input], scales: arena[slots.inputScale], residual: stream.start, into: stream.start, rows: pass.tokens,
      pool: pass.pool)
  }
}
