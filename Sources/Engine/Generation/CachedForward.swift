internal import CKernels

extension DecoderLayer {
  /// The forward pass of tokens that follow what `cache` holds: any number when it holds nothing, one after that. The same bits as a
  /// forward pass over all of them.
  func forward(_ slots: LayerSlots, cache: KeyValueCache, into result: UnsafeMutablePointer<Float>, _ pass: LayerPass) {
    project(slots, pass)
    let parts = pass.parts(slots.queryKeyValue)
    let isFirst = cache.count == 0
    precondition(isFirst || pass.tokens == 1, "after the prompt, tokens come one by one")
    cache.append(keys: parts[1], values: parts[2], rows: pass.tokens)
    let attended = pass.arena[slots.attended]
    pass.withAttentionShape(keyValueStride: cache.width) { shape in
      if isFirst {
        ck_attention_forward(
          pass.pool.handle, shape, parts[0].start, cache.keyStart, cache.valueStart, attended, pass.arena[slots.maxima],
          pass.arena[slots.reciprocals])
      } else {
        ck_attention_step(pass.pool.handle, shape, cache.count, parts[0].start, cache.keyStart, cache.valueStart, attended)
      }
    }
    finishAttention(slots, pass)
    feedForward(slots, into: result, pass)
  }
}

extension Transformer {
  /// The logits that follow the last of `tokens`, which come after what the caches hold. Valid until the next call.
  func nextLogits(after tokens: [Int32], caches: [KeyValueCache]) -> UnsafeBufferPointer<Float> {
    let batch = RaggedBatch(continuing: tokens, at: caches[0].count)
    reserve(tokens: tokens.count, positions: batch.positionCount)
    embed(batch)
    let pass = pass(batch)
    for index in layers.indices { layers[index].forward(layerSlots[index], cache: caches[index], into: output(of: index), pass) }
    return head.logits(arena[scratch.final], row: tokens.count - 1, pool: pool)
  }
}
