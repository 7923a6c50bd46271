/// The norms of Qwen3's attention: each head of query and key by itself, before it is turned; one weight [head dimension] for all heads of a kind.
struct HeadNorms {
  let query: NormWeight
  let key: NormWeight

  /// From the projections, which are kept for the backward pass, into the slot that is turned.
  func forward(_ slots: LayerSlots, _ pass: LayerPass) {
    let (projected, parts) = (pass.projected(slots), pass.parts(slots.queryKeyValue))
    query.forward(
      projected[0], into: parts[0], heads: pass.configuration.headCount, scales: pass.arena[slots.queryScales], tokens: pass.tokens, pool: pass.pool)
    key.forward(
      projected[1], into: parts[1], heads: pass.configuration.keyValueHeadCount, scales: pass.arena[slots.keyScales], tokens: pass.tokens,
      pool: pass.pool)
  }

  /// d of what the projections gave takes the place of d of the normed heads.
  func backward(_ gradients: [MatrixRows], _ slots: LayerSlots, _ pass: LayerPass) {
    let projected = pass.projected(slots)
    query.backward(
      gradients[0], x: projected[0], heads: pass.configuration.headCount, scales: pass.arena[slots.queryScales], tokens: pass.tokens, pool: pass.pool)
    key.backward(
      gradients[1], x: projected[1], heads: pass.configuration.keyValueHeadCount, scales: pass.arena[slots.keyScales], tokens: pass.tokens,
      pool: pass.pool)
  }
}
